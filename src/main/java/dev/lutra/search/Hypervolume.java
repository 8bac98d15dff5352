package dev.lutra.search;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.moeaframework.core.Solution;
import org.moeaframework.core.indicator.WFGHypervolume;
import org.moeaframework.core.population.NondominatedPopulation;
import org.moeaframework.problem.AbstractProblem;

/**
 * The share of a box of objective values that some candidates dominate (While et al. 2012, as MOEA Framework computes it), for
 * comparing searches: both have to be measured in the same box. Every objective is scaled so that the box's good end is 0
 * and its bad end, the reference point, is 1; candidates beyond the bad end count nothing. A box without extent in an objective
 * is scaled by the value itself.
 */
public final class Hypervolume {

    private final List<Objective> objectives;
    private final double[] good;
    private final double[] bad;

    private Hypervolume(List<Objective> objectives, double[] good, double[] bad) {
        this.objectives = List.copyOf(objectives);
        this.good = good;
        this.bad = bad;
    }

    /**
     * The box around candidates that were judged to the end, from the best to the worst of each objective.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static Hypervolume around(List<Objective> objectives, Collection<Candidate> evaluated) {
        List<Candidate> candidates = evaluated.stream().filter(Candidate::isWhole).toList();
        if (candidates.isEmpty()) {
            throw new IllegalArgumentException("hypervolume: no candidates (expected: at least one)");
        }
        double[] good = new double[objectives.size()];
        double[] bad = new double[objectives.size()];
        for (int i = 0; i < objectives.size(); i++) {
            Objective objective = objectives.get(i);
            good[i] = candidates.stream().mapToDouble(c -> objective.loss(c.measures())).min().orElseThrow();
            bad[i] = candidates.stream().mapToDouble(c -> objective.loss(c.measures())).max().orElseThrow();
        }
        return new Hypervolume(objectives, good, bad);
    }

    /** Volume that the candidates dominate; more is better, 1 is the whole box, candidates better than the box exceed it. */
    public double of(Collection<Candidate> candidates) {
        NondominatedPopulation population = new NondominatedPopulation();
        for (Candidate candidate : candidates) {
            Solution solution = new Solution(0, objectives.size());
            for (int i = 0; i < objectives.size(); i++) {
                solution.setObjectiveValue(i, scaled(i, objectives.get(i).loss(candidate.measures())));
            }
            population.add(solution);
        }
        double[] reference = new double[objectives.size()];
        Arrays.fill(reference, 1);
        return new WFGHypervolume(new Dimensions(objectives.size()), reference).evaluate(population);
    }

    private double scaled(int objective, double loss) {
        double width = bad[objective] - good[objective];
        double size = Math.abs(good[objective]);
        return (loss - good[objective]) / (width > 0 ? width : size > 0 ? size : 1);
    }

    /** MOEA Framework wants a problem to know the number of objectives. */
    private static final class Dimensions extends AbstractProblem {
        Dimensions(int objectives) {
            super(0, objectives);
        }

        @Override
        public void evaluate(Solution solution) {
            throw new UnsupportedOperationException("has no solutions of its own");
        }

        @Override
        public Solution newSolution() {
            return new Solution(0, numberOfObjectives);
        }
    }
}
