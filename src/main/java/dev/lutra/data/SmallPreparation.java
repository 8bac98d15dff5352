package dev.lutra.data;

import dev.lutra.ImageSize;
import dev.lutra.data.image.RgbImage;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Small images: four pixels of zeros around them (after normalisation, so the mean colour), a random crop, a random
 * horizontal flip, as He et al. 2016 trained on CIFAR-10.
 */
final class SmallPreparation implements Preparation {

    private static final int PADDING = 4;

    private final int height;
    private final int width;
    private final float[][] normalised = new float[3][256];
    private final float[] values;

    SmallPreparation(ImageSize size, Normalization normalization) {
        height = size.height();
        width = size.width();
        values = new float[height * width * 3];
        for (int channel = 0; channel < 3; channel++) {
            for (int value = 0; value < 256; value++) {
                normalised[channel][value] = normalization.apply(value, channel);
            }
        }
    }

    @Override
    public float[] plain(RgbImage image) {
        return shifted(image.pixels(), 0, 0, false);
    }

    @Override
    public float[] augmented(RgbImage image, SplittableRandom random) {
        int right = random.nextInt(2 * PADDING + 1) - PADDING;
        int down = random.nextInt(2 * PADDING + 1) - PADDING;
        return shifted(image.pixels(), right, down, random.nextBoolean());
    }

    /** Pixel (x, y) of the crop is pixel (x + right, y + down) of the image, x counted from the right if flipped. */
    private float[] shifted(byte[] pixels, int right, int down, boolean flipped) {
        Arrays.fill(values, 0);
        int firstColumn = Math.max(0, -right);
        int endColumn = Math.min(width, width - right);
        for (int y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
            int from = ((y + down) * width + firstColumn + right) * 3;
            int to = (y * width + (flipped ? width - 1 - firstColumn : firstColumn)) * 3;
            int step = flipped ? -3 : 3;
            for (int x = firstColumn; x < endColumn; x++) {
                values[to] = normalised[0][pixels[from] & 0xFF];
                values[to + 1] = normalised[1][pixels[from + 1] & 0xFF];
                values[to + 2] = normalised[2][pixels[from + 2] & 0xFF];
                from += 3;
                to += step;
            }
        }
        return values;
    }
}
