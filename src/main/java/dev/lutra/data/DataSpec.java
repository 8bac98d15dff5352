package dev.lutra.data;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where images come from and how they are split.
 *
 * @param train images to train on
 * @param validation images that a search may judge candidates by; if empty, a share of {@code train} that is then not
 *     trained on
 * @param test images that neither training nor search sees
 * @param validationShare of every class of {@code train}, used when there is no {@code validation}
 * @param imageSize height and width of the images the network takes, in pixels
 * @param seed of the split and of synthetic images
 */
public record DataSpec(
    Source train, Optional<Source> validation, Optional<Source> test, double validationShare, int imageSize, long seed) {

    /** One image in ten validates. */
    public static final double DEFAULT_VALIDATION_SHARE = 0.1;

    public DataSpec {
        if (imageSize < 8 || imageSize > 4096) {
            throw new InputException("image size: " + imageSize + " (expected: 8 to 4096)");
        }
        if (!(validationShare > 0 && validationShare < 1)) {
            throw new InputException("validation share: " + validationShare + " (expected: between 0 and 1)");
        }
        validation.ifPresent(source -> requireOther("validation", source, "train", train));
        test.ifPresent(source -> requireOther("test", source, "train", train));
        if (test.isPresent() && validation.isPresent()) {
            requireOther("test", test.get(), "validation", validation.get());
        }
    }

    /**
     * A source by itself: a share of it validates. Sources with test images of their own, CIFAR-10 binary and synthetic,
     * bring them (a fifth as many, for the latter).
     */
    public static DataSpec of(Source train, int imageSize, long seed) {
        Optional<Source> test = Optional.empty();
        if (train instanceof Source.CifarBinary) {
            test = Optional.of(train);
        } else if (train instanceof Source.Synthetic drawn) {
            test = Optional.of(new Source.Synthetic(drawn.classes(), Math.max(1, drawn.imagesPerClass() / 5)));
        }
        return new DataSpec(train, Optional.empty(), test, DEFAULT_VALIDATION_SHARE, imageSize, seed);
    }

    /** Two roles must not read the same files, or the accuracy of one says nothing. */
    private static void requireOther(String key, Source source, String otherKey, Source other) {
        boolean sameFolder = source instanceof Source.Folder a && other instanceof Source.Folder b && same(a.path(), b.path());
        // of CIFAR-10, training reads other files than validation and test
        boolean sameCifar = !otherKey.equals("train") && source instanceof Source.CifarBinary a
            && other instanceof Source.CifarBinary b && same(a.path(), b.path());
        if (sameFolder || sameCifar) {
            throw new InputException(key + ": " + source + ", the images of " + otherKey + " (expected: other images)");
        }
    }

    private static boolean same(Path a, Path b) {
        try {
            return a.toRealPath().equals(b.toRealPath());
        } catch (IOException missing) {
            return false; // reported, with its path, when the images are read
        }
    }
}
