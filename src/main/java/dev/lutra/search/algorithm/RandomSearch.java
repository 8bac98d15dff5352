package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;
import java.util.Map;

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
            return new RandomSearch(new SearchProblem(evaluator, objectives, seed), budget);
        }
    }

    private final SearchProblem problem;
    private final int budget;

    /**
     * @param budget architectures to evaluate
     */
    public RandomSearch(SearchProblem problem, int budget) {
        if (budget < 1) {
            throw new IllegalArgumentException("budget: " + budget + " (expected: at least 1)");
        }
        this.problem = problem;
        this.budget = budget;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = problem.candidates(listener, budget);
        candidates.evaluate(new Breeder(candidates, problem.evaluator(), problem.random()).fresh(budget));
        candidates.endGeneration();
        return problem.front(candidates, "random", Map.of("budget", budget));
    }
}
