package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.network.Weight;
import java.util.List;
import java.util.Optional;

/** Decisions within the path of one training step, which are learned together with its weights. */
public interface Relaxation {

    /** Nothing is decided: the path is trained as it is. */
    Relaxation NONE = new Relaxation() {
        @Override
        public List<Weight> learned() {
            return List.of();
        }

        @Override
        public Relaxed begin(Parameters parameters, NDManager step) {
            return new Relaxed(parameters, Optional.empty());
        }
    };

    /**
     * What the path is run with.
     *
     * @param parameters the decisions applied to the weights
     * @param loss what is lowered besides the path's own: its gradient counts, its value does not
     */
    record Relaxed(Parameters parameters, Optional<NDArray> loss) {}

    /** What the step learns besides the path's weights. */
    List<Weight> learned();

    /**
     * Decides, under a gradient collector.
     *
     * @param parameters the leaves of the step's gradient
     * @param step owns the step's arrays
     */
    Relaxed begin(Parameters parameters, NDManager step);
}
