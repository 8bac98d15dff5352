package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.Optional;

/** Always the path that most other options can inherit from: {@link FirstPath}. */
record FirstPathSampling(Remembered<SearchSpace, Architecture> path) implements Sampling {

    FirstPathSampling() {
        this(new Remembered<>(FirstPath::of));
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        return List.of(path.get(surviving.space()));
    }

    @Override
    public Options offered(Options surviving) {
        return Options.only(surviving.space(), path.get(surviving.space()));
    }

    @Override
    public boolean isOnePath() {
        return true;
    }

    @Override
    public Optional<Architecture> onlyPath(SearchSpace space) {
        return Optional.of(path.get(space));
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "first-path").put(key + ".rule", FirstPath.RULE);
    }
}
