package dev.lutra.data;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.source.ClassNames;
import dev.lutra.data.source.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where images come from, how they are split, and what is done about their flaws.
 *
 * @param train images to train on
 * @param validation images that a search may judge candidates by; if empty, a share of {@code train} that is then not
 *     trained on
 * @param test images that neither training nor search sees
 * @param validationShare of every class of {@code train}, used when there is no {@code validation}
 * @param imageSize of the images the network takes
 * @param seed of the split and of synthetic images
 * @param care about images and classes that are not as they should be
 */
public record DataSpec(
    Source train, Optional<Source> validation, Optional<Source> test, double validationShare, ImageSize imageSize, long seed, Care care) {

    /** One image in ten validates. */
    public static final double DEFAULT_VALIDATION_SHARE = 0.1;

    /**
     * @param corrupt share of a source's images, 0 to below 1, that may be unreadable and are then left out
     * @param balance how far training draws classes equally often: a class with n images is drawn with a share that goes with n^(1 − balance),
     *     so 0 draws every image once an epoch, 0.5 goes by the square root (Mahajan et al. 2018), 1 draws all classes alike
     * @param classNames a file with what people call the classes, if they have other names
     */
    public record Care(double corrupt, double balance, Optional<Path> classNames) {

        /** Every image can be read and is drawn once an epoch; classes are called what they are. */
        public static final Care NONE = new Care(0, 0, Optional.empty());

        public Care {
            if (!(corrupt >= 0 && corrupt < 1)) {
                throw new InputException("corrupt: " + corrupt + " (expected: from 0 to below 1)");
            }
            if (!(balance >= 0 && balance <= 1)) {
                throw new InputException("balance: " + balance + " (expected: 0 to 1)");
            }
        }

        ClassNames names() {
            return classNames.map(ClassNames::read).orElse(ClassNames.NONE);
        }
    }

    public DataSpec {
        if (Math.min(imageSize.height(), imageSize.width()) < 8 || Math.max(imageSize.height(), imageSize.width()) > 4096) {
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

    /** Of square images, without any care. */
    public DataSpec(Source train, Optional<Source> validation, Optional<Source> test, double validationShare, int imageSize, long seed) {
        this(train, validation, test, validationShare, ImageSize.square(imageSize), seed, Care.NONE);
    }

    /**
     * A source by itself: a share of it validates. Sources with test images of their own, CIFAR binary and synthetic,
     * bring them (a fifth as many, for the latter).
     */
    public static DataSpec of(Source train, ImageSize imageSize, long seed) {
        Optional<Source> test = Optional.empty();
        if (train instanceof Source.CifarBinary) {
            test = Optional.of(train);
        } else if (train instanceof Source.Synthetic drawn) {
            test = Optional.of(new Source.Synthetic(drawn.classes(), Math.max(1, drawn.imagesPerClass() / 5)));
        }
        return new DataSpec(train, Optional.empty(), test, DEFAULT_VALIDATION_SHARE, imageSize, seed, Care.NONE);
    }

    /** The same of square images. */
    public static DataSpec of(Source train, int imageSize, long seed) {
        return of(train, ImageSize.square(imageSize), seed);
    }

    /** Two roles must not read the same files, or the accuracy of one says nothing. */
    private static void requireOther(String key, Source source, String otherKey, Source other) {
        boolean sameFolder = source instanceof Source.Folder a && other instanceof Source.Folder b && same(a.path(), b.path())
            || source instanceof Source.FileList c && other instanceof Source.FileList d && same(c.list(), d.list());
        boolean samePrepared = source instanceof Source.Prepared && source.equals(other);
        // of CIFAR, training reads other files than validation and test
        boolean sameCifar = !otherKey.equals("train") && source instanceof Source.CifarBinary a
            && other instanceof Source.CifarBinary b && same(a.path(), b.path());
        if (sameFolder || samePrepared || sameCifar) {
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
