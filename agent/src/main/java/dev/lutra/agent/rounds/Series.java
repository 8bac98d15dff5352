package dev.lutra.agent.rounds;

import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.estimate.Estimate;
import dev.lutra.agent.estimate.Observation;
import dev.lutra.agent.estimate.Regression;
import dev.lutra.agent.estimate.Round;
import dev.lutra.agent.estimate.Scaling;
import dev.lutra.agent.runtime.OrtModel;
import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.sentinel.Speed;
import dev.lutra.agent.statistics.Distributions;
import dev.lutra.agent.statistics.Statistics;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.Budget;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Energy;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** What is known of one task's latency: its rounds so far, kept and thrown away. */
final class Series {

    private final MeasureRules rules;
    private final SentinelModel sentinelOfMemory;
    private final SystemWatch.Counts begin;
    private final List<Round> kept = new ArrayList<>();
    private final List<Round> disturbed = new ArrayList<>();
    private Job job;
    private Slice first;
    private long measuredNanos;
    private long sessionNanos;
    private long wallNanos;
    private int timed;
    private int sleeps;
    private Optional<Memory> memory = Optional.empty();
    private boolean wantsMemory;
    private Optional<Energy> energy = Optional.empty();
    private boolean wantsEnergy;
    private double progress;
    private double halfWidth = Double.POSITIVE_INFINITY;
    private double levelNanos = 1;

    /** @param begin what the system had counted when the task was taken up */
    Series(Job job, SystemWatch.Counts begin) {
        this.job = job;
        this.rules = job.task().getRules();
        this.sentinelOfMemory = SentinelModel.ofMemory(job.onnx().length);
        this.begin = begin;
        wantsMemory = job.task().getMemory() && OrtModel.liesInProcess(job.task());
        wantsEnergy = job.task().getEnergy();
    }

    /** Whether the memory of its model is asked for and still to be looked at. */
    boolean wantsMemory() {
        return wantsMemory;
    }

    /** Whether the energy of a call is asked for and still to be looked at. */
    boolean wantsEnergy() {
        return wantsEnergy;
    }

    /** What is known of the energy of a call; empty where it cannot be told. */
    void tookEnergy(Optional<Energy> told) {
        energy = told;
        wantsEnergy = false;
    }

    /** What is known of the memory of its model; empty where it cannot be told. */
    void tookMemory(Optional<Memory> told) {
        memory = told;
        wantsMemory = false;
    }

    Job job() {
        return job;
    }

    /** The larger of the sentinels that tell the machine's speed beside this task. */
    SentinelModel sentinelOfMemory() {
        return sentinelOfMemory;
    }

    /** The task's lease is lost; its model need not be kept. */
    void interrupt() {
        job = job.with(new byte[0]);
    }

    /** The task has been leased anew: what is known of it still holds. */
    void resume(Job again) {
        job = again;
    }

    SystemWatch.Counts begin() {
        return begin;
    }

    boolean hasBudget() {
        return job.task().hasBudget();
    }

    Budget budget() {
        return job.task().getBudget();
    }

    /** The machine slept while this task was under way; how often by now. */
    int overslept() {
        return ++sleeps;
    }

    /** A slice of this task took so long, all told. */
    void took(long nanos) {
        wallNanos += nanos;
        timed++;
    }

    /** What a slice of this task takes by the clock on the wall; empty before the first. */
    OptionalDouble meanSliceNanos() {
        return timed > 0 ? OptionalDouble.of((double) wallNanos / timed) : OptionalDouble.empty();
    }

    /** How many slices there are, kept and thrown away. */
    int slices() {
        return kept.size() + disturbed.size();
    }

    void add(Round round) {
        Slice slice = round.slice();
        measuredNanos += slice.getWarmupNanos() + slice.getSamplingNanos();
        sessionNanos += slice.getSessionNanos();
        if (first == null) {
            first = slice;
        }
        disturbed.add(round.withoutOutputs());
    }

    /** Tells the rounds to keep from those that were disturbed, as far as the machine's speed is known by now. */
    void judge(Speed usual) {
        disturbed.addAll(kept);
        kept.clear();
        disturbed.sort(Comparator.comparingDouble(round -> round.disturbance(usual)));
        while (!disturbed.isEmpty() && disturbed.get(0).disturbance(usual) <= 1) {
            kept.add(disturbed.remove(0));
        }
        List<Round> slow = slowUnseen(usual);
        if (slow.size() <= Defaults.UNSEEN * kept.size()) {
            kept.removeAll(slow);
            disturbed.addAll(slow);
        }
    }

    /** Kept rounds that are slower than the calmest of this task by more than what is tolerated and the sentinels tell. */
    private List<Round> slowUnseen(Speed usual) {
        if (kept.size() < minRounds()) {
            return List.of();
        }
        double calm = Statistics.quantile(kept.stream().mapToDouble(Round::latencyNanos).toArray(), Defaults.CALMEST);
        return kept.stream().filter(round -> round.latencyNanos() > calm * (1 + Defaults.SLOWED) * (1 + Math.max(0, round.speed().slowerThan(usual))))
            .toList();
    }

    boolean isBegun() {
        return first != null;
    }

    List<Observation> observations(Scaling.Reference reference) {
        return kept.stream().map(round -> Observation.of(round, reference)).toList();
    }

    /** What the kept rounds are off this task's estimate. */
    double[] residuals(Scaling scaling) {
        return kept.isEmpty()
            ? new double[0]
            : Regression.of(observations(scaling.reference()), scaling.spread().variance(),
                scaling.core(), scaling.memory()).residuals();
    }

    /** Whether enough rounds are kept and agree. */
    boolean converged(Scaling scaling) {
        return kept.size() >= minRounds() && estimate(scaling).halfWidth() <= rules.getTargetRelativeHalfWidth();
    }

    private Estimate estimate(Scaling scaling) {
        return Estimate.of(observations(scaling.reference()), scaling);
    }

    /** Sees how far this has come. */
    void advance(Scaling scaling) {
        progress = Math.min(1, Math.max(byTime(), kept.isEmpty() ? 0 : byRounds(scaling)));
        Estimate estimate = Estimate.of(usable().map(round -> Observation.of(round, scaling.reference())).toList(), scaling);
        halfWidth = estimate.halfWidth();
        levelNanos = Math.exp(estimate.logNanos());
    }

    /** The kept rounds and, where they are too few, those of the others that were disturbed least. */
    private Stream<Round> usable() {
        return Stream.concat(kept.stream(), disturbed.stream()).limit(Math.max(kept.size(), minRounds()));
    }

    /** The interval's relative half width that a result would have by now; infinite before the second slice. */
    double halfWidth() {
        return halfWidth;
    }

    /** The latency by now; 1 before the first slice. */
    double levelNanos() {
        return levelNanos;
    }

    /**
     * How much of the measuring is done, by the rounds so far: from 0 to 1, at which no further round may begin. An interval
     * narrows with the square root of the number of rounds.
     */
    double progress() {
        return progress;
    }

    private double byRounds(Scaling scaling) {
        return Math.min((double) kept.size() / minRounds(),
            Math.pow(rules.getTargetRelativeHalfWidth() / estimate(scaling).halfWidth(), 2));
    }

    private double byTime() {
        return measuredNanos >= rules.getMaxMeasureNanos() ? 1 : (double) measuredNanos / rules.getMaxMeasureNanos();
    }

    private int minRounds() {
        return Math.max(1, rules.getMinRounds());
    }

    /**
     * The outcome so far. Where too few rounds are kept, those that were disturbed least make up for it, and the result does not
     * count as converged.
     */
    Measured result(Scaling scaling) {
        boolean converged = converged(scaling);
        while (kept.size() < minRounds() && !disturbed.isEmpty()) {
            kept.add(disturbed.remove(0));
        }
        Estimate estimate = estimate(scaling);
        Measured.Builder measured = Measured.newBuilder();
        memory.ifPresent(measured::setMemory);
        energy.ifPresent(measured::setEnergy);
        return measured
            .setRuntime(first.getRuntime())
            .setLatency(distribution(estimate))
            .setCircumstances(circumstances(scaling.reference()).setConverged(converged))
            .addAllOutputs(first.getOutputsList())
            .putAllNodesByProvider(first.getNodesByProviderMap())
            .build();
    }

    /** The shape is that of the calmer half of the kept rounds, in units of their level; it is placed where the rounds say. */
    private Distribution distribution(Estimate estimate) {
        double level = Math.exp(estimate.logNanos());
        double[] samples = kept.stream().sorted(Comparator.comparingDouble(Round::medianToLevel)).limit((kept.size() + 1) / 2)
            .flatMapToDouble(round -> {
                double scale = level / round.latencyNanos();
                return round.slice().getSamplesNanosList().stream().mapToDouble(sample -> sample * scale);
            }).toArray();
        return Distributions.of(samples, estimate.halfWidth()).toBuilder()
            .setBetweenRunsHalfWidth(estimate.betweenRuns()).setEstimator(Estimate.ESTIMATOR).build();
    }

    private Circumstances.Builder circumstances(Scaling.Reference reference) {
        Slice last = kept.get(kept.size() - 1).slice();
        Circumstances.Builder circumstances = Circumstances.newBuilder()
            .setRules(rules)
            .setWarmupRuns(sum(Slice::getWarmupRuns))
            .setWarmupNanos(sum(Slice::getWarmupNanos))
            .setSteady(kept.stream().allMatch(round -> round.slice().getSteady()))
            .setRounds(kept.size())
            .setDisturbedRounds(disturbed.size())
            .setClockOverheadNanos(last.getClockOverheadNanos())
            .addAllPinnedCores(last.getPinnedCoresList())
            .setSessionNanos(sessionNanos)
            .setSamplingNanos(sum(Slice::getSamplingNanos))
            .setTiming(last.getTiming());
        if (last.hasKernels()) {
            circumstances.setKernels(last.getKernels());
        }
        if (!reference.equals(Scaling.Reference.NONE)) {
            circumstances
                .setDrift(Math.max(drift(Speed::core, reference.core()), drift(Speed::memory, reference.memory())))
                .setSentinel(sentinelOfMemory.name().toLowerCase(Locale.ROOT))
                .setSentinelNanos(median(Speed::memory)).setSentinelReferenceNanos(nanos(reference.memory()))
                .setCoreSentinelNanos(median(Speed::core)).setCoreSentinelReferenceNanos(nanos(reference.core()));
        }
        return circumstances;
    }

    private double drift(Function<Speed, Speed.NearbyReadings> sentinel, double reference) {
        DoubleSummaryStatistics off = levels(sentinel).map(value -> Math.exp(value - reference)).summaryStatistics();
        return off.getMax() - off.getMin();
    }

    private long median(Function<Speed, Speed.NearbyReadings> sentinel) {
        return nanos(Statistics.median(levels(sentinel).toArray()));
    }

    private DoubleStream levels(Function<Speed, Speed.NearbyReadings> sentinel) {
        return kept.stream().mapToDouble(round -> sentinel.apply(round.speed()).level());
    }

    private static long nanos(double logarithm) {
        return Math.round(Math.exp(logarithm));
    }

    private long sum(ToLongFunction<Slice> value) {
        return kept.stream().mapToLong(round -> value.applyAsLong(round.slice())).sum();
    }
}
