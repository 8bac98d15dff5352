package dev.lutra.ranking;

/**
 * A figure of a sample.
 *
 * @param low and {@code high}: the ends of its 95 % interval; NaN where the sample does not tell it
 */
public record Estimate(double value, double low, double high) {}
