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
 * @param labels class index of every image
 * @param size number of images
 * @param imageSize height and width, in pixels
 */
public record Batch(ByteBuffer bytes, int[] labels, int size, int imageSize) {

    private static final int CHANNELS = 3;

    /** Normalised values, row-major by image, row, column, channel (N, H, W, C), channels red, green, blue. */
    public FloatBuffer pixels() {
        return bytes.asFloatBuffer();
    }

    /** A copy of the values by image, channel, row, column (N, C, H, W), little-endian: as exported files take them. */
    public ByteBuffer planes() {
        FloatBuffer from = pixels();
        int area = imageSize * imageSize;
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
