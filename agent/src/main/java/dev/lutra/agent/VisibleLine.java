package dev.lutra.agent;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import dev.lutra.proto.border.VisibleText;
import java.util.stream.Collectors;

/**
 * What the log says, as it may go to a terminal: a server names tasks, errors and itself as it likes. A message is one line; those of
 * a stack trace follow, indented, so that no text can pass for another message.
 */
public final class VisibleLine extends ClassicConverter {

    private static final String INDENTED = System.lineSeparator() + "  ";

    @Override
    public String convert(ILoggingEvent event) {
        String message = VisibleText.of(event.getFormattedMessage());
        IThrowableProxy thrown = event.getThrowableProxy();
        return thrown == null
            ? message
            : message + ThrowableProxyUtil.asString(thrown).lines().map(line -> INDENTED + VisibleText.of(line.replace('\t', ' ')))
                .collect(Collectors.joining());
    }
}
