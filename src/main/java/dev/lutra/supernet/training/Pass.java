package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import dev.lutra.network.Network;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.StochasticDepth;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A path of a step, and what is done on its way.
 *
 * @param path the network
 * @param leftOut how often which values are left out, by their numbers
 * @param head a second classifier, if it has one
 */
record Pass(Network path, Map<Integer, Double> leftOut, Optional<AuxiliaryHead> head) {

    /** @param progress share of the training's steps that are taken, 0 to below 1 */
    static Pass of(Network path, Recipe recipe, double progress) {
        return new Pass(path, recipe.stochasticDepth().map(depth -> depth.rates(path, progress)).orElse(Map.of()),
            recipe.auxiliary() > 0 ? Optional.of(AuxiliaryHead.of(path)) : Optional.empty());
    }

    /** All whose weights it moves. */
    List<Network> networks() {
        return head.map(second -> List.of(path, second.network())).orElse(List.of(path));
    }

    /**
     * The outputs of the path in training.
     *
     * @param second told what the second classifier answers, if there is one
     */
    NDArray outputs(Parameters parameters, Normalizer normalizer, NDArray images, Consumer<NDArray> second) {
        Forward.Hook depth = leftOut.isEmpty() ? Forward.Hook.NONE : StochasticDepth.hook(leftOut);
        Forward.Hook hook = head.isEmpty() ? depth : (op, value) -> {
            NDArray kept = depth.computed(op, value);
            if (op.output().id() == head.get().after().output().id()) {
                second.accept(Forward.training(head.get().network(), parameters, normalizer, kept));
            }
            return kept;
        };
        return Forward.training(path, parameters, normalizer, images, hook);
    }
}
