package dev.lutra.network;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * In how many bits a convolution or linear layer multiplies. One bit, which takes grids of its own, is not among them.
 *
 * @param weights of each weight: {@value #FEWEST} to {@value #MOST}, or {@value #REAL} for float32
 * @param activations of each value that the weights are multiplied with, the same
 */
public record Bits(int weights, int activations) {

    /** The most that is quantized. */
    public static final int MOST = 8;
    /** The fewest. */
    public static final int FEWEST = 2;
    /** What stands for numbers that are not quantized. */
    private static final int REAL = 32;

    /** Float32 throughout. */
    public static final Bits FLOAT = new Bits(REAL, REAL);

    private static final Pattern TEXT = Pattern.compile("(\\d{1,2})(?:\\.(\\d{1,2}))?");

    public Bits {
        if (!isOffered(weights) || !isOffered(activations)) {
            throw new IllegalArgumentException(weights + "." + activations + " (expected: " + FEWEST + " to " + MOST + " bits, or " + REAL
                + " for float32, such as 8 or 4.8 for weights.activations)");
        }
    }

    private static boolean isOffered(int bits) {
        return bits >= FEWEST && bits <= MOST || bits == REAL;
    }

    /**
     * Reads {@code 4.8}, weights before activations, or {@code 8} for both.
     *
     * @throws IllegalArgumentException if it is neither, or there is no such precision
     */
    public static Bits of(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' (expected: bits such as 8, or 4.8 for weights.activations)");
        }
        int weights = Integer.parseInt(matcher.group(1));
        return new Bits(weights, matcher.group(2) == null ? weights : Integer.parseInt(matcher.group(2)));
    }

    /** Whether weights lie on a grid. */
    public boolean quantizesWeights() {
        return weights != REAL;
    }

    /** Whether what the weights are multiplied with lies on a grid. */
    public boolean quantizesActivations() {
        return activations != REAL;
    }

    /** Whether both do, so that integers can be multiplied. */
    public boolean isInteger() {
        return quantizesWeights() && quantizesActivations();
    }

    /**
     * How many numbers a byte has for a step of the weights' grid, where they lie on one. As many as there are, because biases are counted in
     * products of steps: with few bits these would be coarse.
     */
    public int bytesPerStep() {
        return Byte.MAX_VALUE / ((1 << weights - 1) - 1);
    }

    /** The product of both, by which multiplications are weighed in BitOps. */
    public int product() {
        return weights * activations;
    }

    /** The shorter form: {@code 8} where both are 8, {@code 4.8} where they differ. */
    @Override
    public String toString() {
        return weights == activations ? Integer.toString(weights) : weights + "." + activations;
    }
}
