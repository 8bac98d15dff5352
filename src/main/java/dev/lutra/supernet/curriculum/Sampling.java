package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.Optional;

/** Which architectures a training step trains. A new way to choose them is a new class and one line in {@link Samplings}. */
public interface Sampling {

    /**
     * The paths of one step, which follow from options, seed and step alone.
     *
     * @param surviving options that no phase so far has dropped
     */
    List<Architecture> paths(Options surviving, long seed, long step);

    /** The options that paths are drawn from, of those that survive. */
    Options offered(Options surviving);

    /** Whether every step trains the same path. */
    default boolean isOnePath() {
        return false;
    }

    /** The path that every step trains, if there is only one. */
    default Optional<Architecture> onlyPath(SearchSpace space) {
        return Optional.empty();
    }

    /**
     * Puts its name under a key, and what else it follows from under names that begin with the key and a dot.
     *
     * @param key of the experiment file
     */
    void describe(String key, NamedValues.Builder values);

    /** One architecture a step, every gene drawn uniformly (Guo et al. 2019, SPOS). */
    static Sampling uniform() {
        return new UniformSampling(Double.POSITIVE_INFINITY);
    }

    /** Always the same architecture: ordinary training of one network. */
    static Sampling fixed(Architecture architecture) {
        return new FixedSampling(architecture);
    }
}
