package dev.lutra.proto.log;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import org.slf4j.LoggerFactory;

/** How a process that runs for long says what happens, on standard error. */
public enum LogFormat {

    /** Lines for people. */
    TEXT,
    /** A JSON object a line, for programs that gather logs. */
    JSON;

    /** As options have it. */
    public static final String DEFAULT = "text";

    /** @throws IllegalArgumentException if there is no such format */
    public static LogFormat of(String name) {
        return switch (name) {
            case DEFAULT -> TEXT;
            case "json" -> JSON;
            default -> throw new IllegalArgumentException(name + " (expected: text or json)");
        };
    }

    /** From now on; what is text already stays as it is. */
    public void begin() {
        if (this == TEXT) {
            return;
        }
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(LogFormat.class.getResource("logback-json.xml"));
        } catch (JoranException e) {
            throw new IllegalStateException("a file of this program is read", e);
        }
    }
}
