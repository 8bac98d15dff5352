package dev.lutra.data.source;

import dev.lutra.Draws;
import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.image.RgbImage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The images of a source, in a fixed order, before they are decoded. */
public interface Listing {

    /** What the images of a source are wanted for. */
    enum Role {
        TRAIN, VALIDATION, TEST;

        /** The word for it in an experiment file. */
        public String key() {
            return switch (this) {
                case TRAIN -> "train";
                case VALIDATION -> "validation";
                case TEST -> "test";
            };
        }
    }

    /** Class names, sorted. */
    List<String> classes();

    /** Number of images. */
    int size();

    /** Name of an image within its source, the same on every machine. */
    String name(int image);

    /** Index of its class; of images that may show several, {@link #labels} has them. */
    int label(int image);

    /** Whether an image may show any number of classes, and not one each. */
    default boolean showsSeveral() {
        return false;
    }

    /** Indices of the classes that an image shows, in rising order. */
    default int[] labels(int image) {
        return new int[]{label(image)};
    }

    /** What it belongs to, if the source says so: all images of a group are on one side of a split. */
    default Optional<String> group(int image) {
        return Optional.empty();
    }

    /** Bytes of what it is stored in; 0 if it is not stored. */
    long bytes(int image);

    /** When that was last modified, in milliseconds since 1970; 0 if it is not stored. */
    long modifiedMillis(int image);

    /**
     * The image as it is; safe for several threads at once.
     *
     * @throws InputException if it is damaged
     * @throws IOException if it cannot be read now: another time it may
     */
    RgbImage read(int image) throws IOException;

    /** Some of the images, as another machine may read them; empty where they are no files of their own. */
    default Optional<ListedFiles> part(int from, int end) {
        return Optional.empty();
    }

    /** What lies there and is no image, in words for people: {@code 3 .heic, 1 .txt}. */
    default Optional<String> leftOut() {
        return Optional.empty();
    }

    /** Text that names one class of this source in a message. */
    String describeClass(int label);

    /**
     * What else a source is read by.
     *
     * @param role what its images are wanted for
     * @param classes of the training images, by which numbers in lists count; empty for those themselves
     * @param names of the classes, for people
     * @param drawn size of an image that is drawn
     * @param seed of images that are drawn
     */
    record Reading(Role role, Optional<List<String>> classes, ClassNames names, ImageSize drawn, long seed) {}

    /**
     * @throws InputException if there is nothing to read, or not what was expected
     * @throws IOException if it cannot be read
     */
    static Listing of(Source source, Reading reading) throws IOException {
        if (source instanceof Source.Folder folder) {
            return FolderListing.of(folder.path());
        }
        if (source instanceof Source.CifarBinary cifar) {
            return CifarListing.of(cifar.path(), cifar.version(), reading.role());
        }
        if (source instanceof Source.FileList list) {
            return FileListing.of(list, reading);
        }
        if (source instanceof Source.Prepared prepared) {
            return PreparedListing.of(prepared.address());
        }
        Source.Synthetic synthetic = (Source.Synthetic) source;
        return new SyntheticImages(synthetic.classes(), synthetic.imagesPerClass(), reading.drawn(),
            Draws.at(reading.seed(), reading.role().ordinal()).nextLong());
    }
}
