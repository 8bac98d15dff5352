package dev.lutra.agent.bench;

import ai.onnxruntime.OrtEnvironment;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Slice;
import dev.lutra.proto.SliceReply;
import dev.lutra.proto.SliceRequest;
import dev.lutra.proto.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

/**
 * Runs models in a child process of the agent, started when first needed and replaced when it ends: a model that crashes the
 * native runtime fails its own task and nothing else, one that never ends is ended.
 */
public final class ProcessBench implements Bench {

    /** For what the rules do not bound: the process's start, a session's creation (minutes with TensorRT), the last run. */
    private static final Duration ALLOWANCE = Duration.ofMinutes(10);
    private static final long POLL_MILLIS = 20;
    /** Rules come from elsewhere; sums of their times must not overflow. */
    private static final long LONGEST_NANOS = TimeUnit.DAYS.toNanos(365);

    private final List<Integer> cores;
    private final Duration allowance;
    private final Path scratch;
    private final ExecutorService link = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "worker-link");
        thread.setDaemon(true);
        return thread;
    });

    private WorkerProcess worker;

    /**
     * Makes a bench; starts no process yet.
     *
     * @param cores that models are confined to; empty: all
     */
    public ProcessBench(List<Integer> cores) {
        this(cores, ALLOWANCE, Path.of(System.getProperty("java.io.tmpdir")));
    }

    public ProcessBench(List<Integer> cores, Duration allowance, Path temporary) {
        this.cores = List.copyOf(cores);
        this.allowance = allowance;
        this.scratch = scratch(temporary);
    }

    private static Path scratch(Path temporary) {
        Path folder = null;
        try {
            folder = ScratchFolder.create(temporary);
            ScratchFolder.unpackRuntime(WorkerProcess.origin(OrtEnvironment.class), folder);
            return folder;
        } catch (IOException e) {
            if (folder != null) {
                ScratchFolder.delete(folder);
            }
            throw new UncheckedIOException("the measuring process's folder: " + e.getMessage(), e);
        }
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        if (worker == null || !worker.isAlive()) {
            renew();
            worker = WorkerProcess.start(scratch, cores);
        }
        WorkerProcess current = worker;
        SliceRequest request = SliceRequest.newBuilder().setTask(task).setKeepOpen(keepOpen).build();
        byte[] model = keepOpen && current.hasOpen(task) ? new byte[0] : onnx;
        Future<Optional<SliceReply>> exchange = link.submit(() -> current.exchange(request, model));
        SliceReply reply = null;
        try {
            Optional<SliceReply> received = await(exchange, limit(task), abandoned);
            if (received.isEmpty()) {
                throw current.ending();
            }
            reply = received.get();
        } finally {
            if (reply == null) {
                worker = null;
                current.kill();
            }
        }
        if (reply.hasTaskFailure()) {
            throw new TaskFailure(reply.getTaskFailure());
        }
        if (keepOpen) {
            current.opened(task);
        }
        return reply.getSlice();
    }

    private static Optional<SliceReply> await(Future<Optional<SliceReply>> exchange, Duration limit, BooleanSupplier abandoned)
        throws InterruptedException {
        long start = System.nanoTime();
        while (true) {
            try {
                return exchange.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (abandoned.getAsBoolean()) {
                    throw new InterruptedException("abandoned");
                }
                if (System.nanoTime() - start > limit.toNanos()) {
                    throw new TaskFailure("did not end within " + limit.toSeconds() + " s");
                }
            } catch (ExecutionException e) {
                throw new IllegalStateException("the measuring process does not answer in its protocol", e.getCause());
            }
        }
    }

    private Duration limit(Task task) {
        MeasureRules rules = task.getRules();
        return allowance.plusNanos(LongStream
            .of(rules.getMaxWarmupNanos(), rules.getMaxMeasureNanos(), task.getLoad().getDurationNanos())
            .map(nanos -> Math.max(0, Math.min(nanos, LONGEST_NANOS))).sum());
    }

    @Override
    public void renew() {
        if (worker != null) {
            worker.end();
            worker = null;
        }
    }

    @Override
    public void close() {
        renew();
        link.shutdownNow();
        ScratchFolder.delete(scratch);
    }
}
