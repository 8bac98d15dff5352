package dev.lutra.supernet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import java.util.HashMap;
import java.util.Map;

/**
 * A network in use, lowered as it will be in a file, with weights from anywhere, running statistics included. What is in half
 * precision has its weights rounded, and is computed in float32. For use by one thread.
 */
public final class Inference implements AutoCloseable {

    private final Network network;
    private final WeightSource source;
    private final NDManager manager;
    private final Map<Weight, NDArray> weights = new HashMap<>();

    /** @param lowered whose weights are read when first needed, once */
    public Inference(LoweredNetwork lowered, Device device) {
        this(lowered, NDManager.newBaseManager(device));
    }

    /** @param manager owns the weights, and is closed with this */
    public Inference(LoweredNetwork lowered, NDManager manager) {
        this.network = lowered.network();
        this.source = lowered.weights();
        this.manager = manager;
    }

    /** The outputs for images N, C, H, W, on their manager: images × classes. */
    public NDArray logits(NDArray images) {
        return Forward.inference(network, this::array, RunningStatistics.given(this::array), images);
    }

    /** The outputs for every image, row-major: batch × classes. */
    public float[] logits(Batch batch) {
        try (NDManager pass = manager.newSubManager()) {
            return logits(Images.of(batch, pass)).toFloatArray();
        }
    }

    private NDArray array(Weight weight) {
        return weights.computeIfAbsent(weight, key -> Views.own(source.read(key), Views.shape(key), manager));
    }

    @Override
    public void close() {
        manager.close();
    }
}
