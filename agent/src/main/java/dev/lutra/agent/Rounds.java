package dev.lutra.agent;

import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the tasks in hand in rounds. A round is a new process in which every task gets one slice, in random order, with
 * readings of the {@link Sentinel} before, between and after. Slices that were interfered with are thrown away, the others are
 * scaled by the sentinel; a task leaves when its rounds agree well enough, or when its time is up. Tasks may be taken up between
 * any two rounds. Whatever is wrong with a task becomes its outcome and nobody else's. For one thread.
 */
final class Rounds {

    /** Lets time pass. */
    interface Pause {
        void nanos(long nanos) throws InterruptedException;
    }

    /** Tasks that share a sentinel. */
    private record Conditions(String provider, int threads, Map<String, String> options) {
        static Conditions of(Task task) {
            return new Conditions(task.getProvider(), task.getThreads(), task.getProviderOptionsMap());
        }
    }

    /** A slice of this round, to be judged when all its readings are there. */
    private record Taken(Series series, Slice slice, long atNanos) {}

    private static final Logger log = LoggerFactory.getLogger(Rounds.class);
    /** Series of tasks whose leases were lost; they come back when the server leases them anew. */
    private static final int SHELF = 128;
    /** The account of time is given when nothing is in hand, and after so many tasks. */
    private static final int BATCH = 64;

    private final Bench bench;
    private final ReferenceLevels levels;
    private final LongSupplier nanoTime;
    private final Pause pause;
    private final Clock clock;
    private final Random random;
    private final SystemWatch system;
    private final String agentVersion;

    private final Map<Conditions, Sentinel> sentinels = new HashMap<>();
    private final Set<Conditions> withoutSentinel = new HashSet<>();
    private final List<Series> hand = new ArrayList<>();
    private final Map<Task, Series> shelf = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Task, Series> eldest) {
            return size() > SHELF;
        }
    };
    private TimeAccount account;
    private int roundNumber;

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     * @param pause waits, on that clock
     * @param clock dates results
     * @param random draws the order within rounds
     */
    Rounds(Bench bench, ReferenceLevels levels, LongSupplier nanoTime, Pause pause, Clock clock, Random random,
            SystemWatch system, String agentVersion) {
        this.bench = bench;
        this.levels = levels;
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.clock = clock;
        this.random = random;
        this.system = system;
        this.agentVersion = agentVersion;
    }

    /**
     * Takes up a task, from the next round on.
     *
     * @param waitedNanos how long measuring has waited for its model
     */
    void admit(Job job, long waitedNanos) {
        if (account == null) {
            account = new TimeAccount(nanoTime.getAsLong() - waitedNanos);
        }
        account.add(TimeAccount.Kind.WORK, waitedNanos);
        Series known = shelf.remove(job.task());
        if (known != null) {
            known.resume(job);
        }
        hand.add(known != null ? known : new Series(job, system.cpuTime()));
    }

    /** How many tasks are in hand. */
    int size() {
        return hand.size();
    }

    /**
     * Measures one round.
     *
     * @param left gets every task that leaves, with its outcome; without one if it was abandoned
     * @throws InterruptedException if interrupted; what is known of the tasks in hand is kept
     */
    void round(BiConsumer<Job, Optional<Outcome>> left) throws InterruptedException {
        letAbandonedGo(left);
        if (hand.isEmpty()) {
            endBatch();
            return;
        }
        bench.renew();
        account.processStarts();
        Map<Conditions, List<Series>> groups = new LinkedHashMap<>();
        for (Series series : shuffled(hand)) {
            if (isMeasuredInRounds(series.job().task())) {
                groups.computeIfAbsent(Conditions.of(series.job().task()), conditions -> new ArrayList<>()).add(series);
            } else {
                runOnce(series, left);
            }
        }
        for (Map.Entry<Conditions, List<Series>> group : groups.entrySet()) {
            measure(group.getKey(), group.getValue(), left);
        }
        letAbandonedGo(left);
        endBatch();
    }

    private void endBatch() {
        if (hand.isEmpty()) {
            bench.renew();
        }
        if (account != null && (hand.isEmpty() || account.tasksLeft() >= BATCH)) {
            log.info("{}", account.summary(nanoTime.getAsLong()));
            account = hand.isEmpty() ? null : new TimeAccount(nanoTime.getAsLong());
        }
    }

    private static boolean isMeasuredInRounds(Task task) {
        return task.hasRules() && !task.hasLoad();
    }

    private List<Series> shuffled(List<Series> series) {
        List<Series> order = new ArrayList<>(series);
        Collections.shuffle(order, random);
        return order;
    }

    /** A task for its outputs, or under load: one slice says all. */
    private void runOnce(Series series, BiConsumer<Job, Optional<Outcome>> left) throws InterruptedException {
        Optional<Slice> slice = slice(series, left);
        if (slice.isPresent()) {
            leave(series, Optional.of(Outcome.newBuilder().setMeasured(single(series, slice.get())).build()), left);
        }
    }

    private Measured single(Series series, Slice slice) {
        Measured.Builder measured = Measured.newBuilder().setRuntime(slice.getRuntime())
                .addAllOutputs(slice.getOutputsList()).putAllNodesByProvider(slice.getNodesByProviderMap());
        if (slice.getSamplesNanosCount() > 0) {
            measured.setLatency(Distributions.of(
                    slice.getSamplesNanosList().stream().mapToDouble(Long::doubleValue).toArray(), Double.POSITIVE_INFINITY));
            Task task = series.job().task();
            measured.setCircumstances(dated(series, Circumstances.newBuilder().setRules(task.getRules())
                    .setConverged(LoadRun.keptUp(slice.getSamplesNanosList(), task.getLoad()))
                    .setRounds(1).setWarmupRuns(slice.getWarmupRuns()).setWarmupNanos(slice.getWarmupNanos())
                    .setSteady(slice.getSteady()).setClockOverheadNanos(slice.getClockOverheadNanos())
                    .addAllPinnedCores(slice.getPinnedCoresList()).setSessionNanos(slice.getSessionNanos())
                    .setSamplingNanos(slice.getSamplingNanos()).setTiming(OrtModel.timing(task))));
        }
        return measured.build();
    }

    /** One round of the tasks that share a sentinel. */
    private void measure(Conditions conditions, List<Series> group, BiConsumer<Job, Optional<Outcome>> left)
            throws InterruptedException {
        roundNumber++;
        BooleanSupplier abandoned = () -> group.stream().allMatch(series -> series.job().isAbandoned());
        List<Reading> readings = new ArrayList<>();
        List<Taken> taken = new ArrayList<>();
        awaitCalm(conditions, group.get(0), abandoned, readings);
        long readAt = nanoTime.getAsLong();
        for (Series series : group) {
            if (nanoTime.getAsLong() - readAt >= Defaults.SENTINEL_SPACING.toNanos()) {
                awaitCalm(conditions, series, abandoned, readings);
                readAt = nanoTime.getAsLong();
            }
            long before = nanoTime.getAsLong();
            slice(series, left).ifPresent(slice ->
                    taken.add(new Taken(series, slice, before + (nanoTime.getAsLong() - before) / 2)));
        }
        if (!taken.isEmpty()) {
            read(conditions, group.get(0), abandoned, readings);
        }
        judge(conditions, taken, readings);
        decide(conditions, left);
    }

    /** One slice of a task. If it fails, the task leaves; if it is abandoned, it will at the end of the round. */
    private Optional<Slice> slice(Series series, BiConsumer<Job, Optional<Outcome>> left) throws InterruptedException {
        Job job = series.job();
        if (job.isAbandoned()) {
            return Optional.empty();
        }
        long before = nanoTime.getAsLong();
        try {
            Slice slice = bench.slice(job.task(), job.onnx(), job.abandoned());
            if (isMeasuredInRounds(job.task()) && slice.getSamplesNanosCount() == 0) {
                throw new TaskFailure("no samples were taken (expected: at least one, by its rules)");
            }
            account.task(slice, nanoTime.getAsLong() - before);
            return Optional.of(slice);
        } catch (TaskFailure e) {
            account.failed(nanoTime.getAsLong() - before);
            log.warn("{}: failed: {}", job.name(), e.getMessage());
            leave(series, Optional.of(Reports.failed(e.getMessage())), left);
        } catch (InterruptedException e) {
            account.failed(nanoTime.getAsLong() - before);
            if (!job.isAbandoned()) {
                throw e;
            }
        }
        return Optional.empty();
    }

    /** Reads the sentinel, and while it says that something interferes waits and reads it again, as long as patience lasts. */
    private void awaitCalm(Conditions conditions, Series next, BooleanSupplier abandoned, List<Reading> readings)
            throws InterruptedException {
        long pauseNanos = Defaults.FIRST_PAUSE.toNanos();
        while (true) {
            Optional<Reading> reading = read(conditions, next, abandoned, readings);
            if (reading.isEmpty() || !sentinels.get(conditions).disturbed(reading.get()) || patienceNanos() <= 0) {
                return;
            }
            pause(Math.min(pauseNanos, patienceNanos()), abandoned);
            pauseNanos = Math.min(2 * pauseNanos, Defaults.LONGEST_PAUSE.toNanos());
        }
    }

    private void pause(long nanos, BooleanSupplier abandoned) throws InterruptedException {
        long before = nanoTime.getAsLong();
        try {
            pause.nanos(nanos);
        } catch (InterruptedException e) {
            if (!abandoned.getAsBoolean()) {
                throw e;
            }
        }
        account.add(TimeAccount.Kind.CALM, nanoTime.getAsLong() - before);
    }

    private long patienceNanos() {
        return Defaults.FIRST_PATIENCE.toNanos() + account.nanos(TimeAccount.Kind.MEASURING)
                - account.nanos(TimeAccount.Kind.CALM);
    }

    /** Empty if the sentinel cannot run under these conditions, or nobody wants to know any more. */
    private Optional<Reading> read(Conditions conditions, Series next, BooleanSupplier abandoned, List<Reading> readings)
            throws InterruptedException {
        if (withoutSentinel.contains(conditions) || abandoned.getAsBoolean()) {
            return Optional.empty();
        }
        Sentinel sentinel = sentinels.computeIfAbsent(conditions, key -> new Sentinel(next.job().task(), levels, nanoTime));
        long before = nanoTime.getAsLong();
        try {
            Reading reading = sentinel.read(bench, abandoned, account);
            readings.add(reading);
            return Optional.of(reading);
        } catch (TaskFailure e) {
            account.failed(nanoTime.getAsLong() - before);
            if (sentinel.hasWorked()) {
                log.warn("sentinel: {}; trying again", e.getMessage());
            } else {
                withoutSentinel.add(conditions);
                log.warn("sentinel: {}; figures under these conditions are not scaled", e.getMessage());
            }
        } catch (InterruptedException e) {
            account.failed(nanoTime.getAsLong() - before);
            if (!abandoned.getAsBoolean()) {
                throw e;
            }
        }
        return Optional.empty();
    }

    private void judge(Conditions conditions, List<Taken> taken, List<Reading> readings) {
        for (Taken one : taken) {
            double own = Math.max(Level.delayed(one.slice()) / Defaults.DELAYED,
                    Level.halvesApart(one.slice()) / Defaults.HALVES);
            one.series().add(round(one, own, conditions, readings));
        }
    }

    private Series.Round round(Taken one, double own, Conditions conditions, List<Reading> readings) {
        if (withoutSentinel.contains(conditions)) {
            return new Series.Round(one.slice(), Speed.UNKNOWN, own);
        }
        Sentinel sentinel = sentinels.get(conditions);
        if (readings.isEmpty()) {
            double usual = Math.log(sentinel.usualNanos());
            return new Series.Round(one.slice(), new Speed(roundNumber, usual, 0, usual, 0), Double.MAX_VALUE);
        }
        Optional<Reading> before = nearest(one.atNanos(), readings, false);
        Optional<Reading> after = nearest(one.atNanos(), readings, true);
        double[] levels = calm(sentinel, readings).stream().mapToDouble(reading -> Math.log(reading.levelNanos())).toArray();
        Speed speed = new Speed(roundNumber, Arrays.stream(levels).average().orElseThrow(), Statistics.noiseOfMean(levels),
                around(before, after), step(before, after));
        return new Series.Round(one.slice(), speed, Math.max(own, disturbance(sentinel, before, after)));
    }

    /** The readings that tell of what slices are kept from; all, if there are none of these. */
    private static List<Reading> calm(Sentinel sentinel, List<Reading> readings) {
        List<Reading> calm = readings.stream().filter(reading -> !sentinel.disturbed(reading)).toList();
        return calm.isEmpty() ? readings : calm;
    }

    /** What the readings next to a slice say of it, as a multiple of what is tolerated. */
    private static double disturbance(Sentinel sentinel, Optional<Reading> before, Optional<Reading> after) {
        double slowed = Math.max(before.map(sentinel::slowed).orElse(0.0), after.map(sentinel::slowed).orElse(0.0));
        return Math.max(slowed / Defaults.SLOWED, Math.abs(step(before, after)) / Defaults.JUMP);
    }

    private static double step(Optional<Reading> before, Optional<Reading> after) {
        return before.isEmpty() || after.isEmpty() ? 0 : Math.log(before.get().levelNanos() / after.get().levelNanos());
    }

    /** The logarithm of the sentinel's level at a moment: the mean of the readings before and after. */
    private static double around(Optional<Reading> before, Optional<Reading> after) {
        return Stream.of(before, after).flatMap(Optional::stream)
                .mapToDouble(reading -> Math.log(reading.levelNanos())).average().orElseThrow();
    }

    /** The reading closest to a moment on one side of it. */
    private static Optional<Reading> nearest(long atNanos, List<Reading> readings, boolean after) {
        return readings.stream().filter(reading -> reading.atNanos() > atNanos == after)
                .min(Comparator.comparingLong(reading -> Math.abs(reading.atNanos() - atNanos)));
    }

    /** Lets those go that are measured well enough or long enough. */
    private void decide(Conditions conditions, BiConsumer<Job, Optional<Outcome>> left) {
        List<Series> group = hand.stream()
                .filter(series -> series.isBegun() && Conditions.of(series.job().task()).equals(conditions)).toList();
        Sentinel sentinel = withoutSentinel.contains(conditions) ? null : sentinels.get(conditions);
        Spread known = sentinel == null ? new Spread() : sentinel.spread();
        Scaling scaling = sentinel == null ? Scaling.NONE : sentinel.scaling(group);
        Spread now = known.copy();
        group.forEach(series -> now.add(series.logLevels(scaling)));
        for (Series series : group) {
            if (!series.job().isAbandoned()
                    && (series.converged(now, scaling) || series.settled(now, scaling) || series.exhausted())) {
                known.add(series.logLevels(scaling));
                if (sentinel != null) {
                    sentinel.learn(series);
                }
                finish(series, series.result(now, sentinel == null ? scaling : sentinel.toReference(scaling)), left);
            }
        }
        if (sentinel != null) {
            sentinel.endRound();
        }
    }

    private void finish(Series series, Measured measured, BiConsumer<Job, Optional<Outcome>> left) {
        Measured dated = measured.toBuilder()
                .setCircumstances(dated(series, measured.getCircumstances().toBuilder())).build();
        log.info("{}", summary(series.job(), dated));
        leave(series, Optional.of(Outcome.newBuilder().setMeasured(dated).build()), left);
    }

    private Circumstances.Builder dated(Series series, Circumstances.Builder circumstances) {
        return circumstances.setMeasuredAtMillis(clock.millis()).setAgentVersion(agentVersion)
                .setSystem(system.state(series.begin()));
    }

    private void letAbandonedGo(BiConsumer<Job, Optional<Outcome>> left) {
        for (Series series : List.copyOf(hand)) {
            if (series.job().isAbandoned()) {
                leave(series, Optional.empty(), left);
                series.interrupt();
                shelf.put(series.job().task(), series);
            }
        }
    }

    private void leave(Series series, Optional<Outcome> outcome, BiConsumer<Job, Optional<Outcome>> left) {
        hand.remove(series);
        account.taskLeft();
        left.accept(series.job(), outcome);
    }

    private static String summary(Job job, Measured measured) {
        Distribution latency = measured.getLatency();
        Circumstances circumstances = measured.getCircumstances();
        return String.format("%s: p50 %.3f ms ± %.1f %%, %d rounds%s%s%s", job.name(), latency.getP50Nanos() / 1e6,
                100 * latency.getRelativeHalfWidth(), circumstances.getRounds(),
                circumstances.getDisturbedRounds() == 0 ? "" : " and " + circumstances.getDisturbedRounds() + " disturbed ones",
                circumstances.getSteady() ? "" : ", warm-up not steady", circumstances.getConverged() ? "" : ", not converged");
    }
}
