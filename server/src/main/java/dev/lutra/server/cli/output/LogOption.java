package dev.lutra.server.cli.output;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import dev.lutra.InputException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** How a command that runs for long says what happens. */
public final class LogOption {

    private static final Logger LOG = LoggerFactory.getLogger("lutra");
    private static final String TEXT = "text";
    private static final String JSON = "json";

    @Option(names = "--log", paramLabel = "FORMAT", defaultValue = TEXT, description = "text: lines for people, of what is wrong; json: a JSON object a line, of all that happens, with experiment, task and device (default: ${DEFAULT-VALUE}). On standard error.")
    private String format;

    /** From now on. */
    public void apply() {
        if (!format.equals(TEXT) && !format.equals(JSON)) {
            throw new InputException("--log: " + format + " (expected: text or json)");
        }
        if (!isJson()) {
            return;
        }
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(LogOption.class.getResource("/logback-json.xml"));
        } catch (JoranException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean isJson() {
        return format.equals(JSON);
    }

    /** Says a line. */
    public void say(String line) {
        if (isJson()) {
            LOG.info(line);
        } else {
            System.err.println(line);
        }
    }
}
