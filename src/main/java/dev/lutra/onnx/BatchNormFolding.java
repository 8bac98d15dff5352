package dev.lutra.onnx;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Value;
import dev.lutra.network.WeightSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Batch norm as part of the op before it: s·(w·x + b − mean) + shift with s = scale / √(variance + ε) is again a w·x + b.
 * Exact for padded convolutions too, because the zeros are there before the weights apply. In double precision.
 */
final class BatchNormFolding {

    private BatchNormFolding() {}

    /**
     * The batch norms that can be folded, by the value they read: what a convolution or linear op gives to them alone.
     */
    static Map<Value, Op.BatchNorm> foldable(Network network) {
        Set<Value> weighted = new HashSet<>();
        Map<Value, Integer> readers = new HashMap<>();
        network.outputs().forEach(output -> readers.merge(output, 1, Integer::sum));
        for (Op op : network.ops()) {
            if (op instanceof Op.Conv || op instanceof Op.Linear) {
                weighted.add(op.output());
            }
            op.inputs().forEach(input -> readers.merge(input, 1, Integer::sum));
        }
        Map<Value, Op.BatchNorm> foldable = new HashMap<>();
        for (Op op : network.ops()) {
            if (op instanceof Op.BatchNorm norm && weighted.contains(norm.input()) && readers.get(norm.input()) == 1) {
                foldable.put(norm.input(), norm);
            }
        }
        return foldable;
    }

    /** Weights of an op with the batch norm in them: as many values a channel of {@code weight}, one of {@code bias}. */
    record Folded(float[] weight, float[] bias) {}

    /** Folds a batch norm into weights whose first axis is the output channel. */
    static Folded fold(float[] weight, Optional<float[]> bias, Op.BatchNorm norm, WeightSource weights) {
        float[] scale = weights.read(norm.scale());
        float[] shift = weights.read(norm.shift());
        float[] mean = weights.read(norm.runningMean());
        float[] variance = weights.read(norm.runningVariance());
        int channels = scale.length;
        int perChannel = weight.length / channels;
        float[] foldedWeight = new float[weight.length];
        float[] foldedBias = new float[channels];
        for (int c = 0; c < channels; c++) {
            double factor = scale[c] / Math.sqrt(variance[c] + norm.epsilon());
            for (int i = c * perChannel; i < (c + 1) * perChannel; i++) {
                foldedWeight[i] = (float) (weight[i] * factor);
            }
            double before = bias.isPresent() ? bias.get()[c] : 0;
            foldedBias[c] = (float) ((before - mean[c]) * factor + shift[c]);
        }
        return new Folded(foldedWeight, foldedBias);
    }
}
