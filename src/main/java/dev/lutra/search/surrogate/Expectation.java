package dev.lutra.search.surrogate;

import java.util.ArrayList;
import java.util.List;
import org.ejml.dense.row.decomposition.TriangularSolver_DDRM;

/**
 * What a process expects of some architectures together: the mean of each target, how uncertain it is, and how much less uncertain
 * it would be, were others among them known.
 */
public final class Expectation {

    private static final double LEAST_VARIANCE = 1e-9;

    private final Source source;
    private final int[][] genes;
    private final double[][] features;
    private final double calibration;
    private final double[] means;
    private final double[] variances;
    private final double[][] whitened;
    private final List<double[]> learned = new ArrayList<>();

    /** What the process knows. */
    record Source(GeneKernel kernel, Hyperparameters parameters, int[][] genes, double[][] features, Likelihood.Solved solved) {

        double covariance(double product, double[] one, double[] other) {
            return parameters.signal() * product + parameters.trend() * Likelihood.dot(one, other);
        }
    }

    Expectation(Source source, int[][] genes, double[][] features, double calibration) {
        this.source = source;
        this.genes = genes;
        this.features = features;
        this.calibration = calibration;
        means = new double[genes.length];
        variances = new double[genes.length];
        whitened = new double[genes.length][source.genes.length];
        KernelTables tables = new KernelTables(source.kernel, source.parameters, source.genes, genes.length);
        for (int i = 0; i < genes.length; i++) {
            double[] row = whitened[i];
            tables.products(genes[i], row);
            for (int j = 0; j < row.length; j++) {
                row[j] = source.covariance(row[j], features[i], source.features[j]);
            }
            means[i] = Likelihood.dot(row, source.solved.alpha());
            TriangularSolver_DDRM.solveL(source.solved.lower().data, row, row.length);
            variances[i] = atLeast(source.covariance(1, features[i], features[i]) - Likelihood.dot(row, row));
        }
    }

    private static double atLeast(double variance) {
        return Math.max(LEAST_VARIANCE, variance);
    }

    public int size() {
        return genes.length;
    }

    /** The expected target of an architecture. */
    public double mean(int which) {
        return means[which];
    }

    /**
     * The deviation of what an evaluation of an architecture would find, from its mean, calibrated. What is known to be chance of
     * the images is not in it: nobody wants to find that.
     */
    public double deviation(int which) {
        return calibration * Math.sqrt(variances[which] + source.parameters.noise());
    }

    /** Takes an architecture to be evaluated, with whatever comes out: the others are less uncertain then. */
    public void learn(int which) {
        double[] shares = new double[size()];
        double deviation = Math.sqrt(variances[which] + source.parameters.noise());
        for (int i = 0; i < shares.length; i++) {
            double covariance = source.covariance(product(genes[i], genes[which]), features[i], features[which])
                - Likelihood.dot(whitened[i], whitened[which]);
            for (double[] earlier : learned) {
                covariance -= earlier[i] * earlier[which];
            }
            shares[i] = covariance / deviation;
        }
        learned.add(shares);
        for (int i = 0; i < shares.length; i++) {
            variances[i] = atLeast(variances[i] - shares[i] * shares[i]);
        }
    }

    private double product(int[] one, int[] other) {
        double distance = 0;
        for (int gene = 0; gene < one.length; gene++) {
            distance += source.parameters.relevance(gene)
                * source.kernel.distance(gene, one[gene], other[gene], source.parameters.mixture());
        }
        return Math.exp(-distance);
    }
}
