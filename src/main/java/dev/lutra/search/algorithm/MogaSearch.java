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
 * The search of MoGA (Chu et al. 2020): NSGA-II with a weighted crowding distance over accuracy, latency and, as many as possible,
 * parameters. Weights and sizes of the published search are not known: those here are settings with Lutra's defaults, and so are
 * the operators, uniform crossover and resampling of genes.
 *
 * @param mutation probability for each gene of a child to be drawn anew
 */
record MogaSearch(WeightedSettings common, double mutation) implements Algorithm {

    private static final WeightedSettings DEFAULT = new WeightedSettings(50, 20, new TreeMap<>());

    static MogaSearch of(LayeredSettings settings) {
        return new MogaSearch(WeightedSettings.of(settings, DEFAULT), settings.number("mutation", 0, 1, 0.1));
    }

    @Override
    public int budget() {
        return common.budget();
    }

    @Override
    public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
        Map<String, Object> described = common.described();
        described.put("mutation", mutation);
        return new WeightedSearch(new SearchProblem(evaluator, objectives, seed), common, "moga", this::offspring, described);
    }

    private WeightedSearch.Offspring offspring(Breeder breeder, WeightedOrder order) {
        return (sorted, count) -> breeder.bred(count, () -> breeder.mutant(breeder.child(
            WeightedSearch.tournament(sorted, breeder.random()), WeightedSearch.tournament(sorted, breeder.random())), mutation));
    }
}
