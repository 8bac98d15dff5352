package dev.lutra.search.lutra;

import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.space.Architecture;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/** Where architectures to choose from come from. */
interface Prospects {

    /** A choice that covers the range of costs, before anything is known of accuracy. */
    List<Prospect> first();

    /**
     * A choice of the best, by what is known now.
     *
     * @param evaluated what is not to be chosen again, but good to start from
     * @param promise of each of some architectures, more is better
     */
    List<Prospect> next(List<Prospect> evaluated, Set<Architecture> proposed, Function<List<Prospect>, double[]> promise);

    /** All there are where they are few, others bred. */
    static Prospects of(Judge judge, FeasibleSampler sampler, int count, Random random) {
        return AllProspects.isSmall(judge) ? new AllProspects(judge) : new BredProspects(judge, sampler, count, random);
    }
}
