package dev.lutra.agent.estimate;

import dev.lutra.agent.statistics.Statistics;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How much tasks differ in what their slices disagree about. On one machine, within minutes, it is from 0.2 to 4 %: with one variance
 * for all, the intervals of steady tasks were too wide and those of large networks too narrow. Logarithms of a few slices' variances
 * tell the typical variance, and how much tasks are apart in it; by both, true variances follow a scaled inverse chi-square
 * distribution, whose weight in a single task's variance is a number of degrees of freedom (Smyth 2004, section 6.2).
 */
final class Unsteadiness {

    /**
     * Before anything is known, the logarithm of a task's variance: slices disagree by 0.75 %, and tasks differ by a factor of 1.9 in
     * that, one standard deviation up or down. The lone tasks of a recording on a calm machine were at 0.4 to 0.8 %, its networks at
     * up to 3 %.
     */
    private static final Normal PRIOR = new Normal(Math.log(0.0075 * 0.0075), 1.3 * 1.3);
    /** What is known beforehand counts as much as so many tasks. */
    private static final int PRIOR_TASKS = 4;
    /** However alike tasks seem, the next one's deviation may differ by a quarter. */
    private static final double LEAST_VARIANCE = 0.5 * 0.5;
    /** However different, what is known of all counts at least as one slice. */
    private static final double LEAST_WEIGHT = 1;
    /** A deviation of 0.01 %: clocks do not tell less. */
    private static final double LEAST_TOLD = 1e-8;
    /** Older tasks are forgotten. */
    private static final int LONGEST_MEMORY = 200;

    private final Deque<Normal> tasks = new ArrayDeque<>();

    /**
     * Learns from one task.
     *
     * @param variance of its slices
     * @param degreesOfFreedom at least 1
     */
    void add(double variance, int degreesOfFreedom) {
        double half = degreesOfFreedom / 2.0;
        double unbiased = Math.log(Math.max(LEAST_TOLD, variance)) - Statistics.digamma(half) + Math.log(half);
        tasks.addLast(new Normal(unbiased, Statistics.trigamma(half)));
        if (tasks.size() > LONGEST_MEMORY) {
            tasks.removeFirst();
        }
    }

    Unsteadiness copy() {
        Unsteadiness copy = new Unsteadiness();
        copy.tasks.addAll(tasks);
        return copy;
    }

    /** What is known of a task's variance before its own slices are looked at. */
    Spread.Mixed ofNext() {
        Normal logarithm = new RandomEffects(PRIOR, PRIOR_TASKS, LEAST_VARIANCE).over(tasks);
        double half = Math.max(LEAST_WEIGHT / 2, Statistics.inverseTrigamma(logarithm.variance()));
        return new Spread.Mixed(Math.exp(logarithm.mean() + Statistics.digamma(half) - Math.log(half)), 2 * half);
    }
}
