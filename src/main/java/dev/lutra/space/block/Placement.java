package dev.lutra.space.block;

import dev.lutra.network.Width;

/**
 * Where a block stands.
 *
 * @param channels output channels
 * @param stride of the layer
 * @param scale factor on the block's inner width
 * @param largestScale largest factor the layer offers, which the shared weights are sized for
 */
public record Placement(int channels, int stride, double scale, double largestScale) {

    /** The same place at another inner width. */
    public Placement withScale(double factor) {
        return new Placement(channels, stride, factor, largestScale);
    }

    /** @throws IllegalArgumentException if the layer has a stride, for blocks that have none */
    void requireNoStride() {
        if (stride != 1) {
            throw new IllegalArgumentException("stride " + stride + " (expected: none; this block has no stride)");
        }
    }

    /**
     * An inner width under the channel scale: the product truncated, as the published code does (seed: {@code int(32·1.8) = 57}).
     */
    public Width scaled(int width) {
        return new Width((int) (width * scale), (int) (width * largestScale));
    }
}
