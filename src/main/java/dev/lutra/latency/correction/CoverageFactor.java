package dev.lutra.latency.correction;

import java.util.Arrays;
import org.apache.commons.math3.distribution.TDistribution;

/** How far predictions of networks that were left out of a fit are off, in the deviations that the fit itself stated. */
final class CoverageFactor {

    private static final double COVERED = 0.95;
    private static final double GAUSSIAN = 1.96;

    private CoverageFactor() {}

    /**
     * By how many stated deviations an interval has to reach out to cover 95 % (conformal prediction by the residuals of left-out
     * networks, Vovk et al. 2005), never fewer than a Gaussian asks for. Too few networks to know that quantile get the
     * largest residual or the quantile of Student's t, whichever is more.
     */
    static double of(double[] standardised) {
        double[] distances = Arrays.stream(standardised).map(Math::abs).sorted().toArray();
        int rank = (int) Math.ceil(COVERED * (distances.length + 1));
        if (rank <= distances.length) {
            return Math.max(GAUSSIAN, distances[rank - 1]);
        }
        double student = new TDistribution(Math.max(1, distances.length - 1)).inverseCumulativeProbability((1 + COVERED) / 2);
        return Math.max(student, distances.length == 0 ? 0 : distances[distances.length - 1]);
    }
}
