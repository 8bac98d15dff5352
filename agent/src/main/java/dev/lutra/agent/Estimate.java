package dev.lutra.agent;

import java.util.List;

/**
 * A task's latency at the reference level of the sentinels.
 *
 * @param logNanos logarithm of nanoseconds
 * @param halfWidth of its 95 % interval, relative
 * @param byNoise what of that further slices lessen; the rest is doubt about the scaling
 */
record Estimate(double logNanos, double halfWidth, double byNoise) {

    /**
     * What the regression does not know of: slopes are flattened by the sentinels' own noise, by nearly a tenth, which a run's tasks
     * share, and slices of one process have its memory layout in common. On simulated machines whose speed drifts by ±5 % intervals
     * cover 86 to 91 % without this, on ones that do not drift 95 %.
     */
    private static final double WIDENED = 1.2;

    /** @param observations at least one; a single one has no interval */
    static Estimate of(List<Observation> observations, Scaling scaling) {
        Regression first = Regression.of(observations, scaling.spread().variance(), scaling.core(), scaling.memory());
        if (observations.size() < 2) {
            return new Estimate(first.level(), Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        Spread.Mixed mixed = scaling.spread().mixed(first.residuals());
        Regression fit = Regression.of(observations, mixed.variance(), scaling.core(), scaling.memory());
        double deviations = WIDENED * Statistics.student975(mixed.degreesOfFreedom());
        return new Estimate(fit.level(), deviations * Math.sqrt(fit.levelVariance()),
                deviations * Math.sqrt(fit.levelVarianceByNoise()));
    }
}
