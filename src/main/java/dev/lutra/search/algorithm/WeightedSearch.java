package dev.lutra.search.algorithm;

import dev.lutra.search.Candidate;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** NSGA-II with a weighted crowding distance; how children are made is the algorithm's own affair. */
final class WeightedSearch implements Search {

    /** Makes the children of a generation, and may learn from what becomes of them. */
    interface Offspring {

        /**
         * @param sorted the population, best first
         * @return at most {@code count}
         */
        List<Architecture> of(List<Candidate> sorted, int count);

        /**
         * What became of parents and children.
         *
         * @param sorted all of them, best first
         */
        default void learn(List<Candidate> sorted) {}
    }

    /** An algorithm's own way. */
    interface Way {
        Offspring with(Breeder breeder, WeightedOrder order);
    }

    private final SearchProblem problem;
    private final WeightedSettings settings;
    private final WeightedOrder order;
    private final String algorithm;
    private final Way way;
    private final Map<String, ?> described;

    /**
     * @param algorithm its name in an experiment file
     * @param described all settings, as an experiment file would give them
     */
    WeightedSearch(SearchProblem problem, WeightedSettings settings, String algorithm, Way way, Map<String, ?> described) {
        this.problem = problem;
        this.settings = settings;
        this.order = settings.order(problem.objectives());
        this.algorithm = algorithm;
        this.way = way;
        this.described = described;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = problem.candidates(listener, settings.budget());
        Breeder breeder = new Breeder(candidates, problem.evaluator(), problem.random());
        Offspring offspring = way.with(breeder, order);
        List<Candidate> population = new ArrayList<>();
        candidates.evaluate(breeder.fresh(settings.population()), settings.generations(), generation -> {
            generation.forEach(architecture -> population.add(candidates.get(architecture)));
            List<Candidate> sorted = order.sorted(population);
            offspring.learn(sorted);
            population.clear();
            population.addAll(sorted.subList(0, Math.min(settings.population(), sorted.size())));
            return breeder.filled(offspring.of(population, settings.population()), settings.population());
        });
        return problem.front(candidates, algorithm, described);
    }

    /** The better of two that are drawn. */
    static int[] tournament(List<Candidate> sorted, Random random) {
        return sorted.get(Math.min(random.nextInt(sorted.size()), random.nextInt(sorted.size()))).architecture().values();
    }
}
