package dev.lutra.ranking;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;

/**
 * Intervals by drawing the sample again from itself (Efron 1979). Every statistic is computed on the same draws, so that the
 * difference of two has an interval of its own, narrower than theirs where they go together.
 */
final class Bootstrap {

    private static final int DRAWS = 2000;
    private static final double LOW = 2.5;
    private static final double HIGH = 97.5;

    private final int[] all;
    private final int[][] draws;

    /**
     * @param size of the sample
     */
    Bootstrap(int size, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        all = IntStream.range(0, size).toArray();
        draws = new int[DRAWS][];
        for (int i = 0; i < DRAWS; i++) {
            draws[i] = random.ints(size, 0, size).toArray();
        }
    }

    /**
     * @param statistic of a sample, given by the indices of its members; NaN where a sample does not tell it
     */
    Estimate of(ToDoubleFunction<int[]> statistic) {
        double value = statistic.applyAsDouble(all);
        double[] drawn = Arrays.stream(draws).parallel().mapToDouble(statistic).filter(Double::isFinite).toArray();
        if (drawn.length == 0) {
            return new Estimate(value, Double.NaN, Double.NaN);
        }
        Percentile percentile = new Percentile();
        percentile.setData(drawn);
        return new Estimate(value, percentile.evaluate(LOW), percentile.evaluate(HIGH));
    }

    /** The values of a sample, given by indices. */
    static double[] at(double[] values, int[] indices) {
        double[] at = new double[indices.length];
        for (int i = 0; i < at.length; i++) {
            at[i] = values[indices[i]];
        }
        return at;
    }
}
