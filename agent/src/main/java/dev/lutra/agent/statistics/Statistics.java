package dev.lutra.agent.statistics;

import java.util.Arrays;

/** The few estimators that measuring needs. */
public final class Statistics {

    /** The point of the standard normal distribution that 2.5 % lie beyond. */
    public static final double NORMAL_975 = 1.959964;
    /** The median distance from the median times this is the standard deviation, for normal values. */
    public static final double ROBUST = 1.4826;

    private Statistics() {}

    /** The value below which a fraction of the values lies, between neighbours by linear interpolation. */
    public static double quantile(double[] values, double fraction) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return quantileOfSorted(sorted, fraction);
    }

    public static double quantileOfSorted(double[] sorted, double fraction) {
        double position = fraction * (sorted.length - 1);
        int below = (int) position;
        double above = below + 1 < sorted.length ? sorted[below + 1] : sorted[below];
        return sorted[below] + (position - below) * (above - sorted[below]);
    }

    public static double median(double[] values) {
        return quantile(values, 0.5);
    }

    /** The unbiased variance; 0 of a single value. */
    public static double variance(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
        return values.length == 1 ? 0 : squares / (values.length - 1);
    }

    /**
     * The point of Student's t distribution that 2.5 % lie beyond, by the expansion of Abramowitz and Stegun 26.7.5: within
     * 1 % from three degrees of freedom on.
     */
    public static double student975(double degreesOfFreedom) {
        double z = NORMAL_975;
        double v = degreesOfFreedom;
        double z2 = z * z;
        return z + z * (z2 + 1) / (4 * v)
            + z * ((5 * z2 + 16) * z2 + 3) / (96 * v * v)
            + z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * v * v * v);
    }
}
