package dev.lutra.server.store;

import org.flywaydb.core.api.logging.Log;
import org.flywaydb.core.api.logging.LogCreator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flyway's log, one level down: what it calls information is of no interest to who starts a server, and its errors also
 * come as exceptions. Public because Flyway makes one by name.
 */
public final class QuietFlyway implements LogCreator {

    @Override
    public Log createLogger(Class<?> source) {
        Logger log = LoggerFactory.getLogger(source);
        return new Log() {
            @Override
            public boolean isDebugEnabled() {
                return log.isTraceEnabled();
            }

            @Override
            public void debug(String message) {
                log.trace(message);
            }

            @Override
            public void info(String message) {
                log.debug(message);
            }

            @Override
            public void notice(String message) {
                log.debug(message);
            }

            @Override
            public void warn(String message) {
                log.warn(message);
            }

            @Override
            public void error(String message) {
                log.debug(message);
            }

            @Override
            public void error(String message, Exception cause) {
                log.debug(message, cause);
            }
        };
    }
}
