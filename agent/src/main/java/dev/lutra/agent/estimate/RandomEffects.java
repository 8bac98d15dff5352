package dev.lutra.agent.estimate;

import java.util.Collection;

/**
 * What is known of a number of the next task, by what other tasks' slices say of theirs, each with its doubt: mean and variance over
 * tasks, by moments (empirical Bayes, as DerSimonian and Laird 1986), with a prior.
 *
 * @param prior before anything is known
 * @param priorTasks as how many tasks that counts
 * @param leastVariance however alike tasks seem, the next one may differ by so much
 */
record RandomEffects(Normal prior, int priorTasks, double leastVariance) {

    private static final int ITERATIONS = 20;

    Normal over(Collection<Normal> tasks) {
        Normal over = prior;
        for (int i = 0; i < ITERATIONS; i++) {
            over = step(tasks, over);
        }
        return over;
    }

    private Normal step(Collection<Normal> tasks, Normal over) {
        double weights = 1 / prior.variance();
        double mean = prior.mean() / prior.variance();
        for (Normal task : tasks) {
            double weight = 1 / (task.variance() + over.variance());
            weights += weight;
            mean += weight * task.mean();
        }
        mean /= weights;
        double squares = priorTasks / (prior.variance() * prior.variance());
        double sum = squares * prior.variance();
        for (Normal task : tasks) {
            double weight = Math.pow(task.variance() + over.variance(), -2);
            squares += weight;
            sum += weight * ((task.mean() - mean) * (task.mean() - mean) - task.variance());
        }
        return new Normal(mean, Math.max(leastVariance, sum / squares) + 1 / weights);
    }
}
