package dev.lutra.data.augmentation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.DebianPython;
import dev.lutra.ImageSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Operations against Pillow's. It cuts fractions off where ours round, which is one level at most. */
class OperationsOracleTest {

    private static final ImageSize SIZE = new ImageSize(41, 48);
    private static final int[] MAGNITUDES = {0, 5, 9, 22, 30};
    /** Where a map falls on the border of two pixels, Pillow's fixed-point numbers may take the other one. */
    private static final double ON_A_BORDER = 0.005;

    @TempDir
    private static Path folder;

    private static byte[] image;

    @BeforeAll
    static void askPillow() throws IOException, InterruptedException {
        DebianPython.require("PIL");
        image = image();
        Files.write(folder.resolve("image.rgb"), image);
        Object[] arguments = new Object[3 + MAGNITUDES.length];
        arguments[0] = folder;
        arguments[1] = SIZE.height();
        arguments[2] = SIZE.width();
        for (int i = 0; i < MAGNITUDES.length; i++) {
            arguments[3 + i] = MAGNITUDES[i];
        }
        DebianPython.run(DebianPython.script(OperationsOracleTest.class, "operations.py"), arguments);
    }

    /** Smooth colours, each within a range of its own, and noise on them. */
    private static byte[] image() {
        SplittableRandom random = new SplittableRandom(1);
        byte[] bytes = new byte[SIZE.area() * Pixels.CHANNELS];
        for (int i = 0; i < bytes.length; i++) {
            int channel = i % Pixels.CHANNELS;
            int x = i / Pixels.CHANNELS % SIZE.width();
            int y = i / Pixels.CHANNELS / SIZE.width();
            bytes[i] = (byte) (20 + 10 * channel + 3 * x + (channel + 1) * y / 2 + random.nextInt(25));
        }
        return bytes;
    }

    private static float[] floats(byte[] bytes) {
        float[] values = new float[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            values[i] = bytes[i] & 0xFF;
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource(RandomOperation.class)
    void areThoseOfPillow(RandomOperation operation) throws IOException {
        for (int magnitude : MAGNITUDES) {
            for (int direction : new int[]{1, -1}) {
                Pixels ours = new Pixels(floats(image), SIZE, new float[Pixels.CHANNELS]);
                operation.apply(ours, magnitude / 30.0, direction < 0);
                float[] theirs = floats(Files.readAllBytes(folder.resolve(operation + "." + magnitude + "." + direction)));
                assertThat(theirs).hasSize(ours.values().length);
                int different = 0;
                for (int i = 0; i < theirs.length; i++) {
                    different += Math.abs(ours.values()[i] - theirs[i]) > levels(operation) ? 1 : 0;
                }
                assertThat(different / (double) theirs.length).as("%s, magnitude %d, direction %d: share of other values", operation, magnitude,
                    direction).isLessThanOrEqualTo(isMap(operation) ? ON_A_BORDER : 0);
            }
        }
    }

    /** Levels of 255 that a value may differ by. */
    private static int levels(RandomOperation operation) {
        return switch (operation) {
            case BRIGHTNESS, COLOUR, CONTRAST, SHARPNESS, AUTO_CONTRAST -> 1;
            default -> 0;
        };
    }

    private static boolean isMap(RandomOperation operation) {
        return switch (operation) {
            case SHEAR_X, SHEAR_Y, ROTATE -> true;
            default -> false;
        };
    }
}
