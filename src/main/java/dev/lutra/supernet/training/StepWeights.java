package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.WeightMoves;
import dev.lutra.supernet.descent.Clipping;
import dev.lutra.supernet.descent.Descent;
import dev.lutra.supernet.descent.LayerRates;
import dev.lutra.supernet.descent.Optimizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
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
     * @param more what is learned besides what the paths read
     * @param learned which tensors are learned
     */
    StepWeights(SupernetWeights shared, NDManager step, List<Network> paths, List<Weight> more, Predicate<SharedTensor> learned) {
        this.shared = shared;
        this.step = step;
        Map<SharedTensor, Set<Weight>> parts = new LinkedHashMap<>();
        for (Network path : paths) {
            for (Op op : path.ops()) {
                for (Weight weight : op.weights()) {
                    if (learned.test(weight.tensor())) {
                        parts.computeIfAbsent(weight.tensor(), tensor -> new LinkedHashSet<>()).add(weight);
                    }
                }
            }
        }
        more.forEach(weight -> parts.computeIfAbsent(weight.tensor(), tensor -> new LinkedHashSet<>()).add(weight));
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

    /** What the passes have gathered. */
    Gradients gradients() {
        Map<SharedTensor, NDArray> gradients = new LinkedHashMap<>();
        leaves.forEach((tensor, leaf) -> gradients.put(tensor, leaf.variable().getGradient()));
        return new Gradients(gradients);
    }

    /** The gradients of a step's leaves. */
    final class Gradients {

        private final Map<SharedTensor, NDArray> gradients;

        private Gradients(Map<SharedTensor, NDArray> gradients) {
            this.gradients = gradients;
        }

        /** Whether each is a finite number. */
        boolean areFinite() {
            return WeightMoves.finite(List.copyOf(gradients.values()));
        }

        /**
         * Bounds them, and moves the weights along them.
         *
         * @param layers some of which may move more slowly
         */
        void descend(Descent descent, double rate, LayerRates layers) {
            clip(gradients, descent.clipping());
            SortedMap<Double, List<Optimizer.Part>> parts = new TreeMap<>();
            leaves.forEach((tensor, leaf) -> {
                shared.momentum(tensor); // what has one is learned, whatever the optimizer remembers
                long steps = descent.optimizer().countsSteps() ? shared.countStep(tensor) : 0;
                double decay = descent.decayed().includes(tensor) ? descent.weightDecay() : 0;
                for (Weight used : leaf.used()) {
                    boolean whole = used.equals(leaf.weight());
                    NDArray value = whole ? leaf.value() : Views.within(leaf.value(), leaf.weight(), used);
                    NDArray slope = whole ? gradients.get(tensor) : Views.within(gradients.get(tensor), leaf.weight(), used);
                    parts.computeIfAbsent(layers.factor(tensor.name()), factor -> new ArrayList<>())
                        .add(new Optimizer.Part(value, slope, new UsedState(used, steps), decay));
                }
            });
            parts.forEach((factor, alike) -> descent.optimizer().update(alike, rate * factor));
        }
    }

    private static void clip(Map<SharedTensor, NDArray> gradients, Clipping clipping) {
        if (clipping.boundsValues()) {
            gradients.replaceAll((tensor, gradient) -> {
                try (gradient) {
                    return gradient.clip(-clipping.value(), clipping.value());
                }
            });
        }
        if (clipping.boundsNorm()) {
            double squares = 0;
            for (NDArray gradient : gradients.values()) {
                try (NDArray squared = gradient.square(); NDArray sum = squared.sum()) {
                    squares += sum.getFloat();
                }
            }
            float factor = (float) clipping.factor(Math.sqrt(squares));
            if (factor < 1) {
                gradients.values().forEach(gradient -> gradient.muli(factor));
            }
        }
    }

    /**
     * What is remembered of a part of a tensor.
     *
     * @param part that a step moves
     * @param steps that have moved the tensor
     */
    private final class UsedState implements Optimizer.State {

        private final Weight part;
        private final long steps;

        UsedState(Weight part, long steps) {
            this.part = part;
            this.steps = steps;
        }

        @Override
        public NDArray memory(Optimizer.Memory kind) {
            NDArray whole = switch (kind) {
                case MOMENTUM -> shared.momentum(part.tensor());
                case SQUARE -> shared.extra(SupernetWeights.Extra.SQUARE, part.tensor());
            };
            return Views.detached(whole, part, step);
        }

        @Override
        public long steps() {
            return steps;
        }
    }
}
