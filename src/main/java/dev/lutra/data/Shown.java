package dev.lutra.data;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Which classes some images show. */
public sealed interface Shown {

    /** Number of images. */
    int size();

    /** What other images show that are taken from these, in that order. */
    Shown of(int[] images);

    /**
     * Each image shows one class.
     *
     * @param labels index of the class of every image
     */
    record One(int[] labels) implements Shown {

        @Override
        public int size() {
            return labels.length;
        }

        @Override
        public One of(int[] images) {
            return new One(IntStream.of(images).map(image -> labels[image]).toArray());
        }
    }

    /**
     * Each image shows any number of classes, none too.
     *
     * @param classes that there are
     * @param labels indices of the classes that every image shows, in rising order
     */
    record Several(int classes, int[][] labels) implements Shown {

        @Override
        public int size() {
            return labels.length;
        }

        @Override
        public Several of(int[] images) {
            return new Several(classes, IntStream.of(images).mapToObj(image -> labels[image]).toArray(int[][]::new));
        }

        /** Whether an image shows a class. */
        public boolean has(int image, int label) {
            return Arrays.binarySearch(labels[image], label) >= 0;
        }
    }
}
