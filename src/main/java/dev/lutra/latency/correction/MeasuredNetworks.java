package dev.lutra.latency.correction;

import dev.lutra.latency.correction.CorrectionPart.Member;
import dev.lutra.proto.CorrectionVariances;
import dev.lutra.proto.WholeNetwork;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * Measured networks as a regression sees them: how often each contains each segment, how far it is from its scaled sum, and what
 * each part of a correction makes two of them share. Latencies are relative to the median network.
 */
final class MeasuredNetworks {

    private static final double QUANTILE_95 = 1.96;
    /** Half of the 95 % interval that a network of a single round has at least: what rounds of one network differ by on a busy machine. */
    private static final double LEAST_UNTOLD = 0.1;
    /** Against round-off where two networks are alike; far below what anyone measures. */
    private static final double JITTER = 1e-10;
    private static final double NO_SYMMETRY_CHECK = 1e9;

    private final SegmentTimes table;
    private final Map<String, Member> members = new LinkedHashMap<>();
    private final double ratio;
    private final double unitNanos;
    private final double opSize;
    private final RealMatrix counts;
    private final double[] residuals;
    private final double[] squares;
    private final double[] stated;
    private final List<WholeNetwork> networks;
    private final Map<CorrectionPart, RealMatrix> shared = new EnumMap<>(CorrectionPart.class);

    /**
     * @param networks at least one, every segment of which the table has
     */
    MeasuredNetworks(SegmentTimes table, List<WholeNetwork> networks) {
        this.table = table;
        this.networks = List.copyOf(networks);
        int size = networks.size();
        double[] measured = networks.stream().mapToDouble(network -> network.getLatency().getP50Nanos()).toArray();
        double[] sums = networks.stream().mapToDouble(network -> table.sumNanos(network.getSegmentsList())).toArray();
        double[] ratios = new double[size];
        for (int i = 0; i < size; i++) {
            ratios[i] = measured[i] / sums[i];
        }
        ratio = new Median().evaluate(ratios);
        unitNanos = new Median().evaluate(measured);
        opSize = size / (double) networks.stream().flatMap(network -> network.getSegmentsList().stream())
            .mapToInt(key -> SegmentTraits.of(table.signature(key)).opCount()).sum();
        List<String> keys = networks.stream().flatMap(network -> network.getSegmentsList().stream()).distinct().toList();
        keys.forEach(key -> members.put(key, member(key)));
        counts = new Array2DRowRealMatrix(size, keys.size());
        residuals = new double[size];
        squares = new double[size];
        stated = new double[size];
        for (int i = 0; i < size; i++) {
            for (String key : networks.get(i).getSegmentsList()) {
                counts.addToEntry(i, keys.indexOf(key), 1);
            }
            residuals[i] = (measured[i] - ratio * sums[i]) / unitNanos;
            squares[i] = Math.pow(measured[i] / unitNanos, 2);
            stated[i] = Math.pow(halfWidth(networks, i) / QUANTILE_95, 2) * squares[i];
        }
        share();
    }

    /** A network that cannot tell how well it is known is known no better than the worst of those that can. */
    private static double halfWidth(List<WholeNetwork> networks, int i) {
        double own = networks.get(i).getLatency().getRelativeHalfWidth();
        return Double.isFinite(own)
            ? own
            : networks.stream().mapToDouble(network -> network.getLatency().getRelativeHalfWidth()).filter(Double::isFinite)
                .reduce(LEAST_UNTOLD, Math::max);
    }

    private void share() {
        List<Member> all = new ArrayList<>(members.values());
        for (CorrectionPart part : CorrectionPart.values()) {
            if (part.isOfSegments()) {
                RealMatrix between = new Array2DRowRealMatrix(all.size(), all.size());
                for (int i = 0; i < all.size(); i++) {
                    for (int j = 0; j <= i; j++) {
                        double covariance = part.covariance(all.get(i), all.get(j));
                        between.setEntry(i, j, covariance);
                        between.setEntry(j, i, covariance);
                    }
                }
                shared.put(part, counts.multiply(between).multiply(counts.transpose()));
            }
        }
        shared.put(CorrectionPart.BIAS, new Array2DRowRealMatrix(size(), size()).scalarAdd(1));
    }

    /** Any segment of the table in these units. */
    Member member(String key) {
        Member known = members.get(key);
        return known != null
            ? known
            : new Member(key, ratio * table.ownNanos(key) / unitNanos, opSize,
                SegmentTraits.of(table.signature(key)));
    }

    /** Whether a network was measured to verify a prediction, so that it is not taken for disturbed. */
    boolean isVerified(int i) {
        return networks.get(i).getVerified();
    }

    int size() {
        return residuals.length;
    }

    /** Median of measured / sum. */
    double ratio() {
        return ratio;
    }

    /** The median network. */
    double unitNanos() {
        return unitNanos;
    }

    /** Measured less scaled sum. */
    double[] residuals() {
        return residuals.clone();
    }

    /** Variance of the median network's measurement, as the networks state it on average. */
    double meanStated() {
        double sum = 0;
        for (int i = 0; i < size(); i++) {
            sum += stated[i] / squares[i];
        }
        return sum / size();
    }

    /** Variance of network {@code i} by itself, as if nothing had disturbed it. */
    private double own(int i, CorrectionVariances variances) {
        return variances.getNetwork() * squares[i] + stated[i];
    }

    /**
     * Of the residuals.
     *
     * @param weights of the networks; one of weight 1/2 has twice the variance of its own
     */
    CholeskyDecomposition covariance(CorrectionVariances variances, double[] weights) {
        RealMatrix sum = new Array2DRowRealMatrix(size(), size());
        shared.forEach((part, matrix) -> {
            double variance = part.in(variances);
            for (int i = 0; i < size(); i++) {
                for (int j = 0; j < size(); j++) {
                    sum.addToEntry(i, j, variance * matrix.getEntry(i, j));
                }
            }
        });
        for (int i = 0; i < size(); i++) {
            sum.addToEntry(i, i, own(i, variances) / weights[i] + JITTER);
        }
        return new CholeskyDecomposition(sum, NO_SYMMETRY_CHECK, 0);
    }

    /**
     * The networks' residuals, each as the others predict it, in the deviations that hold for an undisturbed network
     * (Sundararajan and Keerthi 2001: leaving out costs no fit of its own).
     *
     * @param covariance as {@link #covariance} gives it for the same variances and weights
     */
    double[] leftOut(CholeskyDecomposition covariance, CorrectionVariances variances, double[] weights) {
        RealMatrix inverse = covariance.getSolver().getInverse();
        double[] solved = inverse.operate(residuals);
        double[] standardised = new double[size()];
        for (int i = 0; i < size(); i++) {
            double own = own(i, variances);
            double variance = 1 / inverse.getEntry(i, i) - own / weights[i] + own;
            standardised[i] = solved[i] / inverse.getEntry(i, i) / Math.sqrt(variance);
        }
        return standardised;
    }

    /** Covariance, under the prior, of one segment and each network, the networks' bias left out. */
    double[] covarianceWith(Member segment, CorrectionVariances variances) {
        double[] perSegment = members.values().stream()
            .mapToDouble(member -> covariance(segment, member, variances)).toArray();
        return counts.operate(perSegment);
    }

    static double covariance(Member a, Member b, CorrectionVariances variances) {
        double sum = 0;
        for (CorrectionPart part : CorrectionPart.values()) {
            sum += part.isOfSegments() ? part.in(variances) * part.covariance(a, b) : 0;
        }
        return sum;
    }
}
