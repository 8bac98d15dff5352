package dev.lutra.supernet.blockwise;

import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.curriculum.Remembered;
import dev.lutra.supernet.curriculum.Sampling;

/** Always the path of the space with the most MACs. */
public record LargestSampling(Remembered<SearchSpace, Architecture> path) implements Sampling.OfOnePath {

    /** What it is called in files. */
    public static final String NAME = "largest";

    public LargestSampling() {
        this(new Remembered<>(space -> Extremes.of(space, CountingRule.MACS).largest().architecture()));
    }

    @Override
    public Architecture pathOf(SearchSpace space) {
        return path.get(space);
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, NAME);
    }
}
