package dev.lutra.agent.statistics;

import java.util.Arrays;

/** The few estimators that measuring needs. */
public final class Statistics {

    /** The point of the standard normal distribution that 2.5 % lie beyond. */
    public static final double NORMAL_975 = 1.959964;
    /** The median distance from the median times this is the standard deviation, for normal values. */
    public static final double ROBUST = 1.4826;

    /** From here on asymptotic series are exact to ten digits. */
    private static final double LARGE = 8;
    private static final int BISECTIONS = 50;

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

    /** The derivative of the logarithm of the gamma function, by Abramowitz and Stegun 6.3.5 and 6.3.18, of a positive number. */
    public static double digamma(double x) {
        double below = 0;
        double at = x;
        for (; at < LARGE; at++) {
            below += 1 / at;
        }
        double square = 1 / (at * at);
        return Math.log(at) - 1 / (2 * at) - square * (1 / 12.0 - square * (1 / 120.0 - square * (1 / 252.0 - square / 240))) - below;
    }

    /** The derivative of {@link #digamma}, by Abramowitz and Stegun 6.4.6 and 6.4.12. */
    public static double trigamma(double x) {
        double below = 0;
        double at = x;
        for (; at < LARGE; at++) {
            below += 1 / (at * at);
        }
        double square = 1 / (at * at);
        return (1 + 1 / (2 * at) + square * (1 / 6.0 - square * (1 / 30.0 - square * (1 / 42.0 - square / 30)))) / at + below;
    }

    /** Where {@link #trigamma} has a positive value, by bisection. */
    public static double inverseTrigamma(double value) {
        double low = 0;
        double high = 1;
        while (trigamma(high) > value) {
            low = high;
            high *= 2;
        }
        for (int i = 0; i < BISECTIONS; i++) {
            double middle = (low + high) / 2;
            if (trigamma(middle) > value) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
}
