package dev.lutra.agent.bench;

import dev.lutra.agent.task.Overslept;
import dev.lutra.agent.task.TaskFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** A command that is run to its end. */
final class CommandProcess {

    private static final long POLL_MILLIS = 10;
    private static final int MOST_BYTES = 64 << 20;
    /** What its end leaves to be read, or somebody it has started keeps open. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    /**
     * How it ended.
     *
     * @param output what it printed, as far as it is kept
     * @param nanos that it took
     * @param problem what went wrong with it; empty if it ended well
     */
    record Ended(String output, long nanos, Optional<String> problem) {}

    /** Reads a stream to its end, whatever comes, and keeps the first part. */
    private static final class Words extends Thread {

        private final InputStream stream;
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

        Words(InputStream stream) {
            super("command-output");
            this.stream = stream;
            setDaemon(true);
            start();
        }

        @Override
        public void run() {
            byte[] buffer = new byte[1 << 13];
            try {
                for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                    synchronized (kept) {
                        kept.write(buffer, 0, Math.min(count, MOST_BYTES - kept.size()));
                    }
                }
            } catch (IOException e) {
                // Closed because it has ended.
            }
        }

        String said() throws InterruptedException {
            join(LAST_WORDS.toMillis());
            synchronized (kept) {
                return kept.toString(StandardCharsets.UTF_8);
            }
        }
    }

    private CommandProcess() {}

    /**
     * Runs a command.
     *
     * @param cores to be confined to; empty: all
     * @param limit after which it is ended
     * @param abandoned asked while waiting; once true, it is ended
     * @throws IOException if it does not start
     * @throws InterruptedException if interrupted or abandoned
     * @throws Overslept if the machine slept meanwhile
     */
    static Ended run(List<String> command, List<Integer> cores, Protection protection, Path folder, Duration limit, BooleanSupplier abandoned)
        throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>();
        if (!cores.isEmpty()) {
            whole.addAll(List.of("taskset", "-c", cores.stream().map(String::valueOf).collect(Collectors.joining(","))));
        }
        whole.addAll(protection.command(command));
        ProcessBuilder builder = new ProcessBuilder(whole).directory(folder.toFile());
        ChildEnvironment.keepIn(builder.environment(), false);
        long begin = System.nanoTime();
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            Words output = new Words(process.getInputStream());
            Words errors = new Words(process.getErrorStream());
            boolean inTime = await(process, limit, abandoned);
            long nanos = System.nanoTime() - begin;
            if (!inTime) {
                return new Ended("", nanos, Optional.of("did not end within " + limit.toSeconds() + " s"));
            }
            return new Ended(output.said(), nanos, problem(process.exitValue(), errors.said()));
        } finally {
            ProcessTree.kill(process);
        }
    }

    private static boolean await(Process process, Duration limit, BooleanSupplier abandoned) throws InterruptedException {
        AwakeTime time = new AwakeTime();
        while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            if (abandoned.getAsBoolean()) {
                throw new InterruptedException("abandoned");
            }
            time.look();
            if (time.exceeds(limit)) {
                return false;
            }
        }
        time.look();
        if (time.slept()) {
            throw new Overslept();
        }
        return true;
    }

    private static Optional<String> problem(int status, String errors) {
        if (status == 0) {
            return Optional.empty();
        }
        String last = errors.lines().filter(line -> !line.isBlank()).reduce((a, b) -> b).orElse("it said nothing");
        return Optional.of(status > 128
            ? WorkerProcess.ending(status, Optional.empty())
            : "ended with status " + status + " (" + TaskFailure.oneLine(last) + ")");
    }
}
