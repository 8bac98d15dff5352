package dev.lutra.search.nao;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.lutra.supernet.descent.AdamW;
import dev.lutra.supernet.descent.Optimizer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;

/** Named weights, and Adam's memory of them. */
final class Weights {

    private static final Optimizer ADAM = new AdamW(0.9, 0.999, 1e-8); // without decay both are the same

    private final NDManager arrays;
    private final Random random;
    private final Map<String, NDArray> all = new LinkedHashMap<>();
    private final Map<String, Remembered> memories = new LinkedHashMap<>();
    private Map<String, NDArray> leaves = Map.of();

    Weights(NDManager arrays, Random random) {
        this.arrays = arrays;
        this.random = random;
    }

    /** Adds a weight, uniform within ± 1 / √fan, as PyTorch starts recurrent and linear layers. */
    void add(String name, int fan, long... shape) {
        add(name, () -> (2 * random.nextDouble() - 1) / Math.sqrt(fan), shape);
    }

    /** Adds vectors of words, normally distributed, as PyTorch starts embeddings. */
    void addEmbedding(String name, long... shape) {
        add(name, random::nextGaussian, shape);
    }

    private void add(String name, DoubleSupplier draw, long... shape) {
        float[] values = new float[(int) new Shape(shape).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) draw.getAsDouble();
        }
        all.put(name, arrays.create(values, new Shape(shape)));
    }

    /** A weight; while a step is learned, as the variable whose gradient is asked for. */
    NDArray get(String name) {
        return leaves.getOrDefault(name, all.get(name));
    }

    /** From now on weights are variables. */
    void beginStep(NDManager step) {
        leaves = new LinkedHashMap<>();
        all.forEach((name, weight) -> {
            NDArray leaf = weight.stopGradient();
            leaf.attach(step);
            leaf.setRequiresGradient(true);
            leaves.put(name, leaf);
        });
    }

    /**
     * Moves every weight against its gradient; they are no variables any more.
     *
     * @param longest norm of all gradients together, which longer ones are cut to
     */
    void endStep(NDManager step, double rate, double longest) {
        Map<String, NDArray> gradients = new LinkedHashMap<>();
        leaves.forEach((name, leaf) -> {
            NDArray gradient = leaf.getGradient();
            gradient.attach(step);
            gradients.put(name, gradient);
        });
        leaves = Map.of();
        NDArray squares = step.zeros(new Shape());
        gradients.values().forEach(gradient -> squares.addi(gradient.square().sum()));
        double norm = Math.sqrt(squares.getFloat());
        List<Optimizer.Part> parts = new ArrayList<>();
        gradients.forEach((name, gradient) -> {
            NDArray bounded = norm > longest ? gradient.mul((float) (longest / norm)) : gradient;
            Remembered memory = memories.computeIfAbsent(name, missing -> new Remembered(all.get(name)));
            memory.steps++;
            parts.add(new Optimizer.Part(all.get(name), bounded, memory, 0));
        });
        ADAM.update(parts, rate);
    }

    /** What Adam remembers of a weight. */
    private static final class Remembered implements Optimizer.State {

        private final Map<Optimizer.Memory, NDArray> memories = new EnumMap<>(Optimizer.Memory.class);
        private long steps;

        Remembered(NDArray weight) {
            for (Optimizer.Memory kind : Optimizer.Memory.values()) {
                memories.put(kind, weight.zerosLike());
            }
        }

        @Override
        public NDArray memory(Optimizer.Memory kind) {
            return memories.get(kind);
        }

        @Override
        public long steps() {
            return steps;
        }
    }
}
