package dev.lutra.agent.bench;

import ai.onnxruntime.OrtEnvironment;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.Overslept;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Memory;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Slice;
import dev.lutra.proto.SliceReply;
import dev.lutra.proto.SliceRequest;
import dev.lutra.proto.Task;
import java.io.IOException;
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

/**
 * Runs models in a child process of the agent, started when first needed and replaced when it ends: a model that crashes the
 * native runtime fails its own task and nothing else, one that never ends is ended.
 */
public final class ProcessBench implements Bench {

    /** For what the rules do not bound: the process's start, a session's creation (minutes with TensorRT), the last run. */
    private static final Duration ALLOWANCE = Duration.ofMinutes(10);
    private static final long POLL_MILLIS = 20;
    /** Processes in a row that may end before they have connected; after that something is wrong with all of them. */
    private static final int MOST_STARTS = 5;
    /** Before another start, and as much longer before every further one. */
    private static final long START_PAUSE_MILLIS = 500;

    private final List<Integer> cores;
    private final Duration allowance;
    private final ScratchFolder scratch;
    private final Protection found;
    private final ExecutorService link = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "worker-link");
        thread.setDaemon(true);
        return thread;
    });

    private Protection protection;
    private WorkerProcess worker;
    /** Whether the next process is for looking at memory. */
    private boolean forMemory;

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
        this.scratch = ScratchFolder.open(temporary);
        try {
            scratch.unpackRuntime(WorkerProcess.origin(OrtEnvironment.class));
            found = Protection.find(scratch, WorkerProcess.needs(scratch));
            protection = found;
        } catch (RuntimeException e) {
            scratch.close();
            throw e;
        }
    }

    /** How models are kept from the rest of the device: {@code protected}, or {@code unprotected: } and why. */
    public String protection() {
        return protection.description();
    }

    public boolean isProtected() {
        return protection.isOn();
    }

    /** Runs models without protection from now on, for a reason. */
    public void unprotect(String reason) {
        renew();
        protection = Protection.none(reason);
    }

    /** Runs models with the protection that the system has, from now on. */
    public void protect() {
        renew();
        protection = found;
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        SliceRequest request = SliceRequest.newBuilder().setTask(task).setKeepOpen(keepOpen).build();
        SliceReply reply = ask(request, onnx, abandoned);
        Optional<String> problem = SliceCheck.problem(reply, task, limit(task).toNanos());
        if (problem.isPresent()) {
            kill();
            throw new TaskFailure("the measuring process gave " + problem.get());
        }
        if (keepOpen) {
            worker.opened(task);
        }
        return reply.getSlice();
    }

    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        Memory memory = ask(SliceRequest.newBuilder().setTask(task).setMemory(true).build(), onnx, abandoned).getMemory();
        return memory.getPeakBytes() > 0 ? Optional.of(memory) : Optional.empty();
    }

    /**
     * What models run in, with every provider that there is, whether or not it works here. The agent itself never loads it.
     *
     * @throws TaskFailure if it does not load on this machine
     */
    public RuntimeOffer runtime() throws InterruptedException {
        return ask(SliceRequest.newBuilder().setDescribe(true).build(), new byte[0], () -> false).getRuntime();
    }

    private SliceReply ask(SliceRequest request, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        Optional<SliceReply> received = Optional.empty();
        for (int tries = 1; received.isEmpty(); tries++) {
            received = exchange(request, onnx, abandoned, tries == MOST_STARTS);
            if (received.isEmpty()) {
                pause(tries * START_PAUSE_MILLIS, abandoned);
            }
        }
        if (received.get().hasTaskFailure()) {
            throw new TaskFailure(received.get().getTaskFailure());
        }
        return received.get();
    }

    /**
     * One try, in a process that is started if need be.
     *
     * @param last whether a process that ends before it has come as far as the model is an error; otherwise the reply is empty then:
     *     a system short of memory may have killed it, which says nothing of the model
     */
    private Optional<SliceReply> exchange(SliceRequest request, byte[] onnx, BooleanSupplier abandoned, boolean last)
        throws InterruptedException {
        if (worker == null || !worker.isAlive()) {
            boolean plainly = forMemory;
            renew();
            forMemory = plainly;
            try {
                worker = WorkerProcess.start(scratch, cores, protection, plainly);
            } catch (IllegalStateException | InputException e) {
                // Killed as the small process by which Java starts others, which is not told apart from one that cannot start.
                if (last) {
                    throw e;
                }
                return Optional.empty();
            }
        }
        WorkerProcess current = worker;
        byte[] model = request.getKeepOpen() && current.hasOpen(request.getTask()) ? new byte[0] : onnx;
        Future<Optional<SliceReply>> exchange = link.submit(() -> current.exchange(request, model));
        Optional<SliceReply> reply = Optional.empty();
        try {
            reply = await(exchange, limit(request.getTask()), abandoned, request.hasTask());
            if (reply.isEmpty() && (last || current.hasConnected())) {
                throw current.ending();
            }
        } finally {
            if (reply.isEmpty()) {
                kill();
            }
        }
        return reply;
    }

    /** Ends a process that is not to be asked any more. */
    private void kill() {
        WorkerProcess killed = worker;
        worker = null;
        killed.kill();
    }

    private static void pause(long millis, BooleanSupplier abandoned) throws InterruptedException {
        for (long slept = 0; slept < millis; slept += POLL_MILLIS) {
            if (abandoned.getAsBoolean()) {
                throw new InterruptedException("abandoned");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** @throws Overslept if the machine slept before the reply to a task came */
    private static Optional<SliceReply> await(Future<Optional<SliceReply>> exchange, Duration limit, BooleanSupplier abandoned, boolean isTask)
        throws InterruptedException {
        AwakeTime time = new AwakeTime();
        while (true) {
            try {
                Optional<SliceReply> reply = exchange.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                time.look();
                if (time.slept() && isTask && reply.isPresent()) {
                    throw new Overslept();
                }
                return reply;
            } catch (TimeoutException e) {
                time.look();
                if (abandoned.getAsBoolean()) {
                    throw new InterruptedException("abandoned");
                }
                if (time.exceeds(limit)) {
                    throw new TaskFailure("did not end within " + limit.toSeconds() + " s");
                }
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException || e.getCause() instanceof OutOfMemoryError) {
                    throw new TaskFailure("the measuring process does not answer in its protocol: " + e.getCause().getMessage(), e);
                }
                throw new IllegalStateException("the measuring process cannot be asked", e.getCause());
            }
        }
    }

    private Duration limit(Task task) {
        MeasureRules rules = task.getRules();
        return allowance.plusNanos(rules.getMaxWarmupNanos() + rules.getMaxMeasureNanos() + task.getLoad().getDurationNanos());
    }

    @Override
    public void renew() {
        forMemory = false;
        if (worker != null) {
            worker.end();
            worker = null;
        }
    }

    @Override
    public void renewForMemory() {
        renew();
        forMemory = true;
    }

    @Override
    public void close() {
        renew();
        link.shutdownNow();
        scratch.close();
    }
}
