package dev.lutra.data.augmentation;

import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;
import java.util.SplittableRandom;

/**
 * A square of mean colour, whose centre may be any pixel, so that a part of it may lie outside (DeVries and Taylor 2017).
 *
 * @param side of the square in pixels
 */
record Cutout(int side) implements Augmentation {

    private static final int USUAL_SIDE = 16;

    static Augmentation of(LayeredSettings settings) {
        return new Cutout(settings.integer("size", 1, USUAL_SIDE));
    }

    @Override
    public void apply(Pixels image, SplittableRandom random) {
        int height = image.size().height();
        int width = image.size().width();
        int top = random.nextInt(height) - side / 2;
        int left = random.nextInt(width) - side / 2;
        for (int y = Math.max(0, top); y < Math.min(height, top + side); y++) {
            for (int x = Math.max(0, left); x < Math.min(width, left + side); x++) {
                System.arraycopy(image.mean(), 0, image.values(), (y * width + x) * Pixels.CHANNELS, Pixels.CHANNELS);
            }
        }
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "cutout").put(key + ".size", side);
    }
}
