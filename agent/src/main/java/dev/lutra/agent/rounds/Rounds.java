package dev.lutra.agent.rounds;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.bench.TimeAccount;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.energy.EnergyCounter;
import dev.lutra.agent.estimate.Scaling;
import dev.lutra.agent.sampling.LoadRun;
import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.statistics.Distributions;
import dev.lutra.agent.statistics.Level;
import dev.lutra.agent.statistics.Statistics;
import dev.lutra.agent.task.Job;
import dev.lutra.agent.task.Overslept;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import dev.lutra.proto.log.Logged;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the tasks in hand in rounds, in a new process every few seconds. In a round every task gets one slice, in random order,
 * with readings of the {@link Sentinels} between them. Slices that were interfered with are thrown away, the others are
 * scaled by the sentinel; a task leaves when its rounds agree well enough, or when its time is up. Tasks may be taken up between
 * any two rounds. Whatever is wrong with a task becomes its outcome and nobody else's. For one thread.
 */
public final class Rounds {

    /** Lets time pass. */
    public interface Pause {
        void nanos(long nanos) throws InterruptedException;
    }

    /** Opens a counter of energy for models on a provider with its options; empty where none is. */
    @FunctionalInterface
    public interface Counters {
        Optional<EnergyCounter> open(String provider, Map<String, String> options) throws IOException, InterruptedException;
    }

    /** Looks at a figure of a task. */
    private interface Look {
        void at(Series series) throws InterruptedException;
    }

    /** Tries to read a sentinel; false if it cannot be read. */
    private interface Attempt {
        boolean succeeds() throws InterruptedException;
    }

    /** How a sentinel is read. */
    private interface SentinelReader {
        void read(Bench bench, BooleanSupplier abandoned, TimeAccount account) throws InterruptedException;
    }

    /** Tasks that share sentinels. */
    private record Conditions(String provider, int threads, Map<String, String> options, SentinelModel ofMemory) {
        static Conditions of(Series series) {
            Task task = series.job().task();
            return new Conditions(task.getProvider(), task.getThreads(), task.getProviderOptionsMap(), series.sentinelOfMemory());
        }
    }

    /** A slice of this round, to be judged when all its readings are there. */
    private record PendingSlice(Series series, Slice slice, long atNanos) {}

    private static final Logger log = LoggerFactory.getLogger(Rounds.class);
    /** Series of tasks whose leases were lost; they come back when the server leases them anew. */
    private static final int SHELF = 128;
    /** The account of time is given when nothing is in hand, and after so many tasks. */
    private static final int BATCH = 64;

    private final Bench bench;
    private final MeteredRuns metered;
    private final ReferenceLevels levels;
    private final LongSupplier nanoTime;
    private final Pause pause;
    private final Clock clock;
    private final Random random;
    private final SystemWatch system;
    private final String agentVersion;

    private final Map<Conditions, Sentinels> sentinels = new HashMap<>();
    private final List<Series> hand = new ArrayList<>();
    private final Map<Task, Series> shelf = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Task, Series> eldest) {
            return size() > SHELF;
        }
    };
    private final TimeBudgets budgets = new TimeBudgets();
    private int waiting;
    private TimeAccount account;
    /** Empty if the next round begins with a new process in any case. */
    private OptionalLong processSinceNanos = OptionalLong.empty();
    /** How many slices tasks have had in it, at most. */
    private int turnsOfProcess;

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     * @param pause waits, on that clock
     * @param clock dates results
     * @param random draws the order within rounds
     */
    public Rounds(Bench bench, ReferenceLevels levels, LongSupplier nanoTime, Pause pause, Clock clock, Random random,
        SystemWatch system, String agentVersion) {
        this(bench, levels, nanoTime, pause, clock, random, system, agentVersion, (provider, options) -> Optional.empty());
    }

    /** The same where energy may be told. */
    public Rounds(Bench bench, ReferenceLevels levels, LongSupplier nanoTime, Pause pause, Clock clock, Random random,
        SystemWatch system, String agentVersion, Counters counters) {
        this.metered = new MeteredRuns(bench, counters, nanoTime, pause);
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
    public void admit(Job job, long waitedNanos) {
        if (account == null) {
            account = new TimeAccount(nanoTime.getAsLong() - waitedNanos);
        }
        account.add(TimeAccount.Kind.WORK, waitedNanos);
        Series known = shelf.remove(job.task());
        if (known != null) {
            known.resume(job);
        }
        Series series = known != null ? known : new Series(job, system.counts());
        hand.add(series);
        budgets.admit(series, nanoTime.getAsLong() - waitedNanos);
    }

    /** How many tasks wait to be taken up: of a time budget they get their part. */
    public void waiting(int tasks) {
        waiting = tasks;
    }

    /** How many tasks are in hand. */
    public int size() {
        return hand.size();
    }

    /** How many tasks' worth of measuring is done of those in hand. */
    public double underWay() {
        return hand.stream().mapToDouble(Series::progress).sum();
    }

    /** The median over the tasks in hand of the relative half widths that they would leave with by now; infinite if not known. */
    public double halfWidth() {
        return hand.isEmpty()
            ? Double.POSITIVE_INFINITY
            : Statistics.quantileOfSorted(hand.stream().mapToDouble(Series::halfWidth).sorted().toArray(), 0.5);
    }

    /**
     * Measures one round.
     *
     * @param left gets every task that leaves, with its outcome; without one if it was abandoned
     * @throws InterruptedException if interrupted; what is known of the tasks in hand is kept
     */
    public void round(BiConsumer<Job, Optional<Outcome>> left) throws InterruptedException {
        letAbandonedGo(left);
        if (hand.isEmpty()) {
            endBatch();
            return;
        }
        takeBeside(TimeAccount.Kind.MEMORY, Series::wantsMemory, this::takeMemory, left);
        takeBeside(TimeAccount.Kind.ENERGY, Series::wantsEnergy, series -> series.tookEnergy(metered.energy(series.job())), left);
        if (processSinceNanos.isEmpty()
            || nanoTime.getAsLong() - processSinceNanos.getAsLong() >= Defaults.PROCESS_LIFE.toNanos()
            || turnsOfProcess >= Defaults.PROCESS_SLICES) {
            renew();
        }
        List<Series> order = shuffled(hand);
        for (Series series : order) {
            if (!isMeasuredInRounds(series.job().task())) {
                runOnce(series, left);
            }
        }
        Map<Conditions, List<Series>> groups = new LinkedHashMap<>();
        hand.forEach(series -> groups.put(Conditions.of(series), new ArrayList<>()));
        plan(order).forEach(series -> groups.get(Conditions.of(series)).add(series));
        int turns = 0;
        for (Map.Entry<Conditions, List<Series>> group : groups.entrySet()) {
            turns = Math.max(turns, measure(group.getKey(), group.getValue(), left));
        }
        turnsOfProcess += turns;
        letAbandonedGo(left);
        endBatch();
    }

    /** The slices of this round: one of every task, of those with a budget as many as are to be. */
    private List<Series> plan(List<Series> order) {
        List<Series> measured = order.stream().filter(series -> isMeasuredInRounds(series.job().task())).filter(hand::contains).toList();
        budgets.setDeadlines(hand, waiting, nanoTime.getAsLong());
        List<Series> slices = new ArrayList<>(budgets.plan(measured.stream().filter(Series::hasBudget).toList(), account));
        measured.stream().filter(series -> !series.hasBudget()).forEach(slices::add);
        return slices;
    }

    private void renew() {
        bench.renew();
        account.processStarts();
        turnsOfProcess = 0;
        processSinceNanos = OptionalLong.of(nanoTime.getAsLong());
    }

    /** Figures besides the latency, each in a process of its own. */
    private void takeBeside(TimeAccount.Kind kind, Predicate<Series> wanted, Look look, BiConsumer<Job, Optional<Outcome>> left)
        throws InterruptedException {
        for (Series series : List.copyOf(hand)) {
            if (wanted.test(series) && isMeasuredInRounds(series.job().task())) {
                long before = nanoTime.getAsLong();
                try {
                    look.at(series);
                } catch (TaskFailure e) {
                    fail(series, e, left);
                } catch (Overslept e) {
                    overslept(series, e, left);
                } catch (InterruptedException e) {
                    if (!series.job().isAbandoned()) {
                        throw e;
                    }
                } finally {
                    account.add(kind, nanoTime.getAsLong() - before);
                    processSinceNanos = OptionalLong.empty();
                }
            }
        }
    }

    /** In a process that had but a small model before: what the first one costs a process is not that of a task. */
    private void takeMemory(Series series) throws InterruptedException {
        Job job = series.job();
        bench.renewForMemory();
        bench.slice(SentinelModel.CORE.task(job.task()), SentinelModel.CORE.onnx(), job.abandoned());
        series.tookMemory(bench.memory(job.task(), job.onnx(), job.abandoned()));
    }

    private void fail(Series series, TaskFailure failure, BiConsumer<Job, Optional<Outcome>> left) {
        try (Logged about = series.job().logged()) {
            log.warn("{}: failed: {}", series.job().name(), failure.getMessage());
        }
        leave(series, Optional.of(failure.outcome()), left);
    }

    /** What spans a sleep is thrown away and taken again, unless nothing comes of that. */
    private void overslept(Series series, Overslept slept, BiConsumer<Job, Optional<Outcome>> left) {
        if (series.overslept() > Defaults.SLEEPS) {
            fail(series, new TaskFailure(slept.getMessage() + ", " + Defaults.SLEEPS + " times and more"), left);
        } else {
            try (Logged about = series.job().logged()) {
                log.info("{}: {}; measured again", series.job().name(), slept.getMessage());
            }
        }
    }

    private void endBatch() {
        if (hand.isEmpty()) {
            sentinels.values().removeIf(Sentinels::areUnable);
            bench.renew();
            processSinceNanos = OptionalLong.empty();
            if (waiting == 0) {
                budgets.endAll();
            }
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
            Circumstances.Builder circumstances = Circumstances.newBuilder();
            if (slice.hasKernels()) {
                circumstances.setKernels(slice.getKernels());
            }
            measured.setCircumstances(dated(series, circumstances.setRules(task.getRules())
                .setConverged(LoadRun.keptUp(slice.getSamplesNanosList(), task.getLoad()))
                .setRounds(1).setWarmupRuns(slice.getWarmupRuns()).setWarmupNanos(slice.getWarmupNanos())
                .setSteady(slice.getSteady()).setClockOverheadNanos(slice.getClockOverheadNanos())
                .addAllPinnedCores(slice.getPinnedCoresList()).setSessionNanos(slice.getSessionNanos())
                .setSamplingNanos(slice.getSamplingNanos()).setTiming(slice.getTiming())));
        }
        return measured.build();
    }

    /**
     * One round of the tasks that share sentinels.
     *
     * @return how many slices tasks got, at most
     */
    private int measure(Conditions conditions, List<Series> group, BiConsumer<Job, Optional<Outcome>> left)
        throws InterruptedException {
        Sentinels watch = sentinels.computeIfAbsent(conditions,
            key -> new Sentinels(group.get(0).job().task(), conditions.ofMemory(), levels, nanoTime));
        BooleanSupplier abandoned = () -> group.stream().allMatch(series -> series.job().isAbandoned());
        List<PendingSlice> taken = new ArrayList<>();
        long since = processSinceNanos.getAsLong();
        if (group.stream().anyMatch(series -> budgets.allows(series, account, nanoTime.getAsLong()))) {
            awaitCalm(watch, since, abandoned);
        }
        long begin = nanoTime.getAsLong();
        int turns = budgets.areEmpty() ? Defaults.TURNS : 1;
        int turn = 0;
        for (; turn < turns && nanoTime.getAsLong() - begin < Defaults.SHORT_ROUND.toNanos(); turn++) {
            for (Series series : group) {
                if (budgets.allows(series, account, nanoTime.getAsLong())) {
                    awaitCalm(watch, since, abandoned);
                    take(series, left).ifPresent(taken::add);
                }
            }
        }
        if (!taken.isEmpty()) {
            read(watch, abandoned, watch.memoryIsKnown(since, false) ? watch::readCore : watch::readMemory);
        }
        taken.forEach(one -> one.series().add(watch.round(one.slice(), one.atNanos(), unrest(one.slice()), since)));
        decide(conditions, watch, left);
        return turn;
    }

    private Optional<PendingSlice> take(Series series, BiConsumer<Job, Optional<Outcome>> left) throws InterruptedException {
        long before = nanoTime.getAsLong();
        return slice(series, left).map(slice -> new PendingSlice(series, slice, before + (nanoTime.getAsLong() - before) / 2));
    }

    /** One slice of a task in hand. If it fails, the task leaves; if it is abandoned, it will at the end of the round. */
    private Optional<Slice> slice(Series series, BiConsumer<Job, Optional<Outcome>> left) throws InterruptedException {
        Job job = series.job();
        if (job.isAbandoned() || !hand.contains(series)) {
            return Optional.empty();
        }
        long before = nanoTime.getAsLong();
        try {
            Slice slice = bench.slice(job.task(), job.onnx(), job.abandoned());
            series.took(nanoTime.getAsLong() - before);
            if (isMeasuredInRounds(job.task()) && slice.getSamplesNanosCount() == 0) {
                throw new TaskFailure("no samples were taken (expected: at least one, by its rules)");
            }
            account.task(slice, nanoTime.getAsLong() - before);
            return Optional.of(slice);
        } catch (TaskFailure e) {
            account.failed(nanoTime.getAsLong() - before);
            fail(series, e, left);
        } catch (Overslept e) {
            account.failed(nanoTime.getAsLong() - before);
            overslept(series, e, left);
        } catch (InterruptedException e) {
            account.failed(nanoTime.getAsLong() - before);
            if (!job.isAbandoned()) {
                throw e;
            }
        }
        return Optional.empty();
    }

    /** Reads the sentinels where it is time to, and while they say that something interferes waits and reads again. */
    private void awaitCalm(Sentinels watch, long sinceNanos, BooleanSupplier abandoned) throws InterruptedException {
        BooleanSupplier coreIsKnown = () -> watch.coreIsKnown(sinceNanos, patienceNanos() > 0);
        Attempt core = () -> read(watch, abandoned, watch::readCore);
        await(() -> watch.memoryIsKnown(sinceNanos, patienceNanos() > 0), abandoned, () -> {
            await(coreIsKnown, abandoned, core);
            return read(watch, abandoned, watch::readMemory);
        });
        await(coreIsKnown, abandoned, core);
    }

    /** Looks again and again until enough is known, as long as patience lasts. */
    private void await(BooleanSupplier known, BooleanSupplier abandoned, Attempt attempt) throws InterruptedException {
        long begin = nanoTime.getAsLong();
        while (!known.getAsBoolean()) {
            long before = nanoTime.getAsLong();
            if (!attempt.succeeds()) {
                return;
            }
            if (before > begin) {
                account.heldUp(nanoTime.getAsLong() - before);
            }
            if (known.getAsBoolean()) {
                return;
            }
            long pauseNanos = Math.max(Defaults.SHORTEST_PAUSE.toNanos(),
                Math.min(Defaults.LONGEST_PAUSE.toNanos(), (nanoTime.getAsLong() - begin) / Defaults.LOOKS));
            pause(Math.min(pauseNanos, patienceNanos()), abandoned);
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
        account.heldUp(nanoTime.getAsLong() - before);
    }

    private long patienceNanos() {
        long measured = account.nanos(TimeAccount.Kind.MEASURING);
        if (budgets.areEmpty()) {
            return Defaults.FIRST_PATIENCE.toNanos() + Defaults.PATIENCE * measured - account.nanos(TimeAccount.Kind.CALM);
        }
        long nanos = Defaults.BUDGET_FIRST_PATIENCE.toNanos() + Defaults.BUDGET_PATIENCE * measured - account.heldUpNanos();
        return Math.min(nanos, budgets.slackNanos(account, nanoTime.getAsLong()));
    }

    /** False if the sentinel cannot be read, or nobody wants to know any more. */
    private boolean read(Sentinels watch, BooleanSupplier abandoned, SentinelReader reader) throws InterruptedException {
        if (watch.areUnable() || abandoned.getAsBoolean()) {
            return false;
        }
        long before = nanoTime.getAsLong();
        try {
            reader.read(bench, abandoned, account);
            return true;
        } catch (TaskFailure e) {
            account.failed(nanoTime.getAsLong() - before);
            log.warn(watch.triesAgainAfterFailure()
                ? "sentinel: {}; trying again"
                : "sentinel: {}; figures under these conditions are not scaled", e.getMessage());
        } catch (Overslept e) {
            account.failed(nanoTime.getAsLong() - before);
            log.info("sentinel: {}", e.getMessage());
        } catch (InterruptedException e) {
            account.failed(nanoTime.getAsLong() - before);
            if (!abandoned.getAsBoolean()) {
                throw e;
            }
        }
        return false;
    }

    /** By how much a slice itself shows interference, as a multiple of what is tolerated. */
    private static double unrest(Slice slice) {
        return Math.max(Level.delayed(slice) / Defaults.DELAYED, Level.halvesApart(slice) / Defaults.HALVES);
    }

    /** Lets those go that are measured well enough or long enough. */
    private void decide(Conditions conditions, Sentinels watch, BiConsumer<Job, Optional<Outcome>> left) {
        List<Series> group = hand.stream()
            .filter(series -> series.isBegun() && Conditions.of(series).equals(conditions)).toList();
        watch.settleReference();
        group.forEach(series -> series.judge(watch.usual()));
        Scaling scaling = watch.scaling(group);
        for (Series series : group) {
            series.advance(scaling);
            boolean over = !budgets.allows(series, account, nanoTime.getAsLong()) && series.hasBudget();
            if (!series.job().isAbandoned() && (over || series.progress() == 1)) {
                watch.establishReference();
                watch.learn(series, scaling);
                finish(series, series.result(scaling), left);
            }
        }
        watch.endRound();
    }

    private void finish(Series series, Measured measured, BiConsumer<Job, Optional<Outcome>> left) {
        Measured dated = measured.toBuilder()
            .setCircumstances(dated(series, measured.getCircumstances().toBuilder())).build();
        try (Logged about = series.job().logged()) {
            log.info("{}", summary(series.job(), dated));
        }
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
        budgets.leave(series);
        account.taskLeft();
        left.accept(series.job(), outcome);
    }

    private static String summary(Job job, Measured measured) {
        if (!measured.hasLatency()) {
            return job.name() + ": ran";
        }
        Distribution latency = measured.getLatency();
        Circumstances circumstances = measured.getCircumstances();
        double halfWidth = latency.getRelativeHalfWidth();
        String median = String.format(Locale.ROOT, "%s: p50 %.3f ms", job.name(), latency.getP50Nanos() / 1e6);
        if (!Double.isFinite(halfWidth)) {
            return median + ", a single round, without an interval";
        }
        return String.format(Locale.ROOT, "%s ± %.1f %%, %d rounds%s%s%s", median, 100 * halfWidth, circumstances.getRounds(),
            circumstances.getDisturbedRounds() == 0 ? "" : " and " + circumstances.getDisturbedRounds() + " disturbed ones",
            circumstances.getSteady() ? "" : ", warm-up not steady", circumstances.getConverged() ? "" : ", not converged");
    }
}
