package dev.lutra.agent;

import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Measured;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Slice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import java.util.stream.DoubleStream;

/** What is known of one task's latency: its rounds so far, kept and thrown away. */
final class Series {

    /**
     * One slice of the task.
     *
     * @param speed what the sentinel says of the machine then
     * @param disturbance the worst of its signs of interference, each as a multiple of what is tolerated
     */
    record Round(Slice slice, Speed speed, double disturbance) {

        double latencyNanos() {
            return Level.nanos(slice);
        }

        double logLatency() {
            return Math.log(latencyNanos());
        }

        /** The first round's outputs stand for all. */
        Round withoutOutputs() {
            return new Round(slice.toBuilder().clearOutputs().build(), speed, disturbance);
        }
    }

    private final MeasureRules rules;
    private final SystemWatch.CpuTime begin;
    private final List<Round> kept = new ArrayList<>();
    private final List<Round> disturbed = new ArrayList<>();
    private Job job;
    private Slice first;
    private long measuredNanos;
    private long sessionNanos;

    /** @param begin the CPU time spent when the task was taken up */
    Series(Job job, SystemWatch.CpuTime begin) {
        this.job = job;
        this.rules = job.task().getRules();
        this.begin = begin;
    }

    Job job() {
        return job;
    }

    /** The task's lease is lost; its model need not be kept. */
    void interrupt() {
        job = job.with(new byte[0]);
    }

    /** The task has been leased anew: what is known of it still holds. */
    void resume(Job again) {
        job = again;
    }

    SystemWatch.CpuTime begin() {
        return begin;
    }

    void add(Round round) {
        Slice slice = round.slice();
        measuredNanos += slice.getWarmupNanos() + slice.getSamplingNanos();
        sessionNanos += slice.getSessionNanos();
        if (first == null) {
            first = slice;
        }
        (round.disturbance() > 1 ? disturbed : kept).add(round.withoutOutputs());
    }

    boolean isBegun() {
        return first != null;
    }

    /** What the kept rounds say, without the changes of the sentinel. */
    double[] logLevels(Scaling scaling) {
        return kept.stream().mapToDouble(round -> scaling.unchanged(round.logLatency(), round.speed())).toArray();
    }

    /** Adds what this task's rounds tell of how tasks follow the sentinel. */
    void addTo(Following following) {
        following.add(kept);
    }

    /** Whether enough rounds are kept and agree. */
    boolean converged(Spread spread, Scaling scaling) {
        return kept.size() >= minRounds() && relativeHalfWidth(spread, scaling) <= rules.getTargetRelativeHalfWidth();
    }

    /** Whether further rounds would not bring the interval to its target: too much of it is doubt about the scaling. */
    boolean settled(Spread spread, Scaling scaling) {
        if (kept.size() < minRounds()) {
            return false;
        }
        double target = rules.getTargetRelativeHalfWidth();
        double enough = scalingHalfWidth(scaling) > target ? target : target / 2;
        return spread.relativeHalfWidth(logLevels(scaling)) <= enough;
    }

    private double relativeHalfWidth(Spread spread, Scaling scaling) {
        return Math.hypot(spread.relativeHalfWidth(logLevels(scaling)), scalingHalfWidth(scaling));
    }

    private double scalingHalfWidth(Scaling scaling) {
        return scaling.relativeHalfWidth(kept.stream().mapToDouble(round -> round.speed().roundLevel()).average().orElseThrow());
    }

    /** Whether no further round may begin. */
    boolean exhausted() {
        return first != null && measuredNanos >= rules.getMaxMeasureNanos();
    }

    private int minRounds() {
        return Math.max(1, rules.getMinRounds());
    }

    /**
     * The outcome so far. Where too few rounds are kept, those that were disturbed least make up for it, and the result does not
     * count as converged.
     */
    Measured result(Spread spread, Scaling scaling) {
        boolean converged = converged(spread, scaling);
        disturbed.sort(Comparator.comparingDouble(Round::disturbance));
        while (kept.size() < minRounds() && !disturbed.isEmpty()) {
            kept.add(disturbed.remove(0));
        }
        double level = Math.exp(Statistics.hodgesLehmann(logLevels(scaling)) + scaling.logShift());
        return Measured.newBuilder()
                .setRuntime(first.getRuntime())
                .setLatency(distribution(level, relativeHalfWidth(spread, scaling)))
                .setCircumstances(circumstances(scaling.referenceNanos()).setConverged(converged))
                .addAllOutputs(first.getOutputsList())
                .putAllNodesByProvider(first.getNodesByProviderMap())
                .build();
    }

    /** The shape is that of all kept samples in units of their round's level; it is placed where the rounds say. */
    private Distribution distribution(double level, double relativeHalfWidth) {
        double[] samples = kept.stream().flatMapToDouble(round -> {
            double scale = level / round.latencyNanos();
            return round.slice().getSamplesNanosList().stream().mapToDouble(sample -> sample * scale);
        }).toArray();
        return Distributions.of(samples, relativeHalfWidth);
    }

    private Circumstances.Builder circumstances(OptionalLong referenceNanos) {
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
                .setTiming(OrtModel.timing(job.task()));
        referenceNanos.ifPresent(reference -> circumstances
                .setDrift((sentinel().max().orElseThrow() - sentinel().min().orElseThrow()) / reference)
                .setSentinelNanos(Math.round(Statistics.median(sentinel().toArray())))
                .setSentinelReferenceNanos(reference));
        return circumstances;
    }

    private DoubleStream sentinel() {
        return kept.stream().mapToDouble(round -> Math.exp(round.speed().level()));
    }

    private long sum(ToLongFunction<Slice> value) {
        return kept.stream().mapToLong(round -> value.applyAsLong(round.slice())).sum();
    }
}
