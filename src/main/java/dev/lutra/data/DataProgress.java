package dev.lutra.data;

import java.util.List;

/** Told how far the decoding of a source has come. Called from the thread that opens the data. */
@FunctionalInterface
public interface DataProgress {

    /** Nobody listens. */
    DataProgress NONE = (source, done, total) -> {};

    /**
     * @param source as in the experiment: a folder, {@code cifar10:…}, {@code synthetic:…}
     * @param done images decoded and stored so far
     * @param total images of the source
     */
    void decoded(String source, int done, int total);

    /**
     * Told how far images that were decoded before have come from elsewhere.
     *
     * @param done images that are here so far
     * @param total images of the source
     */
    default void fetched(String source, int done, int total) {}

    /**
     * Told once of what lies in a source and is no image.
     *
     * @param what how many of each kind, in words: {@code 3 .heic, 1 .txt}
     */
    default void passedOver(String source, String what) {}

    /**
     * Told of images that could not be read and were left out.
     *
     * @param reasons one for each, with its name
     * @param total images of the source
     */
    default void skipped(String source, List<String> reasons, int total) {}

    /**
     * Told where the largest class of the training images has at least twice as many as the smallest.
     *
     * @param smallest class, and how many images it has
     * @param largest class, and how many images it has
     * @param balance how far they are drawn equally often nevertheless, 0 to 1
     */
    default void unequal(String source, ClassSize smallest, ClassSize largest, double balance) {}

    /** A class for people, and its number of images. */
    record ClassSize(String name, int images) {}
}
