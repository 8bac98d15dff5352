package dev.lutra.agent.estimate;

import dev.lutra.agent.statistics.Statistics;
import java.util.List;

/**
 * A task's latency at the reference level of the sentinels.
 *
 * @param logNanos logarithm of nanoseconds
 * @param halfWidth of its 95 % interval, relative: by what slices disagree about, and by the doubt about how much the task follows the
 *     sentinels
 * @param betweenRuns of the 95 % interval that the same measurement on another day is to be compared by: with what a state of the
 *     machine that outlasts a run does, which no further slice lessens
 */
public record Estimate(double logNanos, double halfWidth, double betweenRuns) {

    /** By which rules latencies come from their rounds; another number where they change. A browser has others. */
    public static final String ESTIMATOR = "sentinel-regression-3";

    /**
     * A measurement ends when its interval is narrow, so when its slices agree somewhat more than they should: of simulated intervals
     * that ended measurements of one to 64 tasks at a time, with 1.1 here 92 to 96 % held.
     */
    private static final double WIDENED = 1.15;

    /**
     * What slices of a task disagree about lasts, in part, for longer than a run, as where large activations lie in memory: this share
     * of the slices' own deviation is what runs differ by, even with the sentinels where they were.
     */
    private static final double RUN = 0.4;
    /**
     * A state of the machine that lasts for a whole run is not seen to come and go, so a run's own slopes do not tell what it does
     * to a task: this share of the distance from the reference, as a deviation. While the smaller sentinel was 7 % and the larger
     * 11 % slower for seven minutes, segments were 0 to 12 % slower. Of six recorded tables of 35 entries, that state among them,
     * 4.4 % of all pairs were outside their joint interval, with 0.3 here 5.9 %.
     */
    private static final double LASTING = 0.35;

    /** @param observations at least one; a single one has no interval */
    public static Estimate of(List<Observation> observations, Scaling scaling) {
        Regression first = Regression.of(observations, scaling.spread().variance(), scaling.core(), scaling.memory());
        if (observations.size() < 2) {
            return new Estimate(first.level(), Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        Spread.Mixed mixed = scaling.spread().mixed(first.residuals());
        Regression fit = Regression.of(observations, mixed.variance(), scaling.core(), scaling.memory());
        double deviations = WIDENED * Statistics.student975(mixed.degreesOfFreedom())
            * Math.sqrt(scaling.processes().inflation(observations));
        double shared = Statistics.NORMAL_975
            * Math.hypot(RUN * Math.sqrt(mixed.variance()), LASTING * lastingDistance(observations));
        double halfWidth = deviations * Math.sqrt(fit.levelVariance());
        return new Estimate(fit.level(), halfWidth, Math.hypot(halfWidth, shared));
    }

    /** How far the sentinels were from the reference on the whole, the farther of both. */
    private static double lastingDistance(List<Observation> observations) {
        double core = observations.stream().mapToDouble(Observation::core).average().orElseThrow();
        double beyond = observations.stream().mapToDouble(Observation::memory).average().orElseThrow();
        return Math.max(Math.abs(core), Math.abs(core + beyond));
    }
}
