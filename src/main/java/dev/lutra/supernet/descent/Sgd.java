package dev.lutra.supernet.descent;

import ai.djl.ndarray.NDArray;
import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;

/**
 * Stochastic gradient descent with momentum, as PyTorch defines it: {@code v = momentum · v + gradient + decay · w},
 * {@code w = w − rate · v}. (DJL's own update multiplies by the rate before the momentum, which differs when the rate
 * changes.)
 *
 * @param momentum 0 to below 1
 * @param nesterov whether the step looks ahead: {@code w = w − rate · (gradient + decay · w + momentum · v)} (Sutskever et al. 2013)
 */
public record Sgd(double momentum, boolean nesterov) implements Optimizer {

    static final String NAME = "sgd";
    private static final double USUAL_MOMENTUM = 0.9;

    static Sgd of(LayeredSettings settings) {
        return new Sgd(settings.number("momentum", 0, 0.999, USUAL_MOMENTUM), settings.flag("nesterov", false));
    }

    @Override
    public void update(NDArray weight, NDArray gradient, State state, double rate, double decay) {
        decayed(weight, gradient, decay);
        NDArray velocity = state.memory(Memory.MOMENTUM);
        velocity.muli((float) momentum).addi(gradient);
        if (nesterov) {
            try (NDArray ahead = velocity.mul((float) momentum)) {
                gradient.addi(ahead);
            }
        }
        move(weight, nesterov ? gradient : velocity, rate);
    }

    /** Adds the decay of a weight to its gradient. */
    static void decayed(NDArray weight, NDArray gradient, double decay) {
        if (decay > 0) {
            try (NDArray pull = weight.mul((float) decay)) {
                gradient.addi(pull);
            }
        }
    }

    /** Takes a multiple of a direction off a weight. */
    static void move(NDArray weight, NDArray direction, double rate) {
        try (NDArray change = direction.mul((float) rate)) {
            weight.subi(change);
        }
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key + "momentum", momentum).putLater(key + "nesterov", Boolean.toString(nesterov), Boolean.toString(false));
    }
}
