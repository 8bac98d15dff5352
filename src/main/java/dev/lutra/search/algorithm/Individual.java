package dev.lutra.search.algorithm;

import dev.lutra.search.Candidates;
import dev.lutra.search.Objective;
import dev.lutra.space.Architecture;
import java.util.List;
import org.moeaframework.core.Solution;
import org.moeaframework.problem.AbstractProblem;

/** An architecture as MOEA Framework carries it; objectives are losses. */
final class Individual extends Solution {

    private final transient Architecture architecture;

    Individual(Architecture architecture, int objectives) {
        super(0, objectives);
        this.architecture = architecture;
    }

    private Individual(Individual other) {
        super(other);
        this.architecture = other.architecture;
    }

    @Override
    public Individual copy() {
        return new Individual(this);
    }

    static Architecture architecture(Solution solution) {
        return ((Individual) solution).architecture;
    }

    /** Gives individuals their objectives; those that are not evaluated yet are evaluated, one at a time. */
    static final class Problem extends AbstractProblem {

        private final List<Objective> objectives;
        private final Candidates candidates;

        Problem(List<Objective> objectives, Candidates candidates) {
            super(0, objectives.size());
            this.objectives = objectives;
            this.candidates = candidates;
        }

        @Override
        public void evaluate(Solution solution) {
            candidates.evaluate(List.of(architecture(solution)));
            for (int i = 0; i < objectives.size(); i++) {
                solution.setObjectiveValue(i, objectives.get(i).loss(candidates.get(architecture(solution)).measures()));
            }
        }

        @Override
        public Solution newSolution() {
            throw new UnsupportedOperationException("individuals come from the nursery");
        }
    }
}
