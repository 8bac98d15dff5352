package dev.lutra.agent;

/**
 * How much rounds of one task disagree on this machine: the variance of the logarithm of a round's latency, pooled over tasks.
 * It is far more a property of the machine than of the model, so tasks share what they know of it. A task that stops as soon as
 * its interval is narrow would stop when its few rounds agree by luck; weighing in the pooled variance (an empirical Bayes
 * estimate as of Smyth, 2004) keeps that from happening. Before anything is known, a machine counts as repeating within
 * {@link #PRIOR_DEVIATION}.
 */
final class Spread {

    /** Two processes on a rented machine disagree by about this much when nothing interferes. */
    static final double PRIOR_DEVIATION = 0.015;
    static final double PRIOR_WEIGHT = 4;
    /** The weight of the pooled variance in a task's own, in degrees of freedom: intervals cover 96 % with it, 91 % without. */
    static final double POOL_WEIGHT = 4;
    /** Older knowledge fades beyond this many degrees of freedom: machines change. */
    private static final double MEMORY = 300;
    /** The variance of the Hodges-Lehmann estimate is that of the mean times π/3, for normal values. */
    private static final double HODGES_LEHMANN = Math.PI / 3;

    private double weight = PRIOR_WEIGHT;
    private double variance = PRIOR_DEVIATION * PRIOR_DEVIATION;

    /** Takes in the rounds of one task. Those of a task that is still measured go into a {@link #copy}. */
    void add(double[] logLatencies) {
        int degreesOfFreedom = logLatencies.length - 1;
        if (degreesOfFreedom < 1) {
            return;
        }
        double total = weight + degreesOfFreedom;
        variance = (weight * variance + degreesOfFreedom * Statistics.variance(logLatencies)) / total;
        weight = Math.min(total, MEMORY);
    }

    Spread copy() {
        Spread copy = new Spread();
        copy.weight = weight;
        copy.variance = variance;
        return copy;
    }

    /** Half the width of the 95 % interval of the Hodges-Lehmann estimate, relative; infinite for a single round. */
    double relativeHalfWidth(double[] logLatencies) {
        int rounds = logLatencies.length;
        if (rounds < 2) {
            return Double.POSITIVE_INFINITY;
        }
        double degreesOfFreedom = POOL_WEIGHT + rounds - 1;
        double mixed = (POOL_WEIGHT * variance + (rounds - 1) * Statistics.variance(logLatencies)) / degreesOfFreedom;
        return Statistics.student975(degreesOfFreedom) * Math.sqrt(HODGES_LEHMANN * mixed / rounds);
    }

    double deviation() {
        return Math.sqrt(variance);
    }
}
