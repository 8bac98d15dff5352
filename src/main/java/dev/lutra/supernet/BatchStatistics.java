package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.BatchNorm;
import dev.lutra.network.Op;
import java.util.HashMap;
import java.util.Map;

/** Normalises by the mean and variance of the batch, and keeps neither. */
public final class BatchStatistics implements Normalizer {

    private static final float KEEP_EVERYTHING = 1;

    /** DJL cannot do without running statistics: one pair for each number of channels, which never changes. */
    private record Unused(NDArray mean, NDArray variance) {}

    private final NDManager manager;
    private final Map<Integer, Unused> unused = new HashMap<>();

    /** @param manager owns a few small arrays, and outlives this */
    public BatchStatistics(NDManager manager) {
        this.manager = manager;
    }

    @Override
    public NDArray normalize(Op.BatchNorm op, NDArray x, NDArray scale, NDArray shift) {
        Unused running = unused.computeIfAbsent(op.input().shape().channels(),
            channels -> new Unused(manager.zeros(new Shape(channels)), manager.ones(new Shape(channels))));
        return BatchNorm.batchNorm(x, running.mean(), running.variance(), scale, shift, NATIVE_AXIS, KEEP_EVERYTHING,
            (float) op.epsilon(), true).singletonOrThrow();
    }
}
