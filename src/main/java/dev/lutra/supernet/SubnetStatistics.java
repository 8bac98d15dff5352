package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.BatchNorm;
import dev.lutra.network.Op;
import java.util.HashMap;
import java.util.Map;

/**
 * Batch norm's running statistics of one subnet. While it calibrates, they become the plain average over the batches of
 * each batch's mean and unbiased variance; afterwards they are what normalises.
 */
final class SubnetStatistics implements Normalizer {

    private final NDManager manager;
    private final Map<String, NDArray> values = new HashMap<>();
    private int batches;
    private boolean calibrating = true;

    /** @param manager owns the statistics */
    SubnetStatistics(NDManager manager) {
        this.manager = manager;
    }

    /** A calibration batch has gone through. */
    void nextBatch() {
        batches++;
    }

    /** From now on the statistics stay as they are. */
    void freeze() {
        calibrating = false;
    }

    /** The statistic of that name. */
    NDArray get(String tensor) {
        return values.get(tensor);
    }

    @Override
    public NDArray normalize(Op.BatchNorm op, NDArray x, NDArray scale, NDArray shift) {
        Shape shape = new Shape(op.input().shape().channels());
        NDArray mean = values.computeIfAbsent(op.runningMean().tensor().name(), name -> manager.zeros(shape));
        NDArray variance = values.computeIfAbsent(op.runningVariance().tensor().name(), name -> manager.ones(shape));
        // the share of the old value that is kept: an exact average of all batches so far
        float keep = (float) batches / (batches + 1);
        return BatchNorm.batchNorm(x, mean, variance, scale, shift, NATIVE_AXIS, keep, (float) op.epsilon(), calibrating)
            .singletonOrThrow();
    }
}
