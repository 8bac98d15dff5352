package dev.lutra.search.surrogate;

import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * What is learned from: architectures with their targets, and how likely the targets are under some hyperparameters
 * (Rasmussen and Williams 2006, §2.3 and §5.4).
 */
final class Likelihood {

    private final GeneKernel kernel;
    private final int[][] genes;
    private final double[][] features;
    private final double[] targets;
    private final double[] knownNoise;

    /**
     * @param genes of each architecture
     * @param features of each architecture, standardised
     * @param targets standardised
     * @param knownNoise variance of each target that is known beforehand
     */
    Likelihood(GeneKernel kernel, int[][] genes, double[][] features, double[] targets, double[] knownNoise) {
        this.kernel = kernel;
        this.genes = genes;
        this.features = features;
        this.targets = targets;
        this.knownNoise = knownNoise;
    }

    int size() {
        return genes.length;
    }

    /** The log of the likelihood and of the prior, up to a constant, and its gradient by {@link Hyperparameters#values}. */
    record Value(double logPosterior, double[] gradient) {}

    Value at(Hyperparameters parameters) {
        Solved solved = solve(parameters);
        int n = size();
        DMatrixRMaj weights = solved.inverse();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                weights.data[i * n + j] = solved.alpha[i] * solved.alpha[j] - weights.data[i * n + j];
            }
        }
        double[] gradient = parameters.priorGradient();
        for (int i = 0; i < n; i++) {
            gradient[Hyperparameters.NOISE] += 0.5 * weights.data[i * n + i] * parameters.noise();
        }
        addKernelGradient(parameters, solved.products, weights, gradient);
        return new Value(solved.logLikelihood(targets) + parameters.logPrior(), gradient);
    }

    private void addKernelGradient(Hyperparameters parameters, double[] products, DMatrixRMaj weights, double[] gradient) {
        int n = size();
        double[][][] shares = new double[kernel.genes()][][];
        for (int gene = 0; gene < shares.length; gene++) {
            shares[gene] = new double[kernel.options(gene)][kernel.options(gene)];
        }
        double signal = 0;
        double trend = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double weight = i == j ? 0.5 * weights.data[i * n + j] : weights.data[i * n + j];
                double share = weight * products[i * n + j];
                signal += share;
                trend += weight * dot(features[i], features[j]);
                for (int gene = 0; gene < shares.length; gene++) {
                    shares[gene][genes[i][gene]][genes[j][gene]] += share;
                }
            }
        }
        gradient[Hyperparameters.SIGNAL] += signal * parameters.signal();
        gradient[Hyperparameters.TREND] += trend * parameters.trend();
        for (int gene = 0; gene < shares.length; gene++) {
            double[][] distances = kernel.distances(gene, parameters.mixture());
            gradient[Hyperparameters.FIRST_GENE + gene] -= parameters.signal() * parameters.relevance(gene) * sum(shares[gene], distances);
            gradient[Hyperparameters.MIXTURE] -= parameters.signal() * parameters.relevance(gene) * sum(shares[gene], kernel.slopes(gene))
                * parameters.mixture() * (1 - parameters.mixture());
        }
    }

    private static double sum(double[][] shares, double[][] factors) {
        double sum = 0;
        for (int a = 0; a < shares.length; a++) {
            sum += dot(shares[a], factors[a]);
        }
        return sum;
    }

    static double dot(double[] one, double[] other) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += one[i] * other[i];
        }
        return sum;
    }

    /**
     * Covariances of the targets, decomposed.
     *
     * @param products over genes, without signal, trend and noise; row by row
     * @param lower the Cholesky factor
     * @param alpha the covariances' inverse times the targets
     */
    record Solved(double[] products, LinearSolverDense<DMatrixRMaj> solver, DMatrixRMaj lower, double[] alpha) {

        static Solved of(double[] products, DMatrixRMaj covariance, double[] targets) {
            int n = targets.length;
            LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.chol(n);
            if (!solver.setA(covariance)) {
                throw new IllegalStateException("covariances that are not positive definite");
            }
            CholeskyDecomposition_F64<DMatrixRMaj> decomposition = solver.getDecomposition();
            return new Solved(products, solver, decomposition.getT(null), times(solver, targets));
        }

        private static double[] times(LinearSolverDense<DMatrixRMaj> solver, double[] targets) {
            DMatrixRMaj product = new DMatrixRMaj(targets.length, 1);
            solver.solve(new DMatrixRMaj(targets.length, 1, true, targets.clone()), product);
            return product.data;
        }

        /** Of other targets with the same covariances. */
        double logLikelihood(double[] targets) {
            return -0.5 * dot(times(solver, targets), targets) - halfLogDeterminant();
        }

        double halfLogDeterminant() {
            return IntStream.range(0, alpha.length).mapToDouble(i -> Math.log(lower.get(i, i))).sum();
        }

        DMatrixRMaj inverse() {
            DMatrixRMaj inverse = new DMatrixRMaj(alpha.length, alpha.length);
            solver.invert(inverse);
            return inverse;
        }
    }

    double logLikelihood(Hyperparameters parameters) {
        return solve(parameters).logLikelihood(targets);
    }

    Solved solve(Hyperparameters parameters) {
        int n = size();
        double[] products = new double[n * n];
        for (int gene = 0; gene < kernel.genes(); gene++) {
            double[][] distances = kernel.distances(gene, parameters.mixture());
            double relevance = parameters.relevance(gene);
            for (int i = 0; i < n; i++) {
                double[] row = distances[genes[i][gene]];
                for (int j = 0; j <= i; j++) {
                    products[i * n + j] -= relevance * row[genes[j][gene]];
                }
            }
        }
        DMatrixRMaj covariance = new DMatrixRMaj(n, n);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double product = Math.exp(products[i * n + j]);
                products[i * n + j] = product;
                products[j * n + i] = product;
                double value = parameters.signal() * product + parameters.trend() * dot(features[i], features[j]);
                covariance.data[i * n + j] = value;
                covariance.data[j * n + i] = value;
            }
            covariance.data[i * n + i] += parameters.noise() + knownNoise[i];
        }
        return Solved.of(products, covariance, targets);
    }
}
