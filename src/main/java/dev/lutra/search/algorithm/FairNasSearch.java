package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchProblem;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The search of FairNAS (Chu et al. 2021): NSGA-II with a weighted crowding distance, whose mutants are made in three ways: at random,
 * by a policy that learns by reinforcement, and by what the front has. The shares and the population are the authors'; weights,
 * generations and the policy's sizes were not published, so those here are settings with Lutra's defaults.
 *
 * @param shares of the ways to make a child
 * @param rate probability for each gene of a mutant to be drawn anew
 * @param learning step size of the policy
 */
record FairNasSearch(WeightedSettings common, Shares shares, double rate, double learning) implements Algorithm {

    private static final WeightedSettings DEFAULT = new WeightedSettings(70, 15, new TreeMap<>());

    /**
     * Shares of the ways to make a child.
     *
     * @param mutation of all children; the others are crossovers
     * @param random of the mutants
     * @param reinforced of the mutants; the rest have options as often as the front has them
     */
    record Shares(double mutation, double random, double reinforced) {}

    static FairNasSearch of(LayeredSettings settings) {
        double random = settings.number("random", 0, 1, 0.2);
        return new FairNasSearch(WeightedSettings.of(settings, DEFAULT), new Shares(settings.number("mutation", 0, 1, 0.8), random,
            settings.number("reinforced", 0, 1 - random, Math.min(0.65, 1 - random))), settings.number("rate", 0, 1, 0.2),
            settings.number("learning-rate", 0, 100, 1));
    }

    @Override
    public int budget() {
        return common.budget();
    }

    @Override
    public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
        Map<String, Object> described = common.described();
        described.putAll(Map.of("mutation", shares.mutation, "random", shares.random, "reinforced", shares.reinforced, "rate", rate,
            "learning-rate", learning));
        return new WeightedSearch(new SearchProblem(evaluator, objectives, seed), common, "fairnas",
            (breeder, order) -> new ReinforcedOffspring(breeder, order, evaluator.space().genes().size(), this), described);
    }
}
