package dev.lutra.data;

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
     * Told once of what lies in a source and is no image.
     *
     * @param what how many of each kind, in words: {@code 3 .heic, 1 .txt}
     */
    default void passedOver(String source, String what) {}
}
