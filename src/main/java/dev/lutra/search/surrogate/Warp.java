package dev.lutra.search.surrogate;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * From accuracies to targets of deviation 1 around 0, by {@code −log(top − accuracy)}: near the top, where networks differ by
 * little, differences are stretched.
 *
 * @param top an accuracy that no network reaches
 * @param mean of the logarithms
 * @param deviation of the logarithms
 */
public record Warp(double top, double mean, double deviation) {

    /** How far above the best accuracy the top may lie, in parts of the range of accuracies. */
    private static final double[] MARGINS = {0.1, 0.25, 0.5, 1, 3, 20};
    /** Accuracies that differ by less are equal: no top lies between them and parts of their range. */
    private static final double ROUNDING = 1e-12;

    /** Warps of some accuracies, to choose from by likelihood. */
    static List<Warp> of(double[] accuracies) {
        double best = Arrays.stream(accuracies).max().orElseThrow();
        double range = best - Arrays.stream(accuracies).min().orElseThrow();
        double unit = range > ROUNDING ? range : 1;
        return DoubleStream.of(MARGINS).mapToObj(margin -> at(best + margin * unit, accuracies)).toList();
    }

    private static Warp at(double top, double[] accuracies) {
        double[] logarithms = Arrays.stream(accuracies).map(accuracy -> -Math.log(top - accuracy)).toArray();
        double mean = Arrays.stream(logarithms).average().orElseThrow();
        double variance = Arrays.stream(logarithms).map(value -> (value - mean) * (value - mean)).average().orElseThrow();
        return new Warp(top, mean, variance > 0 ? Math.sqrt(variance) : 1);
    }

    public double target(double accuracy) {
        return (-Math.log(top - accuracy) - mean) / deviation;
    }

    double[] targets(double[] accuracies) {
        return Arrays.stream(accuracies).map(this::target).toArray();
    }

    /** How much a target changes with its accuracy. */
    double slope(double accuracy) {
        return 1 / ((top - accuracy) * deviation);
    }

    /** The accuracy whose target this is. */
    public double accuracy(double target) {
        return top - Math.exp(-(mean + deviation * target));
    }

    /**
     * Expected excess over an accuracy: of {@code max(0, a − bound)} where the target of a is normal.
     *
     * @param expected mean of the target
     * @param spread deviation of the target
     */
    public double excess(double expected, double spread, double bound) {
        if (bound >= top) {
            return 0;
        }
        double z = (expected - target(bound)) / spread;
        double sigma = deviation * spread;
        double gain = (top - bound) * Normal.below(z)
            - Math.exp(-(mean + deviation * expected) + 0.5 * sigma * sigma) * Normal.below(z - sigma);
        return Math.max(0, gain);
    }

    /** Log of the change of density. */
    double logJacobian(double[] accuracies) {
        return Arrays.stream(accuracies).map(accuracy -> Math.log(slope(accuracy))).sum();
    }
}
