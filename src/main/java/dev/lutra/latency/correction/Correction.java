package dev.lutra.latency.correction;

import dev.lutra.latency.correction.CorrectionPart.Member;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.CorrectionVariances;
import dev.lutra.proto.WholeNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.DecompositionSolver;

/**
 * Sums of segments as whole networks corrected them: Bayesian linear regression (a Gaussian process over networks) in closed
 * form, with {@link CorrectionPart} as the prior. Computed from a table's entries and its calibration's networks and variances.
 */
public final class Correction {

    /** A segment as corrected: its time, and its covariance with each fitted network. */
    private record Corrected(Member member, double nanos, double[] covariances) {}

    /** Of a whole network. */
    public static final long LEAST_NANOS = 1;

    /** A network of less weight, nearly seven deviations off, was disturbed and says nothing of others. */
    private static final double LEAST_UNDISTURBED = 0.1;

    private final MeasuredNetworks evidence;
    private final CorrectionVariances variances;
    private final DecompositionSolver solver;
    private final double[] solved;
    private final double bias;
    private final double deviations;
    private final Optional<TailRatio> tail;
    private final SegmentTimes table;
    private final Map<String, Corrected> segments = new ConcurrentHashMap<>();

    private Correction(SegmentTimes table, MeasuredNetworks evidence, List<WholeNetwork> networks, CorrectionVariances variances,
        double[] weights) {
        this.table = table;
        this.evidence = evidence;
        this.variances = variances;
        CholeskyDecomposition covariance = evidence.covariance(variances, weights);
        solver = covariance.getSolver();
        solved = solver.solve(new ArrayRealVector(evidence.residuals(), false)).toArray();
        double sum = 0;
        for (double value : solved) {
            sum += value;
        }
        bias = variances.getBias() * sum;
        deviations = CoverageFactor.of(undisturbed(evidence.leftOut(covariance, variances, weights), weights));
        tail = TailRatio.of(networks);
    }

    /** The correction of a calibrated table. */
    public static Correction of(SegmentTimes table, Calibration calibration) {
        List<WholeNetwork> fitted = calibration.getNetworksList().stream()
            .filter(network -> !network.getHeldOut() && !network.getSuperseded()).toList();
        return new Correction(table, new MeasuredNetworks(table, fitted), fitted, calibration.getVariances(),
            fitted.stream().mapToDouble(WholeNetwork::getWeight).toArray());
    }

    /** The correction that a fit to some networks gives. */
    static Correction of(SegmentTimes table, List<WholeNetwork> networks, VarianceSearch.Fit fit) {
        return new Correction(table, new MeasuredNetworks(table, networks), networks, fit.variances(), fit.weights());
    }

    private static double[] undisturbed(double[] leftOut, double[] weights) {
        return IntStream.range(0, weights.length).filter(i -> weights[i] >= LEAST_UNDISTURBED).mapToDouble(i -> leftOut[i])
            .toArray();
    }

    private Corrected corrected(String key) {
        return segments.computeIfAbsent(key, k -> {
            Member member = evidence.member(key);
            double[] covariances = evidence.covarianceWith(member, variances);
            double residual = 0;
            for (int i = 0; i < solved.length; i++) {
                residual += covariances[i] * solved[i];
            }
            return new Corrected(member, Math.max(0, (member.size() + residual) * evidence.unitNanos()), covariances);
        });
    }

    /** Whether predictions have a p99. */
    public boolean predictsP99() {
        return tail.isPresent();
    }

    /** What a whole network takes, before its segments: the call and the bias. */
    public double biasNanos() {
        return evidence.ratio() * table.callOverheadNanos() + bias * evidence.unitNanos();
    }

    /** What a segment adds to a network that has it, at least 0. */
    public double addedNanos(String key) {
        return corrected(key).nanos();
    }

    /**
     * The p99 of a network of this median latency.
     *
     * @throws java.util.NoSuchElementException if there is none
     */
    public long p99Nanos(long medianNanos) {
        return tail.orElseThrow().nanosAt(medianNanos);
    }

    /** Whether a network of a longer median never has a smaller p99. */
    public boolean isP99Monotone() {
        return tail.map(TailRatio::isMonotone).orElse(false);
    }

    /** Of all entries. */
    double scale(List<WholeNetwork> fitted) {
        double sum = 0;
        for (int i = 0; i < solved.length; i++) {
            double size = fitted.get(i).getSegmentsList().stream().mapToDouble(key -> evidence.member(key).size()).sum();
            sum += size * solved[i];
        }
        return evidence.ratio() * (1 + variances.getScale() * sum);
    }

    /**
     * Predicts a network of these segments, in any order. A segment that would make its network faster counts nothing.
     */
    public CorrectedLatency predict(List<String> keys) {
        List<Corrected> all = new ArrayList<>();
        keys.forEach(key -> all.add(corrected(key)));
        double nanos = Math.max(LEAST_NANOS, biasNanos() + all.stream().mapToDouble(Corrected::nanos).sum());
        double reach = deviations * Math.sqrt(variance(all, nanos / evidence.unitNanos())) * evidence.unitNanos();
        Interval interval = new Interval(Math.round(Math.max(0, nanos - reach)), Math.round(nanos + reach));
        long rounded = Math.round(nanos);
        return new CorrectedLatency(rounded, interval, tail.map(ratio -> ratio.at(rounded, reach / nanos)));
    }

    /** Of what one measurement of the network would give: the parameters' part, the network's own, and the measurement's. */
    private double variance(List<Corrected> all, double latency) {
        double prior = variances.getBias();
        double[] covariances = new double[solved.length];
        Arrays.fill(covariances, variances.getBias());
        for (int i = 0; i < all.size(); i++) {
            for (int j = 0; j < all.size(); j++) {
                prior += MeasuredNetworks.covariance(all.get(i).member(), all.get(j).member(), variances);
            }
            for (int n = 0; n < covariances.length; n++) {
                covariances[n] += all.get(i).covariances()[n];
            }
        }
        ArrayRealVector vector = new ArrayRealVector(covariances, false);
        double known = solver.solve(vector).dotProduct(vector);
        return Math.max(0, prior - known) + (variances.getNetwork() + evidence.meanStated()) * latency * latency;
    }
}
