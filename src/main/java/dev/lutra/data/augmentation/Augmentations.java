package dev.lutra.data.augmentation;

import dev.lutra.yaml.Kinds;
import java.util.Map;

/** Every augmentation by its name. A new one is a new class and one line here. */
public final class Augmentations {

    /** The registry. */
    public static final Kinds<Augmentation> ALL = Kinds.of(Map.of(
        "cutout", Cutout::of,
        "lighting", Lighting::of,
        "rand-augment", RandAugment::of));

    private Augmentations() {}
}
