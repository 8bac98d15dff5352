package dev.lutra.search.algorithm;

import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.moeaframework.core.Solution;
import org.moeaframework.core.TypedProperties;
import org.moeaframework.core.operator.Variation;

/**
 * Makes new individuals for MOEA Framework's algorithms, as long as the budget lasts: only such as keep the constraints and were not
 * proposed before. A child that is neither is bred again; after ten attempts it is repaired, then replaced by a fresh draw, as SPOS
 * fills up with random candidates.
 */
final class Nursery implements Variation {

    private final CandidateEvaluator evaluator;
    private final List<Objective> objectives;
    private final Candidates candidates;
    private final double mutation;
    private final int budget;
    private final FeasibleSampler sampler;
    private final Random random;
    private final int[][] options;

    /**
     * @param mutation probability for each gene of a child to be drawn anew
     * @param budget most individuals that are made
     */
    Nursery(CandidateEvaluator evaluator, List<Objective> objectives, Candidates candidates, double mutation, int budget, Random random) {
        this.evaluator = evaluator;
        this.objectives = objectives;
        this.candidates = candidates;
        this.mutation = mutation;
        this.budget = budget;
        this.sampler = FeasibleSampler.of(evaluator, random);
        this.random = random;
        this.options = IntStream.range(0, evaluator.space().genes().size()).mapToObj(evaluator.options()::of).toArray(int[][]::new);
    }

    Solution[] firstGeneration(int size) {
        List<Solution> individuals = new ArrayList<>();
        objectives.stream().filter(objective -> !objective.measure().equals(Measure.ACCURACY)).limit(size)
            .map(sampler::best).filter(candidates::propose).forEach(end -> individuals.add(individual(end)));
        for (int i = individuals.size(); i < size; i++) {
            fresh().ifPresent(architecture -> individuals.add(individual(architecture)));
        }
        return individuals.toArray(Solution[]::new);
    }

    /** As many as are wanted, some of them more than once where there are not so many. */
    Solution[] fullGeneration(int size) {
        Solution[] individuals = firstGeneration(size);
        return IntStream.range(0, size)
            .mapToObj(i -> i < individuals.length ? individuals[i] : individuals[i % individuals.length].copy()).toArray(Solution[]::new);
    }

    /** Evaluates a generation together. */
    void evaluate(Iterable<Solution> generation) {
        List<Architecture> architectures = new ArrayList<>();
        generation.forEach(individual -> architectures.add(Individual.architecture(individual)));
        candidates.evaluate(architectures);
    }

    @Override
    public Solution[] evolve(Solution[] parents) {
        return new Solution[]{candidates.proposals() < budget ? child(parents) : parents[0].copy()};
    }

    private Solution child(Solution[] parents) {
        int[] mother = Individual.architecture(parents[0]).values();
        int[] father = Individual.architecture(parents[1]).values();
        Architecture child = null;
        for (int i = 0; i < Breeder.ATTEMPTS; i++) {
            int[] values = Nsga2Search.mutate(Nsga2Search.crossover(mother, father, random), options, mutation, random);
            child = evaluator.options().nearest(values);
            if (!candidates.wasProposed(child) && evaluator.isFeasible(child)) {
                candidates.propose(child);
                return individual(child);
            }
        }
        Optional<Architecture> replacement = sampler.repair(child, architecture -> !candidates.wasProposed(architecture))
            .filter(candidates::propose).or(this::fresh);
        return replacement.<Solution>map(this::individual).orElseGet(parents[0]::copy);
    }

    /** A drawn architecture that was not proposed before; empty if ten draws gave none. */
    private Optional<Architecture> fresh() {
        for (int i = 0; i < Breeder.ATTEMPTS; i++) {
            Architecture architecture = sampler.draw();
            if (candidates.propose(architecture)) {
                return Optional.of(architecture);
            }
        }
        return Optional.empty();
    }

    private Individual individual(Architecture architecture) {
        return new Individual(architecture, objectives.size());
    }

    @Override
    public String getName() {
        return "uniform crossover and resampling";
    }

    @Override
    public int getArity() {
        return 2;
    }

    @Override
    public void applyConfiguration(TypedProperties properties) {
        throw new UnsupportedOperationException("configured by its settings");
    }

    @Override
    public TypedProperties getConfiguration() {
        return new TypedProperties();
    }
}
