package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Constraint;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

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

    private static final int MOST_REPEATS = 1000; // in a row; then the feasible architectures are taken to be exhausted

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
        FeasibleSampler sampler = FeasibleSampler.of(evaluator, new Random(seed));
        List<Architecture> drawn = new ArrayList<>();
        int repeats = 0;
        while (candidates.proposals() < budget && repeats < MOST_REPEATS) {
            Architecture architecture = sampler.draw();
            if (candidates.propose(architecture)) {
                drawn.add(architecture);
                repeats = 0;
            } else {
                repeats++;
            }
        }
        candidates.evaluate(drawn);
        candidates.endGeneration();
        return Front.of(objectives, candidates.all(), provenance());
    }

    private Map<String, String> provenance() {
        Map<String, String> provenance = new TreeMap<>();
        provenance.put("space", evaluator.space().name());
        provenance.put("search.algorithm", "random");
        provenance.put("search.budget", Integer.toString(budget));
        provenance.put("search.seed", Long.toString(seed));
        provenance.put("constraints", Constraint.described(evaluator.constraints()));
        return provenance;
    }
}
