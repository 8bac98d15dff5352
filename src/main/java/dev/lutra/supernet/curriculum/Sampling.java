package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.StepSeed;
import java.util.List;
import java.util.Optional;

/** Which architectures a training step trains. A new way to choose them is a new class and one line in {@link Samplings}. */
public interface Sampling {

    /**
     * When a step is taken.
     *
     * @param seed of the training
     * @param step of the training, from 0
     * @param epoch of the training, from 0
     * @param start epochs of the training before the phase
     * @param end epochs of the training finished at the end of the phase
     */
    record Moment(long seed, long step, int epoch, int start, int end) {

        /** In a training that is one phase of one epoch. */
        public static Moment of(long seed, long step) {
            return new Moment(seed, step, 0, 0, 1);
        }

        /** The seed of what the step draws. */
        public long stepSeed() {
            return StepSeed.of(seed, step, StepSeed.PATHS);
        }
    }

    /** Every step trains the same path of a space. */
    interface OfOnePath extends Sampling {

        /** The path. */
        Architecture pathOf(SearchSpace space);

        @Override
        default List<Architecture> paths(Options surviving, Moment moment) {
            return List.of(pathOf(surviving.space()));
        }

        @Override
        default Options offered(Options surviving) {
            return Options.only(surviving.space(), pathOf(surviving.space()));
        }

        @Override
        default boolean isOnePath() {
            return true;
        }

        @Override
        default Optional<Architecture> onlyPath(SearchSpace space) {
            return Optional.of(pathOf(space));
        }
    }

    /**
     * The paths of one step, whose gradients are summed; they follow from options and moment alone.
     *
     * @param surviving options that no phase so far has dropped
     */
    List<Architecture> paths(Options surviving, Moment moment);

    /** The options that paths are drawn from, of those that survive. */
    default Options offered(Options surviving) {
        return surviving;
    }

    /** Whether a step trains several paths, so that one can be held against another. */
    default boolean trainsSeveral() {
        return false;
    }

    /** Why paths of a space cannot be drawn like this, as found and expected; empty if they can. */
    default Optional<String> problemIn(SearchSpace space) {
        return Optional.empty();
    }

    /** The space whose networks have the weights that this trains; of such a one it is the same. */
    default SearchSpace trained(SearchSpace space) {
        return space;
    }

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
