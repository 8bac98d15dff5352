package dev.lutra.supernet.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Parameters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs a path on several devices at once, each with an equal part of the batch and copies of the weights that it uses. Outputs come together
 * on the first device, where the loss is taken of the whole batch; gradients come back through the copies and add up in the weights
 * themselves. Every part is normalised by its own statistics, as usual in data-parallel training. GPUs compute what they are given while the
 * next is given its part; PyTorch runs their ways back side by side.
 */
final class Replicas {

    private final List<Device> devices;
    private final List<BatchStatistics> statistics = new ArrayList<>();

    /** @param manager owns a few small arrays on each device, and outlives this */
    Replicas(List<Device> devices, NDManager manager) {
        this.devices = devices;
        devices.forEach(device -> statistics.add(new BatchStatistics(manager.newSubManager(device))));
    }

    /**
     * What a path gives.
     *
     * @param logits of the path
     * @param second of its second classifier, if it has one
     */
    record Outputs(NDArray logits, Optional<NDArray> second) {}

    /**
     * The outputs of a path in training.
     *
     * @param images of the whole batch, on the first device
     */
    Outputs outputs(Pass pass, Parameters weights, NDArray images) {
        NDList seconds = new NDList();
        if (devices.size() == 1) {
            NDArray logits = pass.outputs(weights, statistics.get(0), images, seconds::add);
            return new Outputs(logits, seconds.stream().findFirst());
        }
        long batch = images.getShape().get(0);
        NDList parts = new NDList();
        for (int i = 0; i < devices.size(); i++) {
            long from = batch * i / devices.size();
            long end = batch * (i + 1) / devices.size();
            NDArray part = images.get(new NDIndex("{}:{}", from, end)).toDevice(devices.get(i), false);
            parts.add(pass.outputs(copies(weights, devices.get(i)), statistics.get(i), part,
                second -> seconds.add(second.toDevice(devices.get(0), false))).toDevice(devices.get(0), false));
        }
        return new Outputs(NDArrays.concat(parts, 0), seconds.isEmpty() ? Optional.empty() : Optional.of(NDArrays.concat(seconds, 0)));
    }

    private Parameters copies(Parameters weights, Device device) {
        Map<Weight, NDArray> copies = new HashMap<>();
        return new Parameters() {
            @Override
            public NDArray get(Weight weight) {
                return copies.computeIfAbsent(weight, any -> weights.get(weight).toDevice(device, false));
            }

            @Override
            public NDArray scaling(Op.ChannelScale op, NDArray factor) {
                return weights.scaling(op, factor.toDevice(devices.get(0), false)).toDevice(device, false);
            }
        };
    }
}
