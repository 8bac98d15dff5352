package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.Optional;

/** Always the path that most other options can inherit from: {@link FirstPath}. */
final class FirstPathSampling implements Sampling {

    /** The space that was asked for last, and its path: finding it takes seconds in a large space, and every step asks. */
    private SearchSpace space;
    private Architecture path;

    @Override
    public List<Architecture> paths(Options surviving, long seed, long step) {
        return List.of(path(surviving.space()));
    }

    @Override
    public Options offered(Options surviving) {
        return Options.only(surviving.space(), path(surviving.space()));
    }

    @Override
    public boolean isOnePath() {
        return true;
    }

    @Override
    public Optional<Architecture> onlyPath(SearchSpace space) {
        return Optional.of(path(space));
    }

    private synchronized Architecture path(SearchSpace asked) {
        if (asked != space) {
            path = FirstPath.of(asked);
            space = asked;
        }
        return path;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "first-path").put(key + ".rule", FirstPath.RULE);
    }

    /** Equal to every other of its kind: it has no settings, and what it remembers is found anew. */
    @Override
    public boolean equals(Object other) {
        return other instanceof FirstPathSampling;
    }

    @Override
    public int hashCode() {
        return FirstPathSampling.class.hashCode();
    }
}
