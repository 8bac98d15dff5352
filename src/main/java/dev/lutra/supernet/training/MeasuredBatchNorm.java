package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.RunningStatistics;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import java.util.HashMap;
import java.util.Map;

/** Batch norm of a network, measured while no weight moves: the plain mean over all batches that it sees, as SPOS's networks are finished. */
final class MeasuredBatchNorm implements AutoCloseable {

    private final Network network;
    private final NDManager manager;
    private final RunningStatistics statistics;
    private final Parameters parameters;

    /** @param weights stay open for as long as this is used */
    MeasuredBatchNorm(Network network, SupernetWeights weights) {
        this.network = network;
        manager = weights.newManager();
        statistics = new RunningStatistics(manager);
        Map<Weight, NDArray> views = new HashMap<>();
        parameters = weight -> views.computeIfAbsent(weight, key -> Views.detached(weights.used(key.tensor()), key, manager));
    }

    void see(Batch images) {
        statistics.nextBatch(images.size());
        try (NDManager pass = manager.newSubManager()) {
            Forward.inference(network, parameters, statistics, Images.of(images, pass));
        }
    }

    /** By name of the tensor. */
    Map<String, float[]> values() {
        return statistics.values();
    }

    @Override
    public void close() {
        manager.close();
    }
}
