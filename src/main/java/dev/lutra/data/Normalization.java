package dev.lutra.data;

import dev.lutra.data.pixel.DecodedImages;

/**
 * Brings pixels to mean 0 and deviation 1: {@code (value / 255 - mean) / deviation}, per channel.
 *
 * @param mean of red, green and blue, as shares of full brightness
 * @param deviation of red, green and blue, as shares of full brightness
 */
public record Normalization(float[] mean, float[] deviation) {

    /** Red, green, blue. */
    static final int CHANNELS = 3;

    /** Below one step of eight bits there is no contrast that could be normalised. */
    private static final double SMALLEST_DEVIATION = 1 / 255.0;

    /** About 50,000 images of 32×32, or 590 of 256×340: the mean is then known to better than one step of eight bits. */
    private static final long SAMPLED_PIXELS = 51_200_000;

    /**
     * Value of one channel of a pixel, as the network takes it.
     *
     * @param value 0 to 255
     * @param channel 0 for red, 1 for green, 2 for blue
     */
    public float apply(float value, int channel) {
        return (value / 255 - mean[channel]) / deviation[channel];
    }

    /** Values of whole pixels, 0 to 255, become what the network takes, in place. */
    void apply(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = apply(values[i], i % CHANNELS);
        }
    }

    /** The value, 0 to 255, that the network takes as a value of a channel: the inverse of {@link #apply(float, int)}. */
    public float invert(float value, int channel) {
        return (value * deviation[channel] + mean[channel]) * 255;
    }

    /** What the network takes becomes values of whole pixels, 0 to 255, in place. */
    void invert(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = invert(values[i], i % CHANNELS);
        }
    }

    /** Red, green and blue of it, 0 to 255: what becomes 0 for the network. */
    float[] meanColour() {
        return new float[]{mean[0] * 255, mean[1] * 255, mean[2] * 255};
    }

    /** Measured over images spread evenly over {@code items}. */
    static Normalization of(DecodedImages images, int[] items) {
        long pixels = 0;
        for (int item : items) {
            pixels += (long) images.width(item) * images.height(item);
        }
        int step = (int) Math.max(1, Math.round((double) pixels / SAMPLED_PIXELS));
        long[][] histogram = new long[CHANNELS][256];
        for (int i = 0; i < items.length; i += step) {
            byte[] image = images.read(items[i]).pixels();
            for (int p = 0; p < image.length; p += CHANNELS) {
                histogram[0][image[p] & 0xFF]++;
                histogram[1][image[p + 1] & 0xFF]++;
                histogram[2][image[p + 2] & 0xFF]++;
            }
        }
        return of(histogram);
    }

    private static Normalization of(long[][] histogram) {
        float[] mean = new float[CHANNELS];
        float[] deviation = new float[CHANNELS];
        for (int c = 0; c < CHANNELS; c++) {
            double count = 0;
            double sum = 0;
            double squares = 0;
            for (int value = 0; value < 256; value++) {
                double share = value / 255.0;
                count += histogram[c][value];
                sum += histogram[c][value] * share;
                squares += histogram[c][value] * share * share;
            }
            double average = sum / count;
            mean[c] = (float) average;
            deviation[c] = (float) Math.max(SMALLEST_DEVIATION, Math.sqrt(Math.max(0, squares / count - average * average)));
        }
        return new Normalization(mean, deviation);
    }
}
