package dev.lutra.tests;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The {@code lutra} launcher as a user runs it: a process of its own. */
final class LutraProcess implements AutoCloseable {

    /** The checkout; the launcher and the built modules are there. */
    static final Path CHECKOUT = Path.of("").toAbsolutePath().getParent();
    /** A space that is searched, and trained, in moments, as the server's own tests have it. */
    static final Path NINE_NETWORKS = CHECKOUT.resolve("server/src/test/resources/dev/lutra/server/run/nine.yaml");

    private final Process process;
    private final List<String> errors = new ArrayList<>();
    private final StringBuilder output = new StringBuilder();
    private final Thread errorReader;
    private final Thread outputReader;

    /** What a finished command left: exit code, standard output, lines of standard error. */
    record Result(int code, String output, List<String> errors) {

        /** The single line a failed command prints. */
        String message() {
            return errors.isEmpty() ? "" : errors.get(errors.size() - 1);
        }
    }

    private LutraProcess(Process process) {
        this.process = process;
        errorReader = new Thread(() -> read(process.errorReader(StandardCharsets.UTF_8), line -> {
            synchronized (errors) {
                errors.add(line);
                errors.notifyAll();
            }
        }));
        outputReader = new Thread(() -> read(new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)),
            line -> output.append(line).append('\n')));
        errorReader.start();
        outputReader.start();
    }

    private interface LineReader {
        void line(String line);
    }

    private static void read(BufferedReader reader, LineReader lines) {
        try {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.line(line);
            }
        } catch (IOException e) {
            // the process was killed: there is nothing more to read
        }
    }

    static LutraProcess start(Path folder, String... arguments) {
        return startBehind(List.of(), folder, arguments);
    }

    /** As {@link #start}, by a command that becomes the launcher, such as {@code ip netns exec NAME}. */
    static LutraProcess startBehind(List<String> prefix, Path folder, String... arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.add(CHECKOUT.resolve("lutra").toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        // Agents keep what they measure against, also those that a run starts itself: not in the home of who tests.
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        builder.environment().put("XDG_CONFIG_HOME", folder.resolve("config").toString());
        // What takes seconds here is PyTorch's work; optimized Java would come too late.
        builder.environment().putIfAbsent("LUTRA_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
        try {
            return new LutraProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command with text on its standard input. */
    static Result runWith(Path folder, String input, String... arguments) {
        try (LutraProcess lutra = start(folder, arguments)) {
            lutra.process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
            lutra.process.getOutputStream().close();
            return lutra.await(Duration.ofMinutes(10));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a shell script that gets arguments, with the launcher among them. */
    static Result shell(Path folder, String script, String... arguments) {
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        command.addAll(List.of(arguments));
        try (LutraProcess shell = new LutraProcess(new ProcessBuilder(command).directory(folder.toFile()).start())) {
            return shell.await(Duration.ofMinutes(10));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Result run(Path folder, String... arguments) {
        return runWith(folder, "", arguments);
    }

    /** Waits until a line of standard error matches, or the process has ended. */
    boolean awaitLine(Predicate<String> wanted, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (errors) {
            int seen = 0;
            while (true) {
                for (; seen < errors.size(); seen++) {
                    if (wanted.test(errors.get(seen))) {
                        return true;
                    }
                }
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    return false;
                }
                waitForLines();
            }
        }
    }

    /** The lines of standard error so far. */
    List<String> errors() {
        synchronized (errors) {
            return List.copyOf(errors);
        }
    }

    /** Standard output so far; all of it once the process has ended. */
    String output() {
        return output.toString();
    }

    private void waitForLines() {
        try {
            errors.wait(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** SIGKILL to the process itself, as a crash would end it; its children are not told. */
    void kill() {
        process.destroyForcibly();
        await(Duration.ofSeconds(30));
    }

    /** Sends a signal by its name; the launcher has become the command's own process by then. */
    void signal(String name) {
        signal(name, List.of(process.pid()));
    }

    /** To the process and all that it has started, as the lid of a laptop does to them; its children first. */
    void signalAll(String name) {
        List<Long> all = new ArrayList<>(process.descendants().map(ProcessHandle::pid).toList());
        all.add(process.pid());
        signal(name, all);
    }

    private static void signal(String name, List<Long> processes) {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        processes.forEach(pid -> command.add(Long.toString(pid)));
        try {
            int code = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (code != 0) {
                throw new IllegalStateException("kill -" + name + " ended with " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    Result await(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("still running after " + limit + ": " + errors);
            }
            errorReader.join();
            outputReader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return new Result(process.exitValue(), output.toString(), List.copyOf(errors));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** Data that may lie beside the checkout. */
    static Path sharedData() {
        return CHECKOUT.resolve("../shared/data").normalize();
    }

    static void unpack(Path tar, Path folder, String... members) {
        List<String> command = new ArrayList<>(List.of("tar", "xf", tar.toString(), "-C", folder.toString()));
        command.addAll(List.of(members));
        try {
            Files.createDirectories(folder);
            int code = new ProcessBuilder(command).redirectError(new File("/dev/null")).start().waitFor();
            if (code != 0) {
                throw new IllegalStateException("tar ended with " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
