package dev.lutra.data.augmentation;

import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;
import java.util.SplittableRandom;

/**
 * Some operations drawn uniformly, all with one magnitude (Cubuk et al. 2020), with the operations and ranges of torchvision's
 * {@code RandAugment}: 14 operations, magnitudes of 31 steps, the nearest pixel, black where there is none, sheared from the upper left corner.
 *
 * @param operations how many, one after the other
 * @param magnitude 0 to 30
 */
record RandAugment(int operations, int magnitude) implements Augmentation {

    static final int MOST = 30;
    private static final int USUAL_OPERATIONS = 2;
    private static final int USUAL_MAGNITUDE = 9;

    static Augmentation of(LayeredSettings settings) {
        return new RandAugment(settings.integer("operations", 1, USUAL_OPERATIONS),
            settings.find("magnitude").map(node -> node.integer(0, MOST)).orElse(USUAL_MAGNITUDE));
    }

    @Override
    public void apply(Pixels image, SplittableRandom random) {
        RandomOperation[] all = RandomOperation.values();
        for (int i = 0; i < image.values().length; i++) {
            image.values()[i] = RandomOperation.eightBit(image.values()[i]);
        }
        for (int i = 0; i < operations; i++) {
            RandomOperation operation = all[random.nextInt(all.length)];
            boolean negative = random.nextBoolean();
            operation.apply(image, (double) magnitude / MOST, negative);
        }
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "rand-augment").put(key + ".operations", operations).put(key + ".magnitude", magnitude)
            .putLater(key + ".shear", "corner", "centre");
    }
}
