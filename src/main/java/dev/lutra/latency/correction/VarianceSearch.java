package dev.lutra.latency.correction;

import dev.lutra.proto.CorrectionVariances;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * Finds how far each part of a correction may go, and which networks were disturbed, from the fitted networks alone.
 *
 * <p>The variances maximise the marginal likelihood of the networks (MacKay 1992, the networks) with a wide prior around their
 * usual values, by trying each up and down in halving steps. A network's weight is that of a Student t distribution with 4
 * degrees of freedom, after its residual when it is left out: ordinary networks keep about 1, one that the others contradict
 * loses its say (Lange, Little and Taylor 1989). Both are found in turn. Networks that were measured to verify a prediction keep
 * their weight: where they contradict others, it is those that no longer hold.
 */
final class VarianceSearch {

    private static final int ROUNDS = 3;
    private static final double FIRST_STEP = 2; // of a logarithm
    private static final double LAST_STEP = 0.3;
    private static final double LEAST = -16;
    private static final double MOST = 6;
    private static final double PRIOR = 0.05; // a variance e^3 times its usual one costs half a unit of log-likelihood
    private static final double WORTH_A_STEP = 1e-3;
    private static final double FREEDOM = 4;
    private static final int LEAST_TO_DOUBT = 5;
    private static final double LEAST_SPREAD = 0.01;
    private static final double MEDIAN_DEVIATION = 1.4826; // times the median absolute deviation is the deviation of a Gaussian

    private final MeasuredNetworks networks;
    private final double[] logarithms = Arrays.stream(CorrectionPart.values()).mapToDouble(CorrectionPart::usualLogVariance).toArray();
    private double[] weights;

    private VarianceSearch(MeasuredNetworks networks) {
        this.networks = networks;
    }

    /** What was found. */
    record Fit(CorrectionVariances variances, double[] weights) {}

    static Fit in(MeasuredNetworks networks) {
        VarianceSearch search = new VarianceSearch(networks);
        search.weights = search.firstWeights();
        for (int round = 0; round < ROUNDS; round++) {
            search.climb();
            search.weigh();
        }
        return new Fit(CorrectionPart.variances(search.logarithms), search.weights);
    }

    /** From the spread about the plain ratio, so that one network far off does not lead the first search astray. */
    private double[] firstWeights() {
        double[] first = new double[networks.size()];
        double[] distances = Arrays.stream(networks.residuals()).map(Math::abs).toArray();
        double spread = Math.max(LEAST_SPREAD, MEDIAN_DEVIATION * new Median().evaluate(distances));
        for (int i = 0; i < first.length; i++) {
            first[i] = first.length < LEAST_TO_DOUBT || networks.isVerified(i) ? 1 : weight(distances[i] / spread);
        }
        return first;
    }

    private static double weight(double standardised) {
        return Math.min(1, (FREEDOM + 1) / (FREEDOM + standardised * standardised));
    }

    private void weigh() {
        if (networks.size() < LEAST_TO_DOUBT) {
            return;
        }
        CorrectionVariances variances = CorrectionPart.variances(logarithms);
        double[] leftOut = networks.leftOut(networks.covariance(variances, weights), variances, weights);
        weights = IntStream.range(0, leftOut.length).mapToDouble(i -> networks.isVerified(i) ? 1 : weight(leftOut[i])).toArray();
    }

    private void climb() {
        double best = logLikelihood(logarithms);
        double step = FIRST_STEP;
        while (step >= LAST_STEP) {
            boolean improved = false;
            for (int i = 0; i < logarithms.length; i++) {
                for (double change : new double[]{step, -step}) {
                    double[] tried = logarithms.clone();
                    tried[i] = Math.max(LEAST, Math.min(MOST, tried[i] + change));
                    double likelihood = logLikelihood(tried);
                    if (likelihood > best + WORTH_A_STEP) {
                        best = likelihood;
                        logarithms[i] = tried[i];
                        improved = true;
                        break;
                    }
                }
            }
            step = improved ? step : step / 2;
        }
    }

    private double logLikelihood(double[] tried) {
        double sum = 0;
        for (CorrectionPart part : CorrectionPart.values()) {
            double distance = tried[part.ordinal()] - part.usualLogVariance();
            sum -= PRIOR * distance * distance;
        }
        CholeskyDecomposition covariance = networks.covariance(CorrectionPart.variances(tried), weights);
        RealVector residuals = new ArrayRealVector(networks.residuals(), false);
        RealMatrix root = covariance.getL();
        for (int i = 0; i < networks.size(); i++) {
            sum -= Math.log(root.getEntry(i, i));
        }
        try {
            return sum - covariance.getSolver().solve(residuals).dotProduct(residuals) / 2;
        } catch (SingularMatrixException e) {
            return Double.NEGATIVE_INFINITY;
        }
    }
}
