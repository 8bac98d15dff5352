package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;

/**
 * Always the same architecture: ordinary training of one network.
 *
 * @param architecture which
 */
record FixedSampling(Architecture architecture) implements Sampling.OfOnePath {

    @Override
    public Architecture pathOf(SearchSpace space) {
        return architecture;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "fixed").put(key + ".architecture", architecture.toString());
    }
}
