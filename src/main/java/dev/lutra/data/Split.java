package dev.lutra.data;

import dev.lutra.Draws;
import dev.lutra.InputException;
import dev.lutra.data.augmentation.Augmentation;
import dev.lutra.data.augmentation.Pixels;
import dev.lutra.identity.NamedValues;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** The images of one purpose: training, validation or test. */
public final class Split {

    /** Tells the draws of one seed apart. */
    private static final long ORDER = 1;
    private static final long AUGMENTATION = 2;
    private static final long SAMPLE = 3;

    private final String name;
    private final BatchLoader loader;
    private final int[] items;
    private final NamedValues origin;
    private final double balance;
    private volatile Epoch last;

    /**
     * An epoch's images.
     *
     * @param order in which they are trained on, which is not to be changed
     */
    private record Epoch(long seed, int number, int[] order) {}

    /** @param balance how far training draws the classes equally often, 0 to 1 */
    Split(String name, BatchLoader loader, int[] items, NamedValues origin, double balance) {
        this.name = name;
        this.loader = loader;
        this.items = items;
        this.origin = origin;
        this.balance = balance;
    }

    /** Number of images. */
    public int size() {
        return items.length;
    }

    /**
     * What these images, their order and their normalisation follow from, in the words of the experiment file: content of the
     * sources as SHA-256 (names, sizes, classes and decoded pixels), image size, seed. Sources that other splits come from are
     * not among it, except for the training images, which all are normalised by.
     */
    public NamedValues origin() {
        return origin;
    }

    /** What the images show, in the order of {@link #inOrder}. */
    public Shown shown() {
        return loader.shown(items);
    }

    /** Batches of one training epoch. */
    public int batchesPerEpoch(int batchSize) {
        requireEnough(batchSize);
        return items.length / batchSize;
    }

    /**
     * One epoch of training: shuffled and augmented, without the last images that do not fill a batch. Order follows from
     * seed and epoch, the augmentation of an image from seed, epoch and its position. Where classes are balanced, an epoch is as long, and
     * has images of small classes several times and of large ones not all.
     *
     * @param firstBatch where to begin, for an epoch that was interrupted
     * @throws InputException if there is not one full batch
     */
    public Batches shuffled(int batchSize, long seed, int epoch, int firstBatch) {
        return shuffled(batchSize, seed, epoch, firstBatch, List.of());
    }

    /**
     * The same with further augmentations, one after the other.
     *
     * @throws InputException if there is not one full batch
     */
    public Batches shuffled(int batchSize, long seed, int epoch, int firstBatch, List<Augmentation> augmentations) {
        return shuffled(batchSize, seed, epoch, firstBatch, batchesPerEpoch(batchSize), augmentations, Share.WHOLE);
    }

    /**
     * Some of the same batches, of each a part: images and their augmentation are those that the whole batch has.
     *
     * @param batchSize of the whole; a multiple of the number of parts
     * @param endBatch the first that is not wanted any more
     * @throws InputException if there is not one full batch
     */
    public Batches shuffled(int batchSize, long seed, int epoch, int firstBatch, int endBatch, List<Augmentation> augmentations, Share share) {
        requireEnough(batchSize);
        int[] order = order(seed, epoch);
        int[] positions = share.positions(batchSize, endBatch);
        return loader.batches(Arrays.stream(positions).map(position -> order[position]).toArray(), batchSize / share.of(), firstBatch,
            (preparation, image, place) -> {
                SplittableRandom random = Draws.at(AUGMENTATION, seed, epoch, positions[place]);
                float[] values = preparation.augmented(image, random);
                return augmentations.isEmpty() ? values : augmented(values, augmentations, random);
            });
    }

    /** That of the last epoch is kept, since the rounds of an epoch ask for it again and again. */
    private int[] order(long seed, int number) {
        Epoch known = last;
        if (known == null || known.seed != seed || known.number != number) {
            int[] order = balance == 0 ? items.clone() : new BalancedEpochs(items, this::label, balance).images(seed, number);
            Draws.shuffle(order, Draws.at(ORDER, seed, number));
            known = new Epoch(seed, number, order);
            last = known;
        }
        return known.order;
    }

    private int label(int item) {
        return ((Shown.One) loader.shown(item)).labels()[0];
    }

    /**
     * A part of every batch.
     *
     * @param number of the part, from 0
     * @param of how many equal parts
     */
    public record Share(int number, int of) {

        /** All of it. */
        public static final Share WHOLE = new Share(0, 1);

        /** Where the images of the part stand in an epoch. */
        private int[] positions(int batchSize, int batches) {
            int own = batchSize / of;
            return IntStream.range(0, batches * own).map(i -> i / own * batchSize + number * own + i % own).toArray();
        }
    }

    /** In place: what the network takes goes back to pixels, is changed, and is normalised again. */
    private float[] augmented(float[] values, List<Augmentation> augmentations, SplittableRandom random) {
        Normalization normalization = loader.normalization();
        normalization.invert(values);
        Pixels pixels = new Pixels(values, loader.imageSize(), normalization.meanColour());
        augmentations.forEach(augmentation -> augmentation.apply(pixels, random));
        normalization.apply(values);
        return values;
    }

    /**
     * Every image once, always in the same order, not augmented; the last batch may be smaller. Every class is spread
     * evenly, so the first images are a fair sample.
     *
     * @param limit how many images at most
     */
    public Batches inOrder(int batchSize, int limit) {
        int[] first = Arrays.copyOf(items, Math.min(limit, items.length));
        return loader.batches(first, batchSize, 0, (preparation, image, position) -> preparation.plain(image));
    }

    /**
     * A random sample, not augmented, for the statistics of batch normalisation: full batches only, as a small one has
     * none worth the name.
     *
     * @param limit how many images at most
     * @throws InputException if there is not one full batch
     */
    public Batches sample(int batchSize, int limit, long seed) {
        return sampled(batchSize, Math.max(1, Math.min(limit, items.length) / batchSize) * batchSize, seed);
    }

    /**
     * The same, whose last batch may be smaller; an image that would be left for it alone, which has no variance, is left out.
     *
     * @throws InputException if there is not one full batch
     */
    public Batches sampleToTheLast(int batchSize, int limit, long seed) {
        int images = Math.max(batchSize, Math.min(limit, items.length));
        return sampled(batchSize, images % batchSize == 1 ? images - 1 : images, seed);
    }

    private Batches sampled(int batchSize, int images, long seed) {
        requireEnough(batchSize);
        int[] order = items.clone();
        Draws.shuffle(order, Draws.at(SAMPLE, seed));
        return loader.batches(Arrays.copyOf(order, images), batchSize, 0, (preparation, image, position) -> preparation.plain(image));
    }

    private void requireEnough(int batchSize) {
        if (batchSize < 1 || batchSize > items.length) {
            throw new InputException("batch: " + batchSize + " (expected: 1 to " + items.length + ", the number of images to "
                + name + " with)");
        }
    }
}
