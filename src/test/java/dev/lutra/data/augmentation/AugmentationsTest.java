package dev.lutra.data.augmentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.lutra.ImageSize;
import dev.lutra.yaml.YamlNode;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AugmentationsTest {

    private static final int SIZE = 24;

    private static Pixels image(long seed) {
        Random random = new Random(seed);
        float[] values = new float[SIZE * SIZE * 3];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(20, 240);
        }
        return new Pixels(values, ImageSize.square(SIZE), new float[]{100, 110, 120});
    }

    private static float[] after(String augmentation, long seed) {
        Pixels image = image(1);
        Augmentations.ALL.read(YamlNode.parse("f", augmentation)).apply(image, new SplittableRandom(seed));
        return image.values();
    }

    @Test
    void aCutIsASquareOfTheMeanColour() {
        int largest = 0;
        for (int seed = 0; seed < 50; seed++) {
            float[] before = image(1).values();
            float[] values = after("{cutout: {size: 4}}", seed);
            int cut = 0;
            for (int i = 0; i < values.length; i += 3) {
                if (values[i] == 100 && values[i + 1] == 110 && values[i + 2] == 120) {
                    cut++;
                } else {
                    assertThat(Arrays.copyOfRange(values, i, i + 3)).isEqualTo(Arrays.copyOfRange(before, i, i + 3));
                }
            }
            assertThat(cut).as("at a corner a quarter of it").isBetween(4, 16);
            largest = Math.max(largest, cut);
        }
        assertThat(largest).isEqualTo(16);
    }

    /** Along each of the components, which are orthonormal, the shifts deviate by its eigenvalue times 0.1. */
    @Test
    void lightingMovesEveryPixelAlikeAlongTheComponentsOfColour() {
        int drawn = 4000;
        double[][] components = {{-0.5675, -0.5808, -0.5836}, {0.7192, -0.0045, -0.6948}, {0.4009, -0.8140, 0.4203}};
        double[] squares = new double[components.length];
        float[] before = image(1).values();
        for (int seed = 0; seed < drawn; seed++) {
            float[] values = after("{lighting: {deviation: 0.1}}", seed);
            double[] shift = {values[0] - before[0], values[1] - before[1], values[2] - before[2]};
            double apart = 0;
            for (int i = 0; i < values.length; i++) {
                apart = Math.max(apart, Math.abs(values[i] - before[i] - shift[i % 3]));
            }
            assertThat(apart).as("from one pixel to the next").isLessThan(1e-3);
            for (int component = 0; component < components.length; component++) {
                double along = 0;
                for (int channel = 0; channel < shift.length; channel++) {
                    along += components[component][channel] * shift[channel];
                }
                squares[component] += along * along;
            }
        }
        double[] eigenvalues = {55.46, 4.794, 1.148};
        for (int component = 0; component < components.length; component++) {
            assertThat(Math.sqrt(squares[component] / drawn)).isCloseTo(0.1 * eigenvalues[component], withinPercentage(5));
        }
    }

    @ParameterizedTest
    @EnumSource(RandomOperation.class)
    void operationsKeepEightBitsAndAtNoMagnitudeMostlyTheImage(RandomOperation operation) {
        Pixels image = image(3);
        operation.apply(image, 0.7, true);
        assertThat(image.values()).hasSize(SIZE * SIZE * 3);
        for (float value : image.values()) {
            assertThat(value).isBetween(0f, 255f).isEqualTo((float) Math.rint(value));
        }
        Pixels other = image(3);
        operation.apply(other, 0, false);
        boolean hasMagnitude = operation != RandomOperation.AUTO_CONTRAST && operation != RandomOperation.EQUALIZE;
        assertThat(Arrays.equals(other.values(), image(3).values())).as("nothing changes without magnitude").isEqualTo(hasMagnitude);
    }

    @Test
    void operationsDoWhatTheirNamesSay() {
        Pixels moved = image(3);
        RandomOperation.TRANSLATE_X.apply(moved, 331.0 / 150 / SIZE * 2, false);
        float[] before = image(3).values();
        assertThat(Arrays.copyOfRange(moved.values(), 6, 72)).as("two pixels to the right").isEqualTo(Arrays.copyOfRange(before, 0, 66));
        assertThat(Arrays.copyOfRange(moved.values(), 0, 6)).containsOnly(0);
        Pixels darker = image(3);
        RandomOperation.BRIGHTNESS.apply(darker, 1, true);
        assertThat(darker.values()[0]).isCloseTo(before[0] / 10, within(0.5f));
        Pixels gray = image(3);
        RandomOperation.COLOUR.apply(gray, 1 / 0.9, true);
        assertThat(gray.values()[0]).isEqualTo(gray.values()[1]).isEqualTo(gray.values()[2]);
        Pixels stretched = image(3);
        RandomOperation.AUTO_CONTRAST.apply(stretched, 0, false);
        assertThat(stretched.values()).contains(0, 255);
        Pixels coarse = image(3);
        RandomOperation.POSTERIZE.apply(coarse, 1, false);
        for (float value : coarse.values()) {
            assertThat((int) value % 16).isZero();
        }
        Pixels inverted = image(3);
        RandomOperation.SOLARIZE.apply(inverted, 1, false);
        assertThat(inverted.values()[5]).isEqualTo(255 - before[5]);
    }

    @Test
    void theSameSeedGivesTheSameImage() {
        assertThat(after("rand-augment", 5)).isEqualTo(after("rand-augment", 5));
        int different = 0;
        for (int seed = 0; seed < 20; seed++) {
            different += Arrays.equals(after("rand-augment", seed), image(1).values()) ? 0 : 1;
        }
        assertThat(different).isGreaterThan(15);
    }
}
