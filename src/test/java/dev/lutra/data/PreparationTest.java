package dev.lutra.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.Draws;
import dev.lutra.ImageSize;
import dev.lutra.data.image.RgbImage;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PreparationTest {

    /** Leaves a pixel's value, 0 to 255, as it is. */
    private static final Normalization NONE = new Normalization(new float[3], new float[]{1 / 255f, 1 / 255f, 1 / 255f});

    private static RgbImage gradient(int width, int height) {
        byte[] pixels = new byte[width * height * 3];
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                pixels[at++] = (byte) (1 + x);
                pixels[at++] = (byte) (1 + y);
                pixels[at++] = (byte) 100;
            }
        }
        return new RgbImage(width, height, pixels);
    }

    @Test
    void normalises() {
        Normalization normalization = new Normalization(new float[]{0.5f, 0.25f, 0}, new float[]{0.5f, 0.25f, 2});
        byte[] white = new byte[8 * 8 * 3];
        Arrays.fill(white, (byte) 255);
        float[] values = Preparation.of(StoredSize.of(ImageSize.square(8)), normalization).plain(new RgbImage(8, 8, white));
        assertThat(values).hasSize(8 * 8 * 3);
        for (int i = 0; i < values.length; i += 3) {
            assertThat(values[i]).isCloseTo(1, within(1e-6f));
            assertThat(values[i + 1]).isCloseTo(3, within(1e-6f));
            assertThat(values[i + 2]).isCloseTo(0.5f, within(1e-6f));
        }
    }

    @Test
    void evaluationKeepsSmallImages() {
        RgbImage image = gradient(32, 32);
        float[] values = Preparation.of(StoredSize.of(ImageSize.square(32)), NONE).plain(image);
        for (int i = 0; i < values.length; i++) {
            assertThat(values[i]).isCloseTo(image.pixels()[i], within(1e-4f));
        }
    }

    /** A crop shows at every pixel the image's column and row, from which shift and flip can be told. */
    @Test
    void smallImagesAreShiftedAndFlippedUniformly() {
        RgbImage image = gradient(32, 32);
        Preparation preparation = Preparation.of(StoredSize.of(ImageSize.square(32)), NONE);
        int draws = 20_000;
        int[] rights = new int[9];
        int[] downs = new int[9];
        int[] flips = new int[2];
        for (int i = 0; i < draws; i++) {
            float[] values = preparation.augmented(image, Draws.at(1, i));
            int middle = (16 * 32 + 16) * 3;
            boolean flipped = values[middle + 3] < values[middle];
            int column = Math.round(values[middle]) - 1;
            int right = column - (flipped ? 15 : 16);
            int down = Math.round(values[middle + 1]) - 1 - 16;
            rights[right + 4]++;
            downs[down + 4]++;
            flips[flipped ? 1 : 0]++;
            assertCrop(values, right, down, flipped, i);
        }
        // 99.9th percentiles of chi-squared with 8 and 1 degrees of freedom
        assertThat(chiSquared(rights, draws)).isLessThan(26.1);
        assertThat(chiSquared(downs, draws)).isLessThan(26.1);
        assertThat(chiSquared(flips, draws)).isLessThan(10.8);
    }

    private static void assertCrop(float[] values, int right, int down, boolean flipped, int draw) {
        if (draw >= 200) {
            return; // every pixel of the first ones is enough
        }
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
                int fromX = (flipped ? 31 - x : x) + right;
                int fromY = y + down;
                boolean inside = fromX >= 0 && fromX < 32 && fromY >= 0 && fromY < 32;
                int at = (y * 32 + x) * 3;
                assertThat(values[at]).isCloseTo(inside ? fromX + 1 : 0, within(1e-4f));
                assertThat(values[at + 1]).isCloseTo(inside ? fromY + 1 : 0, within(1e-4f));
            }
        }
    }

    private static double chiSquared(int[] counts, int total) {
        double expected = (double) total / counts.length;
        return Arrays.stream(counts).mapToDouble(count -> (count - expected) * (count - expected) / expected).sum();
    }

    @Test
    void evaluationCropsTheCentreOfLargeImages() {
        // short side 80 for 70: stored as it is, so the crop is exact
        RgbImage image = gradient(100, 80);
        float[] values = Preparation.of(StoredSize.of(ImageSize.square(70)), NONE).plain(image);
        for (int y = 0; y < 70; y++) {
            for (int x = 0; x < 70; x++) {
                assertThat(values[(y * 70 + x) * 3]).isCloseTo(1 + 15 + x, within(1e-3f));
                assertThat(values[(y * 70 + x) * 3 + 1]).isCloseTo(1 + 5 + y, within(1e-3f));
            }
        }
    }

    @Test
    void evaluationEnlargesSmallerImages() {
        RgbImage image = gradient(40, 40); // to 80, of which 5 to 75 stay: 2.5 to 37.5 before
        float[] values = Preparation.of(StoredSize.of(ImageSize.square(70)), NONE).plain(image);
        assertThat(values[0]).isCloseTo(1 + 2.5f + 0.25f - 0.5f, within(1e-3f));
        assertThat(values[69 * 3]).isCloseTo(1 + 37.5f - 0.25f - 0.5f, within(1e-3f));
    }

    /** Without colour (the image is gray) brightness and contrast move values by the same affine map: the shape stays. */
    @Test
    void largeImagesAreCroppedScaledFlippedAndRecoloured() {
        byte[] pixels = new byte[120 * 120 * 3];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (60 + i / 3 % 120);
        }
        RgbImage ramp = new RgbImage(120, 120, pixels);
        Preparation preparation = Preparation.of(StoredSize.of(ImageSize.square(96)), NONE);
        int draws = 4000;
        int[] flips = new int[2];
        double sum = 0;
        for (int i = 0; i < draws; i++) {
            float[] values = preparation.augmented(ramp, Draws.at(2, i));
            boolean flipped = values[0] > values[95 * 3];
            flips[flipped ? 1 : 0]++;
            for (int x = 1; x < 96; x++) {
                float step = values[x * 3] - values[x * 3 - 3];
                assertThat(flipped ? -step : step).as("a ramp stays a ramp").isGreaterThanOrEqualTo(-1e-3f);
                assertThat(values[x * 3]).isBetween(0f, 255f);
                assertThat(values[x * 3 + 1]).isCloseTo(values[x * 3], within(1e-2f));
            }
            sum += values[48 * 3];
        }
        assertThat(chiSquared(flips, draws)).isLessThan(10.8);
        assertThat(sum / draws).as("changes are centred on none").isCloseTo(120, within(3.0));
    }

    @Test
    void saturationAndContrastChangeColour() {
        byte[] pixels = new byte[100 * 100 * 3];
        for (int i = 0; i < pixels.length; i += 3) {
            pixels[i] = (byte) 180;
            pixels[i + 1] = 90;
            pixels[i + 2] = 90;
        }
        RgbImage reddish = new RgbImage(100, 100, pixels);
        Preparation preparation = Preparation.of(StoredSize.of(ImageSize.square(96)), NONE);
        SplittableRandom random = new SplittableRandom(3);
        double least = 10;
        double most = 0;
        for (int i = 0; i < 500; i++) {
            float[] values = preparation.augmented(reddish, random);
            double ratio = values[0] / values[1];
            least = Math.min(least, ratio);
            most = Math.max(most, ratio);
        }
        assertThat(least).as("paler than 2:1").isBetween(1.0, 1.6);
        assertThat(most).as("stronger than 2:1").isGreaterThan(2.6);
    }
}
