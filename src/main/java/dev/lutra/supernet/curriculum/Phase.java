package dev.lutra.supernet.curriculum;

import java.util.List;

/**
 * One phase of a training.
 *
 * @param share of the epochs, above 0 to 1
 * @param sampling which paths its steps train
 * @param then what happens at its end, in order
 */
public record Phase(double share, Sampling sampling, List<Transition> then) {
    public Phase {
        then = List.copyOf(then);
    }
}
