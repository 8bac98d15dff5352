package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.lutra.data.Batch;
import dev.lutra.data.Shown;
import java.util.stream.IntStream;

/** Batches as arrays. */
public final class Images {

    private static final int CHANNELS = 3;

    private Images() {}

    /**
     * The images as N, C, H, W. On a CPU they share the memory of the batch, which the manager's array, not closed here,
     * keeps from the garbage collector.
     */
    public static NDArray of(Batch batch, NDManager manager) {
        Shape shape = new Shape(batch.size(), batch.height(), batch.width(), CHANNELS);
        return Forward.channelsFirst(manager.create(batch.bytes(), shape, DataType.FLOAT32));
    }

    /**
     * The same, each mixed with another.
     *
     * @param share of each image itself
     * @param partners the image that the rest is of, for each image
     */
    public static NDArray mixed(Batch batch, NDManager manager, double share, int[] partners) {
        Shape shape = new Shape(batch.size(), batch.height(), batch.width(), CHANNELS);
        NDArray images = manager.create(batch.bytes(), shape, DataType.FLOAT32);
        try (NDArray order = manager.create(partners); NDArray others = images.get(order); NDArray rest = others.mul((float) (1 - share))) {
            return Forward.channelsFirst(images.mul((float) share).addi(rest));
        }
    }

    /** How many images got the highest output where their label is or, where they may show several classes, one of 0 or more there and nowhere else. */
    public static int correct(NDArray logits, Shown shown) {
        return shown instanceof Shown.One one ? correct(logits, one.labels()) : whole(logits.toFloatArray(), (Shown.Several) shown);
    }

    private static int whole(float[] logits, Shown.Several shown) {
        return (int) IntStream.range(0, shown.size()).filter(image -> IntStream.range(0, shown.classes())
            .allMatch(label -> logits[image * shown.classes() + label] >= 0 == shown.has(image, label))).count();
    }

    private static int correct(NDArray logits, int[] labels) {
        long[] predicted;
        try (NDArray highest = logits.argMax(1)) {
            predicted = highest.toLongArray();
        }
        int correct = 0;
        for (int i = 0; i < predicted.length; i++) {
            correct += predicted[i] == labels[i] ? 1 : 0;
        }
        return correct;
    }
}
