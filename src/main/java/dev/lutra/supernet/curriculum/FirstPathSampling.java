package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;

/** Always the path that most other options can inherit from: {@link FirstPath}. */
record FirstPathSampling(Remembered<SearchSpace, Architecture> path) implements Sampling.OfOnePath {

    FirstPathSampling() {
        this(new Remembered<>(FirstPath::of));
    }

    @Override
    public Architecture pathOf(SearchSpace space) {
        return path.get(space);
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "first-path").put(key + ".rule", FirstPath.RULE);
    }
}
