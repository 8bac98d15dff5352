package dev.lutra.agent.estimate;

import java.util.Arrays;
import java.util.List;

/**
 * What a task's latency is with the sentinels at their reference, by Bayesian linear regression: log latency = level + how much it
 * follows the core's speed × that + how much it follows the memory's × that + noise. Nothing is known of the level beforehand; of
 * the slopes what {@link SlopesOverTasks} says, so a few slices, or ones that were all taken at one speed, leave the doubt that they
 * should. Slices taken far from the reference count less, and what is an outlier still counts for no more than
 * {@link #OUTLIER} deviations (Huber 1964).
 */
public final class Regression {

    /**
     * No network follows exactly by one slope: this share of the distance from the reference counts as noise. Between a tenth and four
     * tenths, estimates from recorded slices hardly differed.
     */
    private static final double UNEXPLAINED = 0.2;
    private static final double OUTLIER = 1.5;
    private static final int ITERATIONS = 12;
    private static final int SIZE = 3;

    private final double[] parameters;
    private final double[][] covariance;
    private final double[] residuals;

    private Regression(double[] parameters, double[][] covariance, double[] residuals) {
        this.parameters = parameters;
        this.covariance = covariance;
        this.residuals = residuals;
    }

    /**
     * @param observations at least one
     * @param variance of the noise of a slice taken at the reference
     */
    public static Regression of(List<Observation> observations, double variance, Normal core, Normal memory) {
        double[] variances = observations.stream().mapToDouble(one -> variance + Math.pow(UNEXPLAINED * one.distance(), 2)).toArray();
        double[] weights = Arrays.stream(variances).map(one -> 1 / one).toArray();
        Regression fit = weighted(observations, weights, core, memory);
        for (int i = 0; i < ITERATIONS; i++) {
            for (int k = 0; k < weights.length; k++) {
                double off = Math.abs(fit.residuals[k]) / Math.sqrt(variances[k]);
                weights[k] = Math.min(1, OUTLIER / Math.max(off, Double.MIN_NORMAL)) / variances[k];
            }
            fit = weighted(observations, weights, core, memory);
        }
        for (int k = 0; k < weights.length; k++) {
            fit.residuals[k] *= Math.sqrt(variance / variances[k]);
        }
        return fit;
    }

    /** Normal equations, the priors being two observations more. */
    private static Regression weighted(List<Observation> observations, double[] weights, Normal core, Normal memory) {
        double[][] matrix = new double[SIZE][SIZE];
        double[] right = new double[SIZE];
        for (int k = 0; k < weights.length; k++) {
            double[] row = row(observations.get(k));
            for (int i = 0; i < SIZE; i++) {
                for (int j = 0; j < SIZE; j++) {
                    matrix[i][j] += weights[k] * row[i] * row[j];
                }
                right[i] += weights[k] * row[i] * observations.get(k).logLatency();
            }
        }
        matrix[1][1] += 1 / core.variance();
        right[1] += core.mean() / core.variance();
        matrix[2][2] += 1 / memory.variance();
        right[2] += memory.mean() / memory.variance();
        double[][] covariance = inverse(matrix);
        double[] parameters = times(covariance, right);
        double[] residuals = new double[weights.length];
        Arrays.setAll(residuals, k -> observations.get(k).logLatency() - dot(row(observations.get(k)), parameters));
        return new Regression(parameters, covariance, residuals);
    }

    private static double[] row(Observation observation) {
        return new double[]{1, observation.core(), observation.memory()};
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < SIZE; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[] times(double[][] matrix, double[] vector) {
        return Arrays.stream(matrix).mapToDouble(row -> dot(row, vector)).toArray();
    }

    /** Of a symmetric positive definite matrix, by Gauss and Jordan without pivoting. */
    private static double[][] inverse(double[][] matrix) {
        double[][] inverse = new double[SIZE][SIZE];
        for (int i = 0; i < SIZE; i++) {
            inverse[i][i] = 1;
        }
        for (int pivot = 0; pivot < SIZE; pivot++) {
            double scale = 1 / matrix[pivot][pivot];
            for (int j = 0; j < SIZE; j++) {
                matrix[pivot][j] *= scale;
                inverse[pivot][j] *= scale;
            }
            for (int i = 0; i < SIZE; i++) {
                double factor = matrix[i][pivot];
                for (int j = 0; i != pivot && j < SIZE; j++) {
                    matrix[i][j] -= factor * matrix[pivot][j];
                    inverse[i][j] -= factor * inverse[pivot][j];
                }
            }
        }
        return inverse;
    }

    /** The logarithm of the latency at the reference. */
    public double level() {
        return parameters[0];
    }

    /** With the doubt about the slopes. */
    double levelVariance() {
        return covariance[0][0];
    }

    /** How much of the core's changes the task follows. */
    public Normal core() {
        return new Normal(parameters[1], covariance[1][1]);
    }

    /** How much of the memory's changes the task follows. */
    public Normal memory() {
        return new Normal(parameters[2], covariance[2][2]);
    }

    /** Of the slices, each as if it had been taken at the reference. */
    public double[] residuals() {
        return residuals.clone();
    }
}
