package dev.lutra.supernet.proxy;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.supernet.Forward;
import java.util.HashMap;
import java.util.Map;

/**
 * Synaptic flow (Tanaka et al. 2020, as Abdelfattah et al. 2021 score networks by it): of the network with the absolute values of its first
 * weights and without batch norm, which is given an image of ones, the sum of its outputs R; the score is the sum of |θ · ∂R/∂θ| over
 * all weights θ. We take its logarithm, which orders networks alike. In double precision, as it grows with every layer.
 *
 * @param weights first values
 */
record SynFlow(WeightSource weights) {

    /** No other gradient may be under way on this thread. */
    double score(Network network) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Map<Weight, NDArray> leaves = new HashMap<>();
            Shape image = new Shape(1, network.input().shape().channels(), network.input().shape().height(), network.input().shape().width());
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray outputs = Forward.inference(network, weight -> leaves.computeIfAbsent(weight, key -> leaf(key, manager)),
                    (norm, x, scale, shift) -> x, manager.ones(image, DataType.FLOAT64));
                collector.backward(outputs.sum());
            }
            double sum = 0;
            for (NDArray leaf : leaves.values()) {
                sum += leaf.mul(leaf.getGradient()).abs().sum().getDouble();
            }
            return Math.log(sum);
        }
    }

    private NDArray leaf(Weight weight, NDManager manager) {
        float[] values = weights.read(weight);
        double[] absolute = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            absolute[i] = Math.abs(values[i]);
        }
        try (NDArray borrowed = manager.create(absolute, new Shape(weight.dims().stream().mapToLong(Integer::longValue).toArray()))) {
            NDArray leaf = borrowed.duplicate(); // in libtorch's own memory
            leaf.setRequiresGradient(true);
            return leaf;
        }
    }
}
