package dev.lutra.supernet.descent;

import ai.djl.ndarray.NDArray;
import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;

/**
 * RMSProp with momentum, as PyTorch defines it: {@code g = gradient + decay · w}, {@code s = α s + (1 − α) g²},
 * {@code v = momentum · v + g / (√s + ε)}, {@code w = w − rate · v}. TensorFlow, which Single-Path NAS was trained in, has ε under
 * the root, the rate within the momentum, and a first s of 1; defaults are that network's (α 0.9, momentum 0.9, ε 0.001).
 *
 * @param alpha decay of the mean square
 * @param momentum of the scaled gradients
 * @param epsilon keeps the divisor from 0
 */
public record RmsProp(double alpha, double momentum, double epsilon) implements Optimizer {

    static final String NAME = "rmsprop";
    static final double USUAL_RATE = 0.016;
    static final double USUAL_DECAY = 1e-5;

    static RmsProp of(LayeredSettings settings) {
        return new RmsProp(settings.number("alpha", 0, 0.999_999, 0.9), settings.number("momentum", 0, 0.999, 0.9),
            settings.number("epsilon", 0, 1, 0.001));
    }

    @Override
    public void update(List<Part> parts, double rate) {
        parts.forEach(part -> update(part, rate));
    }

    private void update(Part part, double rate) {
        NDArray gradient = part.gradient();
        if (part.decay() > 0) {
            try (NDArray pull = part.weight().mul((float) part.decay())) {
                gradient.addi(pull);
            }
        }
        NDArray square = part.state().memory(Memory.SQUARE);
        try (NDArray squared = gradient.square(); NDArray ofSquare = squared.mul((float) (1 - alpha))) {
            square.muli((float) alpha).addi(ofSquare);
        }
        NDArray velocity = part.state().memory(Memory.MOMENTUM);
        try (NDArray root = square.sqrt()) {
            root.addi((float) epsilon);
            try (NDArray scaled = gradient.div(root)) {
                velocity.muli((float) momentum).addi(scaled);
            }
        }
        Sgd.move(part.weight(), velocity, rate);
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key + "kind", NAME).put(key + "alpha", alpha).put(key + "momentum", momentum).put(key + "epsilon", epsilon);
    }
}
