package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;

/** One network cut out of a supernet, with batch-norm statistics of its own. As a weight source it gives both. */
public final class Subnet implements WeightSource, AutoCloseable {

    private final Network network;
    private final SupernetWeights weights;
    private final SubnetStatistics statistics;
    private final NDManager manager;

    Subnet(Network network, SupernetWeights weights, SubnetStatistics statistics, NDManager manager) {
        this.network = network;
        this.weights = weights;
        this.statistics = statistics;
        this.manager = manager;
    }

    public Network network() {
        return network;
    }

    /** Outputs for a batch, row-major: images, then classes. */
    public float[] logits(Batch batch) {
        try (NDManager pass = manager.newSubManager()) {
            return forward(Images.of(batch, pass), pass).toFloatArray();
        }
    }

    NDArray forward(NDArray images, NDManager pass) {
        return Forward.inference(network, weight -> Views.detached(weights.tensor(weight.tensor()), weight, pass), statistics,
            images);
    }

    @Override
    public float[] read(Weight weight) {
        if (weight.tensor().role().isParameter()) {
            return weights.read(weight);
        }
        return statistics.get(weight.tensor().name()).toFloatArray();
    }

    @Override
    public void close() {
        manager.close();
    }
}
