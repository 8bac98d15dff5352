package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.norm.BatchNorm;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import java.util.HashMap;
import java.util.Map;

/**
 * Mean and variance of batch norm for one subnet. While gathering, every batch is normalised by its own; what is kept is an
 * average over the batches of the mean and of the unbiased variance.
 */
public final class RunningStatistics implements Normalizer, Parameters {

    /** How much each batch counts. */
    public enum Averaging {

        /** As much as any other, as PyTorch has it with {@code momentum=None}. */
        MEAN,

        /** As much as it has images. */
        WEIGHTED,

        /** A tenth of what is kept after it, the rest being what was kept before, 0 and 1 at first: PyTorch's default. */
        MOVING
    }

    /** What PyTorch's default of {@code momentum}, 0.1, leaves of what was kept. */
    private static final float MOVING_KEEPS = 0.9f;

    private final NDManager manager;
    private final Averaging averaging;
    private final Map<String, NDArray> arrays = new HashMap<>();
    private long gathered;
    private float kept;

    /**
     * The plain average over batches.
     *
     * @param manager owns the statistics
     */
    public RunningStatistics(NDManager manager) {
        this(manager, Averaging.MEAN);
    }

    /** @param manager owns the statistics */
    public RunningStatistics(NDManager manager, Averaging averaging) {
        this.manager = manager;
        this.averaging = averaging;
    }

    /**
     * Call before every batch that is gathered.
     *
     * @param images in it
     */
    public void nextBatch(long images) {
        long counts = averaging == Averaging.WEIGHTED ? images : 1;
        gathered += counts;
        kept = averaging == Averaging.MOVING ? MOVING_KEEPS : 1 - (float) counts / gathered;
    }

    @Override
    public NDArray normalize(Op.BatchNorm op, NDArray x, NDArray scale, NDArray shift) {
        return BatchNorm.batchNorm(x, get(op.runningMean()), get(op.runningVariance()), scale, shift, NATIVE_AXIS, kept,
            (float) op.epsilon(), true).singletonOrThrow();
    }

    @Override
    public NDArray get(Weight weight) {
        return arrays.computeIfAbsent(weight.tensor().name(), name -> averaging == Averaging.MOVING && weight.tensor().role() == Role.RUNNING_VARIANCE
            ? manager.ones(Views.shape(weight))
            : manager.zeros(Views.shape(weight)));
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
