package dev.lutra.supernet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import java.util.HashMap;
import java.util.Map;

/** A network in use, with weights from anywhere, running statistics included. For use by one thread. */
public final class Inference implements AutoCloseable {

    private final Network network;
    private final WeightSource source;
    private final NDManager manager;
    private final Map<Weight, NDArray> weights = new HashMap<>();

    /** @param weights read when first needed, once */
    public Inference(Network network, WeightSource weights, Device device) {
        this.network = network;
        this.source = weights;
        manager = NDManager.newBaseManager(device);
    }

    /** The outputs for every image, row-major: batch × classes. */
    public float[] logits(Batch batch) {
        try (NDManager pass = manager.newSubManager()) {
            return Forward.inference(network, this::array, RunningStatistics.given(this::array), Images.of(batch, pass))
                .toFloatArray();
        }
    }

    private NDArray array(Weight weight) {
        return weights.computeIfAbsent(weight, key -> manager.create(source.read(key), Views.shape(key)));
    }

    @Override
    public void close() {
        manager.close();
    }
}
