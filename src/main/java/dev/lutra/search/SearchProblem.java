package dev.lutra.search;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * What a search is given, whatever its algorithm.
 *
 * @param evaluator what judges architectures
 * @param objectives what the best are the best by
 * @param seed of every draw
 */
public record SearchProblem(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {

    /**
     * @throws dev.lutra.InputException if the evaluator cannot measure an objective
     */
    public SearchProblem {
        evaluator.requireKnown(objectives);
        objectives = List.copyOf(objectives);
    }

    /** The same with one more limit. */
    public SearchProblem with(Constraint constraint) {
        return new SearchProblem(evaluator.with(constraint), objectives, seed);
    }

    /** What one run of a search meets: nothing yet. */
    public Candidates candidates(SearchListener listener, int budget) {
        return new Candidates(evaluator, objectives, listener, budget);
    }

    /** The generator that every draw of one run comes from. */
    public Random random() {
        return new Random(seed);
    }

    /**
     * The front of what a run has met.
     *
     * @param algorithm its name in an experiment file
     * @param settings of the algorithm, as an experiment file would give them
     */
    public Front front(Candidates met, String algorithm, Map<String, ?> settings) {
        Map<String, String> provenance = new TreeMap<>();
        provenance.put("space", evaluator.space().name());
        provenance.put("search.algorithm", algorithm);
        settings.forEach((key, value) -> provenance.put("search." + key, value.toString()));
        provenance.put("search.seed", Long.toString(seed));
        provenance.put("constraints", Constraint.described(evaluator.constraints()));
        return Front.of(objectives, met.all().stream().filter(Candidate::isWhole).toList(), provenance);
    }
}
