package dev.lutra.latency.correction;

import dev.lutra.proto.NetworkMemory;
import dev.lutra.proto.WholeNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.apache.commons.math3.stat.regression.OLSMultipleLinearRegression;

/**
 * The peak memory of whole networks on a device, learned from some that were measured. Peaks of segments do not add up, so it follows
 * from two figures of the whole network: the bytes of its weights, and the largest sum of activations that are there at the same time
 * ({@link dev.lutra.cost.LiveValues}). A runtime keeps weights in several forms and plans activations in its own way, so the peak is a
 * base and a factor on the sum of both or, where leaving each network out shows that it predicts better, a factor on each
 * (least squares).
 */
public final class MemoryModel {

    /** Fewer networks do not tell a base, a factor and an error. */
    public static final int FEWEST = 4;
    private static final int FEWEST_FOR_TWO = 6;
    private static final double LARGEST = 0x1p52;

    /** What a network is expected to take. */
    public record Predicted(long bytes, Interval interval) {}

    private record Point(double weights, double live, double peak) {}

    private record Plane(double base, double aWeight, double aLive) {

        /** One factor; a network with more of both never takes less. */
        static Plane common(List<Point> points) {
            double meanSum = points.stream().mapToDouble(point -> point.weights() + point.live()).average().orElseThrow();
            double meanPeak = points.stream().mapToDouble(Point::peak).average().orElseThrow();
            double squares = 0;
            double products = 0;
            for (Point point : points) {
                double off = point.weights() + point.live() - meanSum;
                squares += off * off;
                products += off * (point.peak() - meanPeak);
            }
            double factor = squares == 0 ? 0 : Math.max(0, products / squares);
            return new Plane(meanPeak - factor * meanSum, factor, factor);
        }

        /** A factor each; where the networks do not tell them apart, or one would be below 0, one for both. */
        static Plane separate(List<Point> points) {
            OLSMultipleLinearRegression regression = new OLSMultipleLinearRegression();
            regression.newSampleData(points.stream().mapToDouble(Point::peak).toArray(),
                points.stream().map(point -> new double[]{point.weights(), point.live()}).toArray(double[][]::new));
            try {
                double[] found = regression.estimateRegressionParameters();
                return found[1] < 0 || found[2] < 0 ? common(points) : new Plane(found[0], found[1], found[2]);
            } catch (SingularMatrixException e) {
                return common(points);
            }
        }

        static Plane fit(List<Point> points, boolean separate) {
            return separate ? separate(points) : common(points);
        }

        double at(double weights, double live) {
            return base + aWeight * weights + aLive * live;
        }
    }

    private final Plane plane;
    private final double reach;
    private final int fittedOn;
    private final double meanRelativeError;

    private MemoryModel(List<Point> points) {
        double[] common = leftOut(points, false);
        double[] separate = points.size() < FEWEST_FOR_TWO ? common : leftOut(points, true);
        boolean earned = meanSquare(separate) < meanSquare(common);
        double[] errors = earned ? separate : common;
        plane = Plane.fit(points, earned);
        double root = Math.max(Math.sqrt(meanSquare(errors)), 1);
        double[] standardised = errors.clone();
        double relative = 0;
        for (int i = 0; i < errors.length; i++) {
            standardised[i] /= root;
            relative += Math.abs(errors[i]) / points.get(i).peak() / errors.length;
        }
        reach = root * CoverageFactor.of(standardised);
        fittedOn = points.size();
        meanRelativeError = relative;
    }

    /** Empty where too few networks state their memory. */
    public static Optional<MemoryModel> of(List<WholeNetwork> networks) {
        List<Point> points = networks.stream().filter(WholeNetwork::hasMemory).map(WholeNetwork::getMemory)
            .map(memory -> new Point(memory.getWeightBytes(), memory.getLiveBytes(), memory.getMeasured().getPeakBytes())).toList();
        return points.size() < FEWEST ? Optional.empty() : Optional.of(new MemoryModel(points));
    }

    private static double[] leftOut(List<Point> points, boolean separate) {
        double[] errors = new double[points.size()];
        for (int i = 0; i < errors.length; i++) {
            List<Point> others = new ArrayList<>(points);
            Point left = others.remove(i);
            errors[i] = left.peak() - Plane.fit(others, separate).at(left.weights(), left.live());
        }
        return errors;
    }

    private static double meanSquare(double[] errors) {
        double sum = 0;
        for (double error : errors) {
            sum += error * error / errors.length;
        }
        return sum;
    }

    /** How many networks it was learned from. */
    public int fittedOn() {
        return fittedOn;
    }

    /** Mean error of the networks, each left out, relative to what was measured. */
    public double meanRelativeError() {
        return meanRelativeError;
    }

    /** The peak of a network with these bytes of weights and of activations at the same time, at least one byte. */
    public long bytes(long weightBytes, long liveBytes) {
        return bounded(plane.at(weightBytes, liveBytes));
    }

    /** The same with the interval that its measured peak should lie in. */
    public Predicted predict(NetworkMemory network) {
        double peak = plane.at(network.getWeightBytes(), network.getLiveBytes());
        return new Predicted(bounded(peak), new Interval(bounded(peak - reach), bounded(peak + reach)));
    }

    private static long bounded(double bytes) {
        return Math.round(Math.max(1, Math.min(LARGEST, bytes)));
    }
}
