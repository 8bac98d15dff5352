package dev.lutra.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Debian's Python as an independent reader and writer. */
final class Python {

    private static final String PYTHON = "/usr/bin/python3";

    private Python() {}

    /** Skips the calling test, saying so, where Python or one of the modules is missing. */
    static void assume(String... modules) throws Exception {
        assumeTrue(Files.isExecutable(Path.of(PYTHON)), "skipped: no " + PYTHON);
        for (String module : modules) {
            assumeTrue(start(List.of("-c", "import " + module)).waitFor() == 0, "skipped: python3 has no module " + module);
        }
    }

    /** Runs a script and gives what it prints. */
    static String run(String script, Object... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("-c", script));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Process process = start(command);
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(printed).isZero();
        return printed;
    }

    private static Process start(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(PYTHON));
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
