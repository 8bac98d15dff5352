package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.lutra.LutraSearch;
import dev.lutra.yaml.Kinds;
import java.util.Map;

/** Every algorithm by its name. A new one is a new class and one line here. */
public final class Algorithms {

    /** The registry. */
    public static final Kinds<Algorithm> ALL = Kinds.of(Map.ofEntries(
        Map.entry("fairnas", FairNasSearch::of),
        Map.entry("lutra", LutraSearch.Settings::of),
        Map.entry("moga", MogaSearch::of),
        Map.entry("moead", settings -> FrameworkSearch.Settings.of(FrameworkSearch.Kind.MOEAD, settings)),
        Map.entry("nao", NaoSearch.Settings::of),
        Map.entry("nsga2", Nsga2Search.Settings::of),
        Map.entry("nsga3", settings -> FrameworkSearch.Settings.of(FrameworkSearch.Kind.NSGA3, settings)),
        Map.entry("oneshot-s-plus", OneShotSearch.Settings::of),
        Map.entry("random", RandomSearch.Settings::of),
        Map.entry("sms-emoa", settings -> FrameworkSearch.Settings.of(FrameworkSearch.Kind.SMS_EMOA, settings)),
        Map.entry("spos", SposSearch.Settings::of)));

    private Algorithms() {}
}
