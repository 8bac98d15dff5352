package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import dev.lutra.network.Network;
import java.util.List;

/** What a training step lowers, path by path. */
@FunctionalInterface
public interface Loss {

    /**
     * What a path made of a batch, and what else there is to hold it against.
     *
     * @param path the network
     * @param images N, C, H, W, for a teacher to look at
     * @param labels of the images
     * @param logits the path's outputs, images × classes; the gradient passes through them
     * @param earlier the step's paths before this one, in their order, for a teacher among them
     * @param progress share of the training's steps that are taken, 0 to below 1
     */
    record Answers(Network path, NDArray images, Labels labels, NDArray logits, List<Earlier> earlier, double progress) {
        public Answers {
            earlier = List.copyOf(earlier);
        }
    }

    /**
     * A path of the same step.
     *
     * @param path the network
     * @param logits its outputs, images × classes; no gradient passes
     */
    record Earlier(Network path, NDArray logits) {}

    /** One number, from which the gradient starts, on the manager of the logits. */
    NDArray of(Answers answers);

    /**
     * Told before a step, outside any gradient.
     *
     * @param paths that it trains, in their order
     */
    default void begin(List<Network> paths) {}
}
