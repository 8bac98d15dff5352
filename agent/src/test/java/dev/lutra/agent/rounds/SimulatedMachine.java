package dev.lutra.agent.rounds;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongConsumer;

/**
 * A noisy machine on a virtual clock. Every run takes its model's true latency times the machine's speed at that moment (drift
 * and load, as functions of the time in seconds), times what this process and this session's memory layout make of it, times
 * noise of its own with a tail. A slice costs what it costs a real agent: a process start, a session, a warm-up.
 */
class SimulatedMachine implements Bench, Rounds.Pause {

    private static final long MS = 1_000_000;
    private static final long PROCESS_NANOS = 500 * MS;
    static final double SENTINEL_NANOS = 3 * MS;
    static final double CORE_SENTINEL_NANOS = 0.1 * MS;
    static final double LARGE_SENTINEL_NANOS = 6 * MS;

    long sessionNanos = 12 * MS;
    final Map<String, Double> latencies = new HashMap<>();
    /** Peak memory by task, where the machine tells it. */
    final Map<String, Long> peaks = new HashMap<>();
    final Map<String, RuntimeException> failures = new HashMap<>();
    final List<String> slices = new ArrayList<>();
    /** What warming up and sampling took, by task. */
    final Map<String, Long> ranNanos = new HashMap<>();
    /** Told the time before every slice. */
    LongConsumer beforeSlice = now -> {};
    DoubleUnaryOperator drift = seconds -> 1;
    DoubleUnaryOperator load = seconds -> 1;
    /** By what others on the memory slow the sentinel that depends on it, by the time in seconds; models by a share of that. */
    DoubleUnaryOperator memory = seconds -> 1;
    /** How much of that models follow, by their names; not at all where nothing is said. */
    final Map<String, Double> memoryShare = new HashMap<>();
    /** The share of time that the system says threads waited for a core, by the time in seconds; negative if it does not tell. */
    DoubleUnaryOperator delayed = seconds -> -1;
    /** How much of the drift models follow, by their names; in full where nothing is said. */
    final Map<String, Double> driftShare = new HashMap<>();
    /** How many readings of a sentinel fail with their process before one succeeds. */
    int failingReadings;
    double processDeviation = 0.015;
    /** What a process makes of a single task, as by where its memory lies. */
    double taskOfProcessDeviation;
    double sessionDeviation = 0.01;
    /** By what multiple of both that holds, by tasks' names; by 1 where nothing is said. */
    final Map<String, Double> unsteadiness = new HashMap<>();
    /** What the larger sentinels' sessions differ by beyond that. */
    double largeSentinelDeviation;
    double sampleDeviation = 0.02;
    /** The share of slices that something slows from begin to end, too short for sentinels to see, … */
    double slowedUnseen;
    /** … and by how much at most. */
    double slowedUnseenBy = 0.1;
    /** Whether every fifth run is slow instead of every fiftieth. */
    boolean heavyTail;
    boolean interrupted;
    long now;
    /** How many slices had been taken when each process started. */
    final List<Integer> processStarts = new ArrayList<>();

    private final Random random;
    private double process = 1;
    private final Map<String, Double> tasksOfProcess = new HashMap<>();
    private boolean alive;
    /** Whose sessions stay open in the process. */
    private final Set<Task> open = new HashSet<>();

    SimulatedMachine(long seed) {
        random = new Random(seed);
    }

    long nanoTime() {
        return now;
    }

    @Override
    public void nanos(long nanos) {
        now += nanos;
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        if (interrupted) {
            throw new InterruptedException("interrupted");
        }
        beforeSlice.accept(now);
        slices.add(task.getId());
        if (!alive) {
            alive = true;
            open.clear();
            processStarts.add(slices.size() - 1);
            now += PROCESS_NANOS;
            process = Math.exp(processDeviation * random.nextGaussian());
            tasksOfProcess.clear();
        }
        if (abandoned.getAsBoolean()) {
            alive = false;
            throw new InterruptedException("abandoned");
        }
        if (failures.containsKey(task.getId())) {
            alive = false;
            throw failures.get(task.getId());
        }
        if (isSentinel(onnx) && failingReadings-- > 0) {
            alive = false;
            throw new TaskFailure("the process was killed (SIGKILL) while running this model, as a system short of memory does");
        }
        if (!keepOpen || open.add(task)) {
            now += sessionNanos;
        }
        boolean showsMemory = onnx == SentinelModel.MEMORY.onnx() || onnx == SentinelModel.WEIGHTS.onnx();
        double share = showsMemory ? 1 : memoryShare.getOrDefault(task.getId(), 0.0);
        double latency = latency(task, onnx) * Math.pow(memory.applyAsDouble(now / 1e9), share);
        double unseen = random.nextDouble() < slowedUnseen ? 1 + slowedUnseenBy * random.nextDouble() : 1;
        double unsteady = unsteadiness.getOrDefault(task.getId(), 1.0);
        double own = isSentinel(onnx)
            ? 1
            : tasksOfProcess.computeIfAbsent(task.getId(), first -> Math.exp(unsteady * taskOfProcessDeviation * random.nextGaussian()));
        double session = showsMemory ? Math.hypot(sessionDeviation, largeSentinelDeviation) : unsteady * sessionDeviation;
        return sample(latency * unseen * process * own * Math.exp(session * random.nextGaussian()), task);
    }

    /** What a process that had but the small sentinel before tells; in others, what earlier models have left behind is used again. */
    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) {
        if (failures.containsKey(task.getId())) {
            alive = false;
            throw failures.get(task.getId());
        }
        now += sessionNanos;
        boolean isFresh = alive && processStarts.get(processStarts.size() - 1) == slices.size() - 1;
        alive = false;
        return Optional.ofNullable(peaks.get(task.getId())).map(bytes -> Memory.newBuilder().setPeakBytes(isFresh ? bytes : 1).build());
    }

    private static boolean isSentinel(byte[] onnx) {
        return Arrays.stream(SentinelModel.values()).anyMatch(model -> model.onnx() == onnx);
    }

    private double latency(Task task, byte[] onnx) {
        if (onnx == SentinelModel.MEMORY.onnx()) {
            return SENTINEL_NANOS;
        }
        if (onnx == SentinelModel.WEIGHTS.onnx()) {
            return LARGE_SENTINEL_NANOS;
        }
        return onnx == SentinelModel.CORE.onnx() ? CORE_SENTINEL_NANOS : latencies.get(task.getId());
    }

    private Slice sample(double latency, Task task) {
        MeasureRules rules = task.getRules();
        Slice.Builder slice = Slice.newBuilder().setSessionNanos(sessionNanos).setClockOverheadNanos(25).setSteady(true).setTiming("wall");
        slice.getRuntimeBuilder().setName("simulated").setVersion("1")
            .setProvider(task.getProvider()).setThreads(task.getThreads());
        double driftShare = this.driftShare.getOrDefault(task.getId(), 1.0);
        long warmUp = now;
        for (int run = 0; run < 24 || now - warmUp < rules.getMinWarmupNanos(); run++) {
            now += run(latency, driftShare);
        }
        slice.setWarmupRuns(24).setWarmupNanos(now - warmUp);
        long start = now;
        while (slice.getSamplesNanosCount() < rules.getMinSamples() || now - start < rules.getSliceNanos()) {
            long nanos = run(latency, driftShare);
            now += nanos;
            slice.addSamplesNanos(nanos);
        }
        ranNanos.merge(task.getId(), now - warmUp, Long::sum);
        double share = delayed.applyAsDouble(start / 1e9);
        return slice.setSamplingNanos(now - start).setRunDelayNanos(share < 0 ? -1 : Math.round(share * (now - start))).build();
    }

    private long run(double latency, double driftShare) {
        double seconds = now / 1e9;
        double tail = random.nextInt(heavyTail ? 5 : 50) == 0 ? 0.3 * random.nextDouble() : 0;
        return Math.round(latency * Math.pow(drift.applyAsDouble(seconds), driftShare) * load.applyAsDouble(seconds)
            * (1 + sampleDeviation * Math.abs(random.nextGaussian()) + tail));
    }

    @Override
    public void renewForMemory() {
        renew();
    }

    @Override
    public void renew() {
        alive = false;
    }

    @Override
    public void close() {
        alive = false;
    }
}
