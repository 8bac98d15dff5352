package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;

/**
 * Stochastic gradient descent with momentum, as PyTorch defines it: {@code v = momentum · v + gradient + decay · w},
 * {@code w = w − rate · v}. (DJL's own update multiplies by the rate before the momentum, which differs when the rate
 * changes.)
 */
record Sgd(double learningRate, double momentum, double weightDecay) {

    /** Changes {@code weight} and {@code velocity} in place, and {@code gradient} too. */
    void update(NDArray weight, NDArray gradient, NDArray velocity, boolean decays) {
        if (decays && weightDecay > 0) {
            try (NDArray decay = weight.mul((float) weightDecay)) {
                gradient.addi(decay);
            }
        }
        velocity.muli((float) momentum).addi(gradient);
        try (NDArray change = velocity.mul((float) learningRate)) {
            weight.subi(change);
        }
    }
}
