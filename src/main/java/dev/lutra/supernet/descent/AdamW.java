package dev.lutra.supernet.descent;

import ai.djl.ndarray.NDArray;
import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch defines it: {@code w = w − rate · decay · w}, then
 * {@code m = β₁ m + (1 − β₁) g}, {@code s = β₂ s + (1 − β₂) g²} and
 * {@code w = w − rate / (1 − β₁ᵗ) · m / (√s / √(1 − β₂ᵗ) + ε)} in the weight's own step t.
 *
 * @param beta1 decay of the mean gradient
 * @param beta2 decay of the mean square
 * @param epsilon keeps the divisor from 0
 */
public record AdamW(double beta1, double beta2, double epsilon) implements Optimizer {

    static final String NAME = "adamw";
    static final double USUAL_RATE = 0.001;
    static final double USUAL_DECAY = 0.01;
    private static final double MOST = 0.999_999;

    static AdamW of(LayeredSettings settings) {
        return new AdamW(settings.number("beta1", 0, MOST, 0.9), settings.number("beta2", 0, MOST, 0.999),
            settings.number("epsilon", 0, 1, 1e-8));
    }

    @Override
    public void update(List<Part> parts, double rate) {
        parts.forEach(part -> update(part, rate));
    }

    private void update(Part part, double rate) {
        if (part.decay() > 0) {
            part.weight().muli((float) (1 - rate * part.decay()));
        }
        NDArray mean = part.state().memory(Memory.MOMENTUM);
        NDArray square = part.state().memory(Memory.SQUARE);
        try (NDArray squared = part.gradient().square();
            NDArray ofMean = part.gradient().mul((float) (1 - beta1));
            NDArray ofSquare = squared.mul((float) (1 - beta2))) {
            mean.muli((float) beta1).addi(ofMean);
            square.muli((float) beta2).addi(ofSquare);
        }
        double first = 1 - Math.pow(beta1, part.state().steps());
        double second = Math.sqrt(1 - Math.pow(beta2, part.state().steps()));
        try (NDArray root = square.sqrt(); NDArray scaled = root.div((float) second)) {
            scaled.addi((float) epsilon);
            try (NDArray direction = mean.div(scaled)) {
                Sgd.move(part.weight(), direction, rate / first);
            }
        }
    }

    @Override
    public boolean countsSteps() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key + "kind", NAME).put(key + "beta1", beta1).put(key + "beta2", beta2).put(key + "epsilon", epsilon);
    }
}
