package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.data.Split;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;

/**
 * Judges architectures by a supernet's weights. Running statistics of a supernet mean nothing for one subnet, so they are first
 * recalibrated on training images without augmentation (SPOS does so on 20,000), then validation images are classified.
 */
public final class SubnetEvaluator implements AutoCloseable {

    private static final int BATCH = 128;
    private static final long CALIBRATION_SEED = 0;

    private final SearchSpace space;
    private final SupernetWeights weights;
    private final ImageData data;
    private final int calibrationImages;
    private final int validationImages;
    private final NDManager manager;

    /**
     * @param calibrationImages training images for batch norm, rounded down to whole batches but at least one
     * @param validationImages most validation images to classify
     */
    public SubnetEvaluator(SearchSpace space, SupernetWeights weights, ImageData data, int calibrationImages,
                           int validationImages) {
        this.space = space;
        this.weights = weights;
        this.data = data;
        this.calibrationImages = calibrationImages;
        this.validationImages = validationImages;
        manager = weights.newManager();
    }

    /** The subnet of an architecture, recalibrated. */
    public Subnet subnet(Architecture architecture) {
        Network network = space.build(architecture);
        NDManager owned = manager.newSubManager();
        SubnetStatistics statistics = new SubnetStatistics(owned);
        Subnet subnet = new Subnet(network, weights, statistics, owned);
        Split train = data.train();
        try (Batches batches = train.sample(Math.min(BATCH, train.size()), calibrationImages, CALIBRATION_SEED)) {
            while (batches.hasNext()) {
                try (NDManager pass = owned.newSubManager()) {
                    subnet.forward(Images.of(batches.next(), pass), pass);
                }
                statistics.nextBatch();
            }
        }
        statistics.freeze();
        return subnet;
    }

    /** Share of validation images that the recalibrated subnet classifies right. */
    public double accuracy(Architecture architecture) {
        return accuracy(architecture, data.validation());
    }

    /** Share of a split's images that the recalibrated subnet classifies right. */
    public double accuracy(Architecture architecture, Split split) {
        try (Subnet subnet = subnet(architecture); Batches batches = split.inOrder(BATCH, validationImages)) {
            long correct = 0;
            long images = 0;
            while (batches.hasNext()) {
                Batch batch = batches.next();
                try (NDManager pass = manager.newSubManager()) {
                    NDArray logits = subnet.forward(Images.of(batch, pass), pass);
                    correct += Images.correct(logits, batch.labels());
                }
                images += batch.size();
            }
            return (double) correct / images;
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
