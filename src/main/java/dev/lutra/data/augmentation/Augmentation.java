package dev.lutra.data.augmentation;

import dev.lutra.identity.NamedValues;
import java.util.SplittableRandom;

/** A change of a training image. A new one is a new class and one line in {@link Augmentations}. */
public interface Augmentation {

    /**
     * Changes an image.
     *
     * @param random of this image alone, so that it is changed alike whenever it is prepared again
     */
    void apply(Pixels image, SplittableRandom random);

    /**
     * Puts its name under a key, and what else it follows from under names that begin with the key and a dot.
     *
     * @param key of the experiment file
     */
    void describe(String key, NamedValues.Builder values);
}
