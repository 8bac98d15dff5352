package dev.lutra.agent.estimate;

import dev.lutra.agent.statistics.Statistics;
import java.util.Arrays;

/**
 * How much slices of one task disagree on this machine: the variance of the logarithm of a slice's latency. A task that stops as soon
 * as its interval is narrow would stop when its few slices agree by luck; weighing in what is known of all tasks (an empirical Bayes
 * estimate as of Smyth, 2004) keeps that from happening. By how much it weighs, the tasks tell ({@link Unsteadiness}). The variance
 * pooled over tasks says which slices are outliers. Before anything is known, a machine counts as repeating within
 * {@link #PRIOR_DEVIATION}.
 */
public final class Spread {

    /** Two processes on a rented machine disagree by about this much when nothing interferes. */
    static final double PRIOR_DEVIATION = 0.015;
    static final double PRIOR_WEIGHT = 4;
    /** Older knowledge fades beyond this many degrees of freedom: machines change. */
    private static final double MEMORY = 300;
    /**
     * A slice this many deviations off counts as if it were only so far off (Huber's proposal 2): a rare slice that somebody
     * slowed unseen hardly moves the estimate, so it shall not widen every interval either.
     */
    private static final double CLIPPED = 2.5;
    /** What clipping leaves of the variance of normal values. */
    private static final double LEFT_BY_CLIPPING = 0.9776;

    private double weight = PRIOR_WEIGHT;
    private double variance = PRIOR_DEVIATION * PRIOR_DEVIATION;
    private final Unsteadiness tasks;
    /** What is known of a task whose slices have not been looked at; null if more is known since it was asked for. */
    private Mixed ofNext;

    public Spread() {
        this(new Unsteadiness());
    }

    private Spread(Unsteadiness tasks) {
        this.tasks = tasks;
    }

    /**
     * The variance of a task's slices, what is known of all weighed in.
     *
     * @param degreesOfFreedom that it stands on
     */
    record Mixed(double variance, double degreesOfFreedom) {}

    /** Takes in what the slices of one task are off. Those of a task that is still measured go into a {@link #copy}. */
    public void add(double[] residuals) {
        int degreesOfFreedom = residuals.length - 1;
        if (degreesOfFreedom < 1) {
            return;
        }
        double own = clippedVariance(residuals);
        double total = weight + degreesOfFreedom;
        variance = (weight * variance + degreesOfFreedom * own) / total;
        weight = Math.min(total, MEMORY);
        tasks.add(own, degreesOfFreedom);
        ofNext = null;
    }

    public Spread copy() {
        Spread copy = new Spread(tasks.copy());
        copy.weight = weight;
        copy.variance = variance;
        return copy;
    }

    Mixed mixed(double[] residuals) {
        int own = residuals.length - 1;
        if (ofNext == null) {
            ofNext = tasks.ofNext();
        }
        double degreesOfFreedom = ofNext.degreesOfFreedom + own;
        return new Mixed((ofNext.degreesOfFreedom * ofNext.variance + own * clippedVariance(residuals)) / degreesOfFreedom,
            degreesOfFreedom);
    }

    private double clippedVariance(double[] values) {
        double middle = Statistics.median(values);
        double[] off = Arrays.stream(values).map(value -> value - middle).toArray();
        double own = Statistics.ROBUST * Statistics.median(Arrays.stream(off).map(Math::abs).toArray());
        double limit = CLIPPED * Math.max(own, Math.sqrt(variance));
        return Statistics.variance(Arrays.stream(off).map(one -> Math.max(-limit, Math.min(limit, one))).toArray())
            / LEFT_BY_CLIPPING;
    }

    /** Pooled over tasks. */
    public double variance() {
        return variance;
    }
}
