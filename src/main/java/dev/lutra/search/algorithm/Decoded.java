package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchProblem;
import dev.lutra.space.Architecture;
import java.util.List;
import java.util.Map;

/**
 * No search: one architecture that training has come to, as superkernels do.
 *
 * @param architecture which
 */
public record Decoded(Architecture architecture) implements Algorithm {

    @Override
    public int budget() {
        return 1;
    }

    @Override
    public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
        SearchProblem problem = new SearchProblem(evaluator, objectives, seed);
        return listener -> {
            Candidates candidates = problem.candidates(listener, budget());
            candidates.evaluate(List.of(architecture));
            candidates.endGeneration();
            return problem.front(candidates, "decoded", Map.of());
        };
    }
}
