package dev.lutra.supernet.training;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.SplittableRandom;

/** Which architectures a training step trains. */
public sealed interface Sampling {

    /**
     * The paths of one step, which follow from seed and step alone.
     */
    List<Architecture> paths(SearchSpace space, long seed, long step);

    /** Whether many architectures share the weights, or one has them to itself and learns its batch norm too. */
    boolean sharesWeights();

    /** What is trained, and by which rule paths are drawn, in the words of the files. */
    NamedValues values(SearchSpace space);

    /** One architecture a step, every gene drawn uniformly (Guo et al. 2019, SPOS). */
    static Sampling uniform() {
        return new Uniform();
    }

    /** Always the same architecture: ordinary training of one network. */
    static Sampling fixed(Architecture architecture) {
        return new Fixed(architecture);
    }

    /** See {@link #uniform()}. */
    record Uniform() implements Sampling {

        @Override
        public List<Architecture> paths(SearchSpace space, long seed, long step) {
            return List.of(space.random(new SplittableRandom(StepSeed.of(seed, step, StepSeed.PATHS))));
        }

        @Override
        public boolean sharesWeights() {
            return true;
        }

        @Override
        public NamedValues values(SearchSpace space) {
            return NamedValues.builder()
                .put("space", space.fingerprint())
                .put("batch-norm.learned-in-supernet", space.learnsBatchNorm())
                .put("supernet.sampling", "uniform")
                .build();
        }
    }

    /** See {@link #fixed(Architecture)}. */
    record Fixed(Architecture architecture) implements Sampling {

        @Override
        public List<Architecture> paths(SearchSpace space, long seed, long step) {
            return List.of(architecture);
        }

        @Override
        public boolean sharesWeights() {
            return false;
        }

        @Override
        public NamedValues values(SearchSpace space) {
            return NamedValues.builder().put("network", space.build(architecture).fingerprint()).build();
        }
    }
}
