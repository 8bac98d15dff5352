package dev.lutra.search.surrogate;

import java.util.Arrays;

/**
 * What a Gaussian process learns besides its targets, as logarithms (the mixture as a logit), each with a normal prior.
 *
 * @param values by the positions that are named here, then the relevance of every gene
 */
record Hyperparameters(double[] values) {

    static final int SIGNAL = 0;
    static final int NOISE = 1;
    static final int TREND = 2;
    static final int MIXTURE = 3;
    static final int FIRST_GENE = 4;

    private static final double[] PRIOR_MEAN = {0, Math.log(0.02), Math.log(0.3), 0};
    private static final double[] PRIOR_DEVIATION = {1, 1.5, 1.5, 1};
    private static final double GENE_DEVIATION = 1.2;
    /** Two random architectures are expected to be so far apart. */
    private static final double PRIOR_DISTANCE = 2;

    /** The most likely ones before anything is known. */
    static Hyperparameters prior(int genes) {
        double[] values = Arrays.copyOf(PRIOR_MEAN, FIRST_GENE + genes);
        Arrays.fill(values, FIRST_GENE, values.length, Math.log(PRIOR_DISTANCE / genes));
        return new Hyperparameters(values);
    }

    double signal() {
        return Math.exp(values[SIGNAL]);
    }

    double noise() {
        return Math.exp(values[NOISE]);
    }

    double trend() {
        return Math.exp(values[TREND]);
    }

    double mixture() {
        return 1 / (1 + Math.exp(-values[MIXTURE]));
    }

    double relevance(int gene) {
        return Math.exp(values[FIRST_GENE + gene]);
    }

    double logPrior() {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum -= 0.5 * standardised(i) * standardised(i);
        }
        return sum;
    }

    double[] priorGradient() {
        double[] gradient = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            gradient[i] = -standardised(i) / deviation(i);
        }
        return gradient;
    }

    private double standardised(int position) {
        double mean = position < FIRST_GENE ? PRIOR_MEAN[position] : Math.log(PRIOR_DISTANCE / (values.length - FIRST_GENE));
        return (values[position] - mean) / deviation(position);
    }

    private static double deviation(int position) {
        return position < FIRST_GENE ? PRIOR_DEVIATION[position] : GENE_DEVIATION;
    }

    /**
     * The most likely ones, by resilient backpropagation, which finds them as well as quasi-Newton methods do (Blum and Riedmiller
     * 2013).
     */
    static Hyperparameters mostLikely(Likelihood likelihood, Hyperparameters start, int steps) {
        double[] values = start.values().clone();
        double[] step = new double[values.length];
        Arrays.fill(step, 0.2);
        double[] before = new double[values.length];
        double best = Double.NEGATIVE_INFINITY;
        double[] bestValues = values.clone();
        for (int i = 0; i < steps; i++) {
            Likelihood.Value now = likelihood.at(new Hyperparameters(values.clone()));
            if (now.logPosterior() > best) {
                best = now.logPosterior();
                bestValues = values.clone();
            }
            for (int p = 0; p < values.length; p++) {
                double gradient = now.gradient()[p];
                double agreement = gradient * before[p];
                if (agreement > 0) {
                    step[p] = Math.min(1, step[p] * 1.2);
                } else if (agreement < 0) {
                    step[p] = Math.max(1e-4, step[p] * 0.5);
                    gradient = 0;
                }
                values[p] += Math.signum(gradient) * step[p];
                before[p] = gradient;
            }
        }
        return new Hyperparameters(bestValues);
    }
}
