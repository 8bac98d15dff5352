package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What happens at the end of a phase. A new kind is a new class and one line in {@link Transitions}. */
public interface Transition {

    /**
     * Where a phase ends.
     *
     * @param phase that ends
     * @param surviving options that no phase has dropped
     * @param trained options that this phase and those before it could draw paths from, had none been dropped
     * @param weights shared by all paths; may be changed
     * @param accuracies evaluates architectures with the weights as they are, on validation images, each 0 to 1
     * @param alone gives the values of a network as it would leave, with batch norm of its own
     * @param seed for draws
     */
    record PhaseEnd(Phase phase, Options surviving, Options trained, SupernetWeights weights,
        Function<List<Architecture>, Map<Architecture, Double>> accuracies, Function<Architecture, WeightSource> alone, long seed) {

        /** The one path that the phase trained. */
        Optional<Architecture> onlyPath() {
            return phase.sampling().onlyPath(surviving.space());
        }
    }

    /**
     * Does it.
     *
     * @return the options that survive
     */
    Options apply(PhaseEnd end);

    /** Whether it asks how accurate architectures are. */
    default boolean asksForAccuracy() {
        return false;
    }

    /** Whether what follows is a training of its own, whose learning rate rises and falls anew. */
    default boolean beginsAnew() {
        return false;
    }

    /** Whether it gives weights values in the place of those that they began with. */
    default boolean givesFirstValues() {
        return false;
    }

    /** The space whose networks have the weights that this leaves; of such a one it is the same. */
    default SearchSpace trained(SearchSpace space) {
        return space;
    }

    /** Whether all that was learned is forgotten. */
    default boolean forgets() {
        return false;
    }

    /** Why it makes no sense after a phase with a sampling, as found and expected; empty if it does. */
    default Optional<String> problemAfter(Sampling sampling) {
        return Optional.empty();
    }

    /** Why it makes no sense in a space, as found and expected; empty if it does. */
    default Optional<String> problemIn(SearchSpace space) {
        return Optional.empty();
    }

    /**
     * Why it makes no sense before what follows, as found and expected; empty if it does.
     *
     * @param more what else happens at the end of the same phase, after it
     * @param later phases
     */
    default Optional<String> problemBefore(List<Transition> more, List<Phase> later) {
        return Optional.empty();
    }

    /** Whether it compares what a phase has trained, and so cannot follow one that trains one path. */
    default boolean needsManyPaths() {
        return false;
    }

    /** Whether it can only follow a phase that trains one path. */
    default boolean needsOnePath() {
        return false;
    }

    /**
     * Puts its name under a key, and what else it follows from under names that begin with the key and a dot.
     *
     * @param key of the experiment file
     */
    void describe(String key, NamedValues.Builder values);
}
