package dev.lutra.lowering;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Batch norm as part of the op before it: s·(w·x + b − mean) + shift with s = scale / √(variance + ε) is again a w·x + b.
 * Exact for padded convolutions too, because the zeros are there before the weights apply. In double precision.
 */
public final class BatchNormFolding implements Lowering {

    /** An op that has weights, with the batch norm that becomes part of them. */
    private record Pair(Op op, Weight weight, Optional<Weight> bias, Op.BatchNorm norm) {}

    @Override
    public LoweredNetwork apply(LoweredNetwork before) {
        Map<Value, Op.BatchNorm> foldable = foldable(before.network());
        Map<Weight, Pair> weights = new HashMap<>();
        Map<Weight, Pair> biases = new HashMap<>();
        List<List<Op>> segments = before.network().segments().stream().map(segment -> {
            List<Op> ops = new ArrayList<>();
            for (Op op : segment.ops()) {
                Op.BatchNorm norm = foldable.get(op.output());
                if (norm != null) {
                    Pair pair = pair(op, norm);
                    Op folded = folded(pair);
                    weights.put(folded.weights().get(0), pair);
                    biases.put(folded.weights().get(1), pair);
                    ops.add(folded);
                } else if (!foldable.containsValue(op)) {
                    ops.add(op);
                }
            }
            return ops;
        }).toList();
        WeightSource source = weight -> {
            if (weights.containsKey(weight)) {
                return weight(weights.get(weight), before.weights());
            }
            return biases.containsKey(weight) ? bias(biases.get(weight), before.weights()) : before.weights().read(weight);
        };
        return new LoweredNetwork(before.network().withOps(segments), source, before.names(), before.precision());
    }

    /**
     * The batch norms that can be folded, by the value they read: what a convolution or linear op gives to them alone.
     */
    private static Map<Value, Op.BatchNorm> foldable(Network network) {
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

    private static Pair pair(Op op, Op.BatchNorm norm) {
        if (op instanceof Op.Conv conv) {
            return new Pair(op, conv.weight(), conv.bias(), norm);
        }
        Op.Linear linear = (Op.Linear) op;
        return new Pair(op, linear.weight(), linear.bias(), norm);
    }

    /** The op with weights of its own, which gives what the batch norm gave. */
    private static Op folded(Pair pair) {
        SharedTensor tensor = pair.weight().tensor();
        Weight weight = Weight.whole(new SharedTensor(tensor.name(), pair.weight().dims(), tensor.role()));
        String biasName = pair.bias().map(bias -> bias.tensor().name()).orElse(pair.op().name() + ".bias");
        Weight bias = Weight.whole(new SharedTensor(biasName, pair.weight().dims().subList(0, 1), Role.BIAS));
        Value output = pair.norm().output();
        if (pair.op() instanceof Op.Conv conv) {
            return conv.with(weight, Optional.of(bias), output);
        }
        return ((Op.Linear) pair.op()).with(weight, Optional.of(bias), output);
    }

    /** Of each output channel: scale / √(variance + ε). */
    private static double[] factors(Op.BatchNorm norm, WeightSource weights) {
        float[] scale = weights.read(norm.scale());
        float[] variance = weights.read(norm.runningVariance());
        double[] factors = new double[scale.length];
        for (int c = 0; c < factors.length; c++) {
            factors[c] = scale[c] / Math.sqrt(variance[c] + norm.epsilon());
        }
        return factors;
    }

    private static float[] weight(Pair pair, WeightSource weights) {
        double[] factors = factors(pair.norm(), weights);
        float[] weight = weights.read(pair.weight());
        int perChannel = weight.length / factors.length;
        float[] folded = new float[weight.length];
        for (int i = 0; i < folded.length; i++) {
            folded[i] = (float) (weight[i] * factors[i / perChannel]);
        }
        return folded;
    }

    private static float[] bias(Pair pair, WeightSource weights) {
        double[] factors = factors(pair.norm(), weights);
        float[] shift = weights.read(pair.norm().shift());
        float[] mean = weights.read(pair.norm().runningMean());
        Optional<float[]> bias = pair.bias().map(weights::read);
        float[] folded = new float[factors.length];
        for (int c = 0; c < folded.length; c++) {
            double before = bias.isPresent() ? bias.get()[c] : 0;
            folded[c] = (float) ((before - mean[c]) * factors[c] + shift[c]);
        }
        return folded;
    }
}
