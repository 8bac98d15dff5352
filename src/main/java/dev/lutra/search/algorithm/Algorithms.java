package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.yaml.Kinds;
import java.util.Map;

/** Every algorithm by its name. A new one is a new class and one line here. */
public final class Algorithms {

    /** The registry. */
    public static final Kinds<Algorithm> ALL = Kinds.of(Map.ofEntries(
        Map.entry("nsga2", Nsga2Search.Settings::of),
        Map.entry("random", RandomSearch.Settings::of)));

    private Algorithms() {}
}
