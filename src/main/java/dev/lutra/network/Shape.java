package dev.lutra.network;

/**
 * Shape of one value for one image, without the batch.
 *
 * @param channels features, at least 1
 * @param height rows, 1 for a vector
 * @param width columns, 1 for a vector
 * @param layout whether the value still has its two spatial axes
 */
public record Shape(int channels, int height, int width, Layout layout) {

    /** Whether a value has spatial axes: a 1×1 image and a vector differ in rank. */
    public enum Layout {
        IMAGE, VECTOR
    }

    public Shape {
        if (channels < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                "shape: " + channels + "x" + height + "x" + width + " (expected: every extent at least 1)");
        }
        if (layout == Layout.VECTOR && (height != 1 || width != 1)) {
            throw new IllegalArgumentException("shape: a vector of " + height + "x" + width + " (expected: 1x1)");
        }
    }

    public static Shape image(int channels, int height, int width) {
        return new Shape(channels, height, width, Layout.IMAGE);
    }

    public static Shape vector(int channels) {
        return new Shape(channels, 1, 1, Layout.VECTOR);
    }

    /** Number of values. */
    public long elements() {
        return (long) channels * height * width;
    }

    /** Dimensions with a leading batch, the order being batch, channels, height, width. */
    public long[] withBatch(long batch) {
        return layout == Layout.IMAGE ? new long[]{batch, channels, height, width} : new long[]{batch, channels};
    }

    @Override
    public String toString() {
        return layout == Layout.IMAGE ? channels + "x" + height + "x" + width : Integer.toString(channels);
    }
}
