package dev.lutra.latency.correction;

import dev.lutra.proto.Calibration;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.ranking.RankCorrelation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Corrects sums of segments by whole networks measured on the device: caches, fusion across segments, launches and clocks under
 * sustained load make a network faster or slower than its parts.
 *
 * <p>The correction is a regularised regression with the measured entries as its prior: all entries may be wrong by one factor,
 * every network by one bias, every kind of op by a time for each occurrence, segments by a factor that similar ones share and by
 * one of their own ({@link CorrectionPart}). How far each may go, the networks say themselves: few of them leave hardly more than
 * the ratio of measured and sum, many bring out single segments ({@link VarianceSearch}). A network that was disturbed while it
 * was measured loses its weight. Errors are stated on networks that no part of this has seen. docs/background/prediction.md has the
 * formulas.
 */
public final class Calibrator {

    private static final double HALF_WIDTH_OF_DEVIATION = 1.96;
    private static final double MEAN_ABSOLUTE = Math.sqrt(2 / Math.PI); // of a Gaussian of deviation 1

    private Calibrator() {}

    /**
     * Fits the correction to the networks that are not held out and states its error on those that are.
     *
     * @param table has every segment of every network; a calibration of its own plays no part
     * @param networks measured whole networks with the keys of their segments
     * @return to be put into the table
     * @throws IllegalArgumentException if fewer than two may be fitted, none is held out, or one is not measured
     * @throws dev.lutra.InputException if entries or networks name different estimators
     */
    public static Calibration fit(SegmentTimes table, List<WholeNetwork> networks) {
        table.requireOneEstimator(networks);
        List<WholeNetwork> fitted = networks.stream().filter(network -> !network.getHeldOut()).toList();
        List<WholeNetwork> heldOut = networks.stream().filter(WholeNetwork::getHeldOut).toList();
        if (fitted.size() < 2 || heldOut.isEmpty()) {
            throw new IllegalArgumentException("calibration: " + fitted.size() + " networks to fit and " + heldOut.size()
                + " held out (expected: at least 2 and 1)");
        }
        for (WholeNetwork network : networks) {
            if (network.getLatency().getP50Nanos() < 1) {
                throw new IllegalArgumentException("calibration: " + network.getArchitecture() + ": measured "
                    + network.getLatency().getP50Nanos() + " (expected: more than 0 ns)");
            }
        }
        List<WholeNetwork> current = Superseding.current(fitted, WholeNetwork::getVerified, (others, network) -> error(table, others, network));
        VarianceSearch.Fit fit = VarianceSearch.in(new MeasuredNetworks(table, current));
        Calibration.Builder calibration = Calibration.newBuilder().setVariances(fit.variances())
            .setFittedOn(current.size()).setHeldOut(heldOut.size());
        for (WholeNetwork network : fitted) {
            int place = current.indexOf(network);
            calibration.addNetworks(withSum(table, network).setWeight(place < 0 ? 1 : fit.weights()[place]).setSuperseded(place < 0));
        }
        heldOut.forEach(network -> calibration.addNetworks(withSum(table, network)));
        Correction correction = Correction.of(table, calibration.build());
        calibration.setScale(correction.scale(current)).setBiasNanos(correction.biasNanos());
        judge(calibration, correction, calibration.getNetworksList().stream().filter(WholeNetwork::getHeldOut).toList());
        return calibration.build();
    }

    /** Relative error of a network's prediction by others. */
    private static double error(SegmentTimes table, List<WholeNetwork> others, WholeNetwork network) {
        VarianceSearch.Fit fit = VarianceSearch.in(new MeasuredNetworks(table, others));
        double nanos = Correction.of(table, others, fit).predict(network.getSegmentsList()).nanos();
        return nanos / network.getLatency().getP50Nanos() - 1;
    }

    private static WholeNetwork.Builder withSum(SegmentTimes table, WholeNetwork network) {
        return network.toBuilder().setSumOfSegmentsNanos(table.sumNanos(network.getSegmentsList()));
    }

    private static void judge(Calibration.Builder calibration, Correction correction, List<WholeNetwork> heldOut) {
        List<CorrectedLatency> predictions = heldOut.stream()
            .map(network -> correction.predict(network.getSegmentsList())).toList();
        double[] measured = values(heldOut, network -> network.getLatency().getP50Nanos());
        double[] sums = values(heldOut, WholeNetwork::getSumOfSegmentsNanos);
        double[] predicted = values(predictions, CorrectedLatency::nanos);
        double[] errors = errors(predicted, measured);
        double[] covered = new double[measured.length];
        for (int i = 0; i < covered.length; i++) {
            covered[i] = predictions.get(i).interval().contains((long) measured[i]) ? 1 : 0;
        }
        calibration.setMeanRelativeError(mean(errors)).setWorstRelativeError(max(errors))
            .setWithin5Percent(share(errors, 0.05)).setWithin10Percent(share(errors, 0.1))
            .setUncalibratedMeanRelativeError(mean(errors(sums, measured)))
            .setKendallTau(RankCorrelation.kendall(predicted, measured)).setUncalibratedKendallTau(RankCorrelation.kendall(sums, measured))
            .setIntervalCoverage(mean(covered)).setNoiseFloor(noiseFloor(heldOut));
        judgeTails(calibration, predictions, heldOut);
    }

    private static void judgeTails(Calibration.Builder calibration, List<CorrectedLatency> predictions,
        List<WholeNetwork> heldOut) {
        List<Double> errors = new ArrayList<>();
        List<Double> covered = new ArrayList<>();
        for (int i = 0; i < heldOut.size(); i++) {
            long measured = heldOut.get(i).getLatency().getP99Nanos();
            if (TailRatio.isStated(heldOut.get(i).getLatency()) && predictions.get(i).p99().isPresent()) {
                CorrectedLatency.Tail tail = predictions.get(i).p99().get();
                errors.add(Math.abs(tail.nanos() - measured) / (double) measured);
                covered.add(tail.interval().contains(measured) ? 1.0 : 0);
            }
        }
        calibration.setP99MeanRelativeError(mean(values(errors, error -> error)))
            .setP99IntervalCoverage(mean(values(covered, share -> share)));
    }

    /** NaN where a network does not state its interval. */
    private static double noiseFloor(List<WholeNetwork> networks) {
        return mean(values(networks, network -> {
            double halfWidth = network.getLatency().getRelativeHalfWidth();
            return halfWidth > 0 && Double.isFinite(halfWidth) ? MEAN_ABSOLUTE * halfWidth / HALF_WIDTH_OF_DEVIATION : Double.NaN;
        }));
    }

    private static <T> double[] values(List<T> of, ToDoubleFunction<T> value) {
        return of.stream().mapToDouble(value).toArray();
    }

    private static double[] errors(double[] predicted, double[] measured) {
        double[] errors = new double[measured.length];
        for (int i = 0; i < errors.length; i++) {
            errors[i] = Math.abs(predicted[i] - measured[i]) / measured[i];
        }
        return errors;
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    private static double max(double[] values) {
        return Arrays.stream(values).max().orElse(Double.NaN);
    }

    private static double share(double[] errors, double within) {
        return mean(Arrays.stream(errors).map(error -> error <= within ? 1 : 0).toArray());
    }
}
