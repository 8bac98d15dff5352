package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A standalone cluster of Apache Spark on the loopback interface, by {@code tests/spark_cluster.sh}: processes of their own. */
final class SparkOnLoopback implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Path folder;
    private final Process script;

    private SparkOnLoopback(Path folder, Process script) {
        this.folder = folder;
        this.script = script;
    }

    /** One whose workers begin to join. */
    static SparkOnLoopback start(Path folder, int workers) {
        try {
            Files.createDirectories(folder);
            return new SparkOnLoopback(folder, new ProcessBuilder(LutraProcess.CHECKOUT.resolve("tests/spark_cluster.sh").toString(),
                folder.toString(), Integer.toString(workers), "1", "2g").redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile()).start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address of the master, when all workers have joined. */
    String master() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Path master = folder.resolve("master");
        while (!Files.exists(master)) {
            assertThat(script.isAlive() && System.nanoTime() < deadline).as(Files.readString(folder.resolve("said"))).isTrue();
            Thread.sleep(50);
        }
        return Files.readString(master).strip();
    }

    /** The executors that a worker has started and that run. */
    List<ProcessHandle> executors(int worker) throws IOException {
        return process(worker).descendants().filter(ProcessHandle::isAlive).toList();
    }

    /** As a machine that fails: worker and executors end at once, by SIGKILL. */
    void fail(int worker) throws IOException {
        List<ProcessHandle> executors = executors(worker);
        assertThat(executors).as("at work").isNotEmpty();
        process(worker).destroyForcibly();
        executors.forEach(ProcessHandle::destroyForcibly);
    }

    /** As a machine that hangs, and perhaps goes on later: executors get a signal, STOP or CONT. */
    void signal(int worker, String signal) throws IOException, InterruptedException {
        List<ProcessHandle> executors = executors(worker);
        assertThat(executors).as("at work").isNotEmpty();
        for (ProcessHandle executor : executors) {
            assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(executor.pid())).inheritIO().start().waitFor()).isZero();
        }
    }

    /** From now on no executor starts on a worker: a file is where their folders would be made. */
    void refuse(int worker) throws IOException {
        Path work = folder.resolve("work-" + worker);
        Files.move(work, folder.resolve("work-before-" + worker));
        Files.createFile(work);
    }

    private ProcessHandle process(int worker) throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readString(folder.resolve("worker-" + worker + ".pid")).strip())).orElseThrow();
    }

    @Override
    public void close() {
        script.destroy();
        try {
            if (!script.waitFor(1, TimeUnit.MINUTES)) {
                script.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
