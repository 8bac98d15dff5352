package dev.lutra.supernet.descent;

import ai.djl.ndarray.NDArray;
import dev.lutra.identity.NamedValues;
import java.util.List;

/** How a step moves weights. A new one is a new class and one line in {@link Optimizers}. */
public interface Optimizer {

    /**
     * What an optimizer remembers of a weight from step to step.
     */
    enum Memory {
        /** A decaying sum or mean of gradients. */
        MOMENTUM,
        /** A decaying mean of squared gradients. */
        SQUARE
    }

    /**
     * What there is of a weight, or of a part of it. Arrays share their memory with what is kept.
     */
    interface State {

        /** What is remembered, of the weight's shape; zeros at first. */
        NDArray memory(Memory kind);

        /** Steps that have moved the weight, this one included. */
        long steps();
    }

    /**
     * A weight or a part of one that a step moves.
     *
     * @param gradient of its shape
     * @param decay 0 where it does not decay
     */
    record Part(NDArray weight, NDArray gradient, State state, double decay) {}

    /**
     * Changes weights and their state in place; the gradients may be changed too.
     *
     * @param parts which do not overlap
     * @param rate of this step
     */
    void update(List<Part> parts, double rate);

    /** Whether {@link State#steps} is asked for, and so has to be kept. */
    default boolean countsSteps() {
        return false;
    }

    /**
     * Puts its settings under names that begin with the key; its name too, unless it is the one that files without a name mean.
     *
     * @param key of the experiment file, with a dot at its end
     */
    void describe(String key, NamedValues.Builder values);
}
