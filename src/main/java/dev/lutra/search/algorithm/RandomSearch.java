package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Different random architectures that keep the constraints: what a search has to beat. */
public final class RandomSearch implements Search {

    /**
     * How to search.
     *
     * @param budget architectures to evaluate, at least 1
     */
    public record Settings(int budget) implements Algorithm {

        private static final int DEFAULT_BUDGET = 1000; // as many as SPOS's search evaluates

        static Settings of(LayeredSettings settings) {
            return new Settings(settings.integer("budget", 1, DEFAULT_BUDGET));
        }

        @Override
        public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
            return new RandomSearch(evaluator, objectives, budget, seed);
        }
    }

    private final CandidateEvaluator evaluator;
    private final List<Objective> objectives;
    private final int budget;
    private final long seed;

    /**
     * @param budget architectures to evaluate
     * @throws dev.lutra.InputException if the evaluator cannot measure an objective
     */
    public RandomSearch(CandidateEvaluator evaluator, List<Objective> objectives, int budget, long seed) {
        if (budget < 1) {
            throw new IllegalArgumentException("budget: " + budget + " (expected: at least 1)");
        }
        evaluator.requireKnown(objectives);
        this.evaluator = evaluator;
        this.objectives = List.copyOf(objectives);
        this.budget = budget;
        this.seed = seed;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = new Candidates(evaluator, objectives, listener, budget);
        candidates.evaluate(new Breeder(candidates, evaluator, new Random(seed)).fresh(budget));
        candidates.endGeneration();
        return Front.of(objectives, candidates.all(), Provenance.of(evaluator, "random", seed, Map.of("budget", budget)));
    }
}
