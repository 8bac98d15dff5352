package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.norm.BatchNorm;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import java.util.HashMap;
import java.util.Map;

/**
 * Mean and variance of batch norm for one subnet. While gathering, every batch is normalised by its own; what is kept is the
 * plain average over the batches of the mean and of the unbiased variance, as PyTorch keeps with {@code momentum=None}.
 */
public final class RunningStatistics implements Normalizer, Parameters {

    private final NDManager manager;
    private final Map<String, NDArray> arrays = new HashMap<>();
    private int batches;

    /** @param manager owns the statistics */
    public RunningStatistics(NDManager manager) {
        this.manager = manager;
    }

    /** Call before every batch that is gathered. */
    public void nextBatch() {
        batches++;
    }

    @Override
    public NDArray normalize(Op.BatchNorm op, NDArray x, NDArray scale, NDArray shift) {
        float kept = 1 - 1f / batches;
        return BatchNorm.batchNorm(x, get(op.runningMean()), get(op.runningVariance()), scale, shift, NATIVE_AXIS, kept,
            (float) op.epsilon(), true).singletonOrThrow();
    }

    @Override
    public NDArray get(Weight weight) {
        return arrays.computeIfAbsent(weight.tensor().name(), name -> manager.zeros(Views.shape(weight)));
    }

    /** Copies that outlive the arrays, by name of the tensor. */
    public Map<String, float[]> values() {
        Map<String, float[]> values = new HashMap<>();
        arrays.forEach((name, array) -> values.put(name, array.toFloatArray()));
        return values;
    }

    /** Normalises by statistics that {@code parameters} gives, as in use. */
    public static Normalizer given(Parameters parameters) {
        return (op, x, scale, shift) -> BatchNorm.batchNorm(x, parameters.get(op.runningMean()),
            parameters.get(op.runningVariance()), scale, shift, NATIVE_AXIS, 1, (float) op.epsilon(), false).singletonOrThrow();
    }
}
