package dev.lutra.latency.correction;

import dev.lutra.proto.Distribution;
import dev.lutra.proto.WholeNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * How much longer than the median the slowest hundredth of a network's calls take. p99s of segments do not add up: whatever
 * interrupts one segment does not interrupt the others in the same call. So the ratio p99 / p50 is learned from whole networks,
 * in logarithms: one level, the median, or, where leaving each network out shows that it predicts better, a Theil–Sen line
 * over the logarithm of the median latency (long calls have more time to be interrupted). Verified networks
 * {@linkplain Superseding may say} that the older ones no longer hold.
 */
final class TailRatio {

    private static final int LEAST_FOR_A_LINE = 8;
    private static final double UNTOLD = 0.025; // of cases in which the largest sample lies below the quantile
    private static final double LINE_MUST_REACH = 0.9; // of the level's error

    /** Logarithms of a network's median and of its ratio, and whether it was measured to verify what others foretold. */
    private record Point(double median, double ratio, boolean isVerified) {}

    private record Line(double slope, double level) {

        static Line flat(List<Point> points) {
            return new Line(0, median(points.stream().map(Point::ratio).toList()));
        }

        static Line sloped(List<Point> points) {
            List<Double> slopes = new ArrayList<>();
            for (int i = 0; i < points.size(); i++) {
                for (int j = 0; j < i; j++) {
                    double run = points.get(i).median() - points.get(j).median();
                    if (run != 0) {
                        slopes.add((points.get(i).ratio() - points.get(j).ratio()) / run);
                    }
                }
            }
            if (slopes.isEmpty()) {
                return flat(points);
            }
            double slope = median(slopes);
            return new Line(slope, median(points.stream().map(point -> point.ratio() - slope * point.median()).toList()));
        }

        static Line fit(List<Point> points, boolean sloped) {
            return sloped ? sloped(points) : flat(points);
        }

        double at(double median) {
            return level + slope * median;
        }
    }

    private final Line line;
    private final double deviation;

    private TailRatio(List<Point> points) {
        double[] flat = leftOut(points, false);
        double[] sloped = points.size() < LEAST_FOR_A_LINE ? flat : leftOut(points, true);
        boolean earned = meanAbsolute(sloped) < LINE_MUST_REACH * meanAbsolute(flat);
        line = Line.fit(points, earned);
        double[] errors = earned ? sloped : flat;
        double square = 0;
        for (double error : errors) {
            square += error * error / errors.length;
        }
        double root = Math.max(Math.sqrt(square), Double.MIN_NORMAL);
        double[] standardised = errors.clone();
        for (int i = 0; i < errors.length; i++) {
            standardised[i] /= root;
        }
        deviation = root * CoverageFactor.of(standardised);
    }

    /**
     * Whether a distribution's p99 is one. Of fewer samples than this takes, the nearest rank is their maximum or next to it, and
     * agents of former versions stated that; published figures do not say of how many samples they are.
     */
    static boolean isStated(Distribution latency) {
        return latency.getP99Nanos() > 0 && (latency.getSamples() == 0 || Math.pow(0.99, latency.getSamples()) <= UNTOLD);
    }

    /** Empty where fewer than two networks state a p99. */
    static Optional<TailRatio> of(List<WholeNetwork> networks) {
        List<Point> points = networks.stream().filter(network -> isStated(network.getLatency())).map(network -> {
            double median = network.getLatency().getP50Nanos();
            return new Point(Math.log(median), Math.log(network.getLatency().getP99Nanos() / median), network.getVerified());
        }).toList();
        List<Point> current = Superseding.current(points, Point::isVerified,
            (others, one) -> one.ratio() - Line.flat(others).at(one.median()));
        return points.size() < 2 ? Optional.empty() : Optional.of(new TailRatio(current));
    }

    private static double[] leftOut(List<Point> points, boolean sloped) {
        double[] errors = new double[points.size()];
        for (int i = 0; i < errors.length; i++) {
            List<Point> others = new ArrayList<>(points);
            Point left = others.remove(i);
            errors[i] = left.ratio() - Line.fit(others, sloped).at(left.median());
        }
        return errors;
    }

    private static double meanAbsolute(double[] errors) {
        double sum = 0;
        for (double error : errors) {
            sum += Math.abs(error) / errors.length;
        }
        return sum;
    }

    private static double median(List<Double> values) {
        return new Median().evaluate(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** A slope of less than −1 would make the p99 fall where the median rises. */
    boolean isMonotone() {
        return line.slope() >= -1;
    }

    private double exactNanosAt(long medianNanos) {
        return medianNanos * Math.exp(Math.max(0, line.at(Math.log(Math.max(1, medianNanos)))));
    }

    long nanosAt(long medianNanos) {
        return Math.round(exactNanosAt(medianNanos));
    }

    /**
     * @param medianReach half width of the median's own interval, relative to it
     */
    CorrectedLatency.Tail at(long medianNanos, double medianReach) {
        double reach = Math.hypot(deviation, medianReach);
        double nanos = exactNanosAt(medianNanos);
        return new CorrectedLatency.Tail(Math.round(nanos),
            new Interval(Math.round(nanos * Math.exp(-reach)), Math.round(nanos * Math.exp(reach))));
    }
}
