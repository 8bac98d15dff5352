package dev.lutra.tests;

import dev.lutra.server.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A command in the JVM that tests, where nothing depends on a process of its own: each of those takes a second to start. Relative
 * paths are of the folder that the tests run in, where a command may leave nothing.
 */
final class LutraCall {

    private static final int LOOKS = 20;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private LutraCall() {}

    static LutraProcess.Result run(String... arguments) {
        PrintStream output = System.out;
        PrintStream errors = System.err;
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        ByteArrayOutputStream warned = new ByteArrayOutputStream();
        List<Path> before = files();
        try {
            System.setOut(new PrintStream(told, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(warned, true, StandardCharsets.UTF_8));
            int code = Main.run(arguments);
            return new LutraProcess.Result(code, told.toString(StandardCharsets.UTF_8), warned.toString(StandardCharsets.UTF_8).lines().toList());
        } finally {
            System.setOut(output);
            System.setErr(errors);
            List<Path> left = left(before);
            if (!left.isEmpty()) {
                throw new AssertionError(String.join(" ", arguments) + ": left in " + Path.of("").toAbsolutePath() + ": " + left);
            }
        }
    }

    /** What is new and stays: other tests run here beside this one, and the JVMs that they start have files for a moment. */
    private static List<Path> left(List<Path> before) {
        List<Path> fresh = files().stream().filter(file -> !before.contains(file)).toList();
        for (int look = 0; look < LOOKS && fresh.stream().anyMatch(Files::exists); look++) {
            LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        }
        return fresh.stream().filter(Files::exists).toList();
    }

    private static List<Path> files() {
        try (Stream<Path> files = Files.list(Path.of(""))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
