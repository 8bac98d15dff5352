package dev.lutra.search.algorithm;

import dev.lutra.identity.NamedValues;
import dev.lutra.search.Algorithm;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.LayeredSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.moeaframework.algorithm.NSGAII;
import org.moeaframework.core.Solution;
import org.moeaframework.core.comparator.NondominatedSortingComparator;
import org.moeaframework.core.population.NondominatedSortingPopulation;
import org.moeaframework.core.population.Population;
import org.moeaframework.core.selection.Selection;

/**
 * NSGA-II (Deb et al. 2002, MOEA Framework's sorting, crowding and generations) over the genes of a space, with the operators
 * of SPOS: uniform crossover, then resampling of single genes. Only architectures that keep the constraints and were not
 * proposed before enter a population, so no accuracy is spent on anything else. The first generation holds the ends of the front
 * that are known without any accuracy, the cheapest by each cost, beside random ones. A child that is neither is bred again; after
 * ten attempts it is repaired, then replaced by a fresh draw, as SPOS fills up with random candidates.
 *
 * <p>Every random choice comes from one generator made from the seed. MOEA Framework's own, which the whole program shares,
 * is not used, so searches may run side by side.
 */
public final class Nsga2Search implements Search {

    /**
     * How to search.
     *
     * @param population architectures kept from generation to generation, at least 2
     * @param generations including the first, at least 1; population × generations is the most accuracies computed
     * @param mutation probability for each gene of a child to be drawn anew
     */
    public record Settings(int population, int generations, double mutation, long seed) implements Algorithm {

        /** What SPOS's released search uses: 50 architectures, 20 generations, mutation 0.1. */
        public static final Settings DEFAULT = new Settings(50, 20, 0.1, 0);

        public Settings {
            if (population < 2) {
                throw new IllegalArgumentException("population: " + population + " (expected: at least 2)");
            }
            if (generations < 1) {
                throw new IllegalArgumentException("generations: " + generations + " (expected: at least 1)");
            }
            if (!(mutation >= 0 && mutation <= 1)) {
                throw new IllegalArgumentException("mutation: " + mutation + " (expected: from 0 to 1)");
            }
        }

        public Settings withSize(int newPopulation, int newGenerations) {
            return new Settings(newPopulation, newGenerations, mutation, seed);
        }

        public Settings withSeed(long newSeed) {
            return new Settings(population, generations, mutation, newSeed);
        }

        /** As a file gives them; what it does not say is as {@link #DEFAULT} has it. */
        static Settings of(LayeredSettings settings) {
            return new Settings(
                settings.integer("population", 4, DEFAULT.population()),
                settings.integer("generations", 1, DEFAULT.generations()),
                settings.number("mutation", 0, 1, DEFAULT.mutation()),
                DEFAULT.seed());
        }

        @Override
        public int budget() {
            return Math.multiplyExact(population, generations);
        }

        @Override
        public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long newSeed) {
            return new Nsga2Search(evaluator, objectives, withSeed(newSeed));
        }
    }

    private final SearchProblem problem;
    private final Settings settings;

    /**
     * @throws dev.lutra.InputException if the evaluator cannot measure an objective
     */
    public Nsga2Search(CandidateEvaluator evaluator, List<Objective> objectives, Settings settings) {
        this.problem = new SearchProblem(evaluator, objectives, settings.seed());
        this.settings = settings;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = problem.candidates(listener, settings.budget());
        Random random = problem.random();
        Nursery nursery = new Nursery(problem.evaluator(), problem.objectives(), candidates, settings.mutation(), settings.budget(), random);
        NSGAII algorithm = new ByGenerations(candidates, nursery, (arity, population) -> select(arity, population, random));
        int before = -1;
        for (int i = 0; i < settings.generations() && candidates.proposals() > before; i++) {
            before = candidates.proposals();
            algorithm.step();
            candidates.endGeneration();
        }
        return problem.front(candidates, "nsga2", Map.of(
            "population", settings.population(), "generations", settings.generations(), "mutation", NamedValues.text(settings.mutation())));
    }

    /** Winners of crowded binary tournaments. */
    private static Solution[] select(int arity, Population population, Random random) {
        NondominatedSortingComparator order = new NondominatedSortingComparator();
        Solution[] parents = new Solution[arity];
        for (int i = 0; i < arity; i++) {
            Solution one = population.get(random.nextInt(population.size()));
            Solution other = population.get(random.nextInt(population.size()));
            parents[i] = order.compare(one, other) <= 0 ? one : other;
        }
        return parents;
    }

    /** Each gene from either parent, with probability ½. */
    static int[] crossover(int[] one, int[] other, Random random) {
        int[] child = new int[one.length];
        for (int gene = 0; gene < child.length; gene++) {
            child[gene] = random.nextBoolean() ? one[gene] : other[gene];
        }
        return child;
    }

    /**
     * Each gene, with a probability, drawn uniformly from its options, the old one among them.
     *
     * @param options positions of each gene's options
     */
    static int[] mutate(int[] values, int[][] options, double probability, Random random) {
        int[] mutant = values.clone();
        for (int gene = 0; gene < mutant.length; gene++) {
            if (random.nextDouble() < probability) {
                mutant[gene] = options[gene][random.nextInt(options[gene].length)];
            }
        }
        return mutant;
    }

    /** NSGA-II that hands over all individuals of a generation together. */
    private final class ByGenerations extends NSGAII {
        private final Nursery nursery;

        ByGenerations(Candidates candidates, Nursery nursery, Selection selection) {
            super(new Individual.Problem(Nsga2Search.this.problem.objectives(), candidates), settings.population(),
                new Distinct(settings.population()), null, selection, nursery, nursery::firstGeneration);
            this.nursery = nursery;
        }

        @Override
        public void evaluateAll(Iterable<Solution> generation) {
            nursery.evaluate(generation);
            super.evaluateAll(generation);
        }
    }

    /**
     * A population without twins, which a small or exhausted space would otherwise fill it with. It may start smaller than
     * wanted and then grows to its capacity.
     */
    private static final class Distinct extends NondominatedSortingPopulation {
        private final int capacity;
        private final Set<Architecture> members = new HashSet<>();

        Distinct(int capacity) {
            this.capacity = capacity;
        }

        @Override
        public boolean add(Solution solution) {
            return members.add(Individual.architecture(solution)) && super.add(solution);
        }

        @Override
        public void truncate(int size) {
            super.truncate(capacity);
            members.clear();
            for (Solution survivor : this) {
                members.add(Individual.architecture(survivor));
            }
        }
    }
}
