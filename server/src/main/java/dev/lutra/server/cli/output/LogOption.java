package dev.lutra.server.cli.output;

import dev.lutra.InputException;
import dev.lutra.proto.log.LogFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** How a command that runs for long says what happens. */
public final class LogOption {

    private static final Logger LOG = LoggerFactory.getLogger("lutra");

    @Option(names = "--log", paramLabel = "FORMAT", defaultValue = LogFormat.DEFAULT, description = "text: lines for people, of what is wrong; json: a JSON object a line, of all that happens, with run, experiment, task and device (default: ${DEFAULT-VALUE}). On standard error.")
    private String name;
    private LogFormat format = LogFormat.TEXT;

    /** From now on. */
    public void apply() {
        try {
            format = LogFormat.of(name);
        } catch (IllegalArgumentException e) {
            throw new InputException("--log: " + e.getMessage(), e);
        }
        format.begin();
    }

    /** Says a line. */
    public void say(String line) {
        if (format == LogFormat.JSON) {
            LOG.info(line);
        } else {
            System.err.println(line);
        }
    }
}
