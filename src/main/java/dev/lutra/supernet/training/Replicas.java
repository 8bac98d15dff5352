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
import java.util.stream.IntStream;

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
     * What one device sees of a batch.
     *
     * @param statistics that it is normalised by
     * @param images on the device
     */
    record Part(Device device, BatchStatistics statistics, NDArray images) {}

    /**
     * The outputs of a path in training.
     *
     * @param images of the whole batch, on the first device
     */
    Outputs outputs(Pass pass, Parameters weights, NDArray images) {
        NDList seconds = new NDList();
        NDList logits = new NDList();
        for (Part part : parts(images)) {
            logits.add(home(pass.outputs(on(part, weights), part.statistics(), part.images(), second -> seconds.add(home(second)))));
        }
        return new Outputs(whole(logits), seconds.isEmpty() ? Optional.empty() : Optional.of(whole(seconds)));
    }

    /** The batch, cut for the devices. */
    List<Part> parts(NDArray images) {
        if (devices.size() == 1) {
            return List.of(new Part(devices.get(0), statistics.get(0), images));
        }
        long batch = images.getShape().get(0);
        return IntStream.range(0, devices.size()).mapToObj(i -> new Part(devices.get(i), statistics.get(i), images.get(
            new NDIndex("{}:{}", batch * i / devices.size(), batch * (i + 1) / devices.size())).toDevice(devices.get(i), false))).toList();
    }

    /** A result on the first device. */
    NDArray home(NDArray result) {
        return devices.size() == 1 ? result : result.toDevice(devices.get(0), false);
    }

    private static NDArray whole(NDList parts) {
        return parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, 0);
    }

    /** Weights as the device of a part has them. */
    Parameters on(Part part, Parameters weights) {
        return devices.size() == 1 ? weights : copies(weights, part.device());
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
