package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.Optional;

/**
 * Always the same architecture: ordinary training of one network.
 *
 * @param architecture which
 */
record FixedSampling(Architecture architecture) implements Sampling {

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        return List.of(architecture);
    }

    @Override
    public Options offered(Options surviving) {
        return Options.only(surviving.space(), architecture);
    }

    @Override
    public boolean isOnePath() {
        return true;
    }

    @Override
    public Optional<Architecture> onlyPath(SearchSpace space) {
        return Optional.of(architecture);
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "fixed").put(key + ".architecture", architecture.toString());
    }
}
