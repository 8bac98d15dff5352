package dev.lutra.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Images ready for the network. The buffer belongs to the {@link Batches} it came from, which fills it again: it is valid
 * until the next call of {@code next} or {@code close}.
 *
 * @param bytes direct, native order: the floats of {@link #pixels()}. (DJL takes a direct {@code ByteBuffer} as it is and
 *     copies every other kind.)
 * @param shown classes of every image
 * @param size number of images
 * @param height of an image, in pixels
 * @param width of an image, in pixels
 */
public record Batch(ByteBuffer bytes, Shown shown, int size, int height, int width) {

    private static final int CHANNELS = 3;

    /** Square images that show one class each. */
    public Batch(ByteBuffer bytes, int[] labels, int size, int side) {
        this(bytes, new Shown.One(labels), size, side, side);
    }

    /**
     * Class index of every image.
     *
     * @throws IllegalStateException if an image may show several
     */
    public int[] labels() {
        if (shown instanceof Shown.One one) {
            return one.labels();
        }
        throw new IllegalStateException("images that show several classes");
    }

    /** Normalised values, row-major by image, row, column, channel (N, H, W, C), channels red, green, blue. */
    public FloatBuffer pixels() {
        return bytes.asFloatBuffer();
    }

    /** A copy of the values by image, channel, row, column (N, C, H, W), little-endian: as exported files take them. */
    public ByteBuffer planes() {
        FloatBuffer from = pixels();
        int area = height * width;
        ByteBuffer planes = ByteBuffer.allocateDirect(size * CHANNELS * area * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int image = 0; image < size; image++) {
            for (int channel = 0; channel < CHANNELS; channel++) {
                for (int i = 0; i < area; i++) {
                    planes.putFloat(from.get((image * area + i) * CHANNELS + channel));
                }
            }
        }
        return planes.flip();
    }
}
