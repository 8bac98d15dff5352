package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The weights of one training step. Of every tensor that is learned, the smallest box that holds what the step's paths use is one
 * leaf of the gradient: a view that shares memory with the tensor. Momentum and weight decay are applied through views too, of
 * what some path uses and nothing else: the box of two corners of a kernel has taps that neither path uses, and what a step does
 * not use does not move.
 */
final class StepWeights implements Parameters {

    private final SupernetWeights shared;
    private final NDManager step;
    private final Map<SharedTensor, Leaf> leaves = new LinkedHashMap<>();
    private final Map<Weight, NDArray> views = new HashMap<>();

    /**
     * @param weight the part of the tensor
     * @param value memory of the part
     * @param variable the same memory, as the gradient sees it
     * @param used boxes of the part that do not overlap and together are what the paths use
     */
    private record Leaf(Weight weight, NDArray value, NDArray variable, List<Weight> used) {}

    /**
     * @param step owns every array of the step
     * @param paths the networks whose gradients are summed
     * @param learned which kinds of tensor are learned
     */
    StepWeights(SupernetWeights shared, NDManager step, List<Network> paths, Predicate<Role> learned) {
        this.shared = shared;
        this.step = step;
        Map<SharedTensor, Set<Weight>> parts = new LinkedHashMap<>();
        for (Network path : paths) {
            for (Op op : path.ops()) {
                for (Weight weight : op.weights()) {
                    if (learned.test(weight.tensor().role())) {
                        parts.computeIfAbsent(weight.tensor(), tensor -> new LinkedHashSet<>()).add(weight);
                    }
                }
            }
        }
        parts.forEach((tensor, used) -> leaves.put(tensor, leaf(tensor, used)));
    }

    private Leaf leaf(SharedTensor tensor, Set<Weight> used) {
        Weight part = used.stream().reduce(Views::bounding).orElseThrow();
        NDArray value = Views.detached(shared.tensor(tensor), part, step);
        NDArray variable = value.stopGradient();
        variable.setRequiresGradient(true);
        return new Leaf(part, value, variable, Views.disjoint(used));
    }

    @Override
    public NDArray get(Weight weight) {
        return views.computeIfAbsent(weight, this::view);
    }

    private NDArray view(Weight weight) {
        Leaf leaf = leaves.get(weight.tensor());
        if (leaf == null) {
            return Views.detached(shared.tensor(weight.tensor()), weight, step);
        }
        return leaf.weight().equals(weight) ? leaf.variable() : Views.within(leaf.variable(), leaf.weight(), weight);
    }

    /** Whether every gradient that the step has gathered is a finite number. */
    boolean haveFiniteGradients() {
        NDArray sum = step.zeros(new Shape(1));
        for (Leaf leaf : leaves.values()) {
            try (NDArray gradient = leaf.variable().getGradient(); NDArray part = gradient.sum()) {
                sum.addi(part); // an infinity or NaN is not summed away
            }
        }
        return Float.isFinite(sum.getFloat());
    }

    /** Moves the weights along the gradients that the step has gathered. */
    void update(Sgd sgd) {
        leaves.forEach((tensor, leaf) -> {
            try (NDArray gradient = leaf.variable().getGradient();
                NDArray momentum = Views.detached(shared.momentum(tensor), leaf.weight(), step)) {
                for (Weight used : leaf.used()) {
                    update(sgd, leaf, used, gradient, momentum);
                }
            }
        });
    }

    private static void update(Sgd sgd, Leaf leaf, Weight used, NDArray gradient, NDArray momentum) {
        boolean decays = used.tensor().role().decays();
        if (used.equals(leaf.weight())) {
            sgd.update(leaf.value(), gradient, momentum, decays);
            return;
        }
        try (NDArray value = Views.within(leaf.value(), leaf.weight(), used);
            NDArray slope = Views.within(gradient, leaf.weight(), used);
            NDArray velocity = Views.within(momentum, leaf.weight(), used)) {
            sgd.update(value, slope, velocity, decays);
        }
    }
}
