package dev.lutra.search.algorithm;

import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
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

    private final CandidateEvaluator evaluator;
    private final List<Objective> objectives;
    private final WeightedSettings settings;
    private final WeightedOrder order;
    private final long seed;
    private final Way way;
    private final Map<String, String> provenance;

    WeightedSearch(CandidateEvaluator evaluator, List<Objective> objectives, WeightedSettings settings, long seed, Way way,
        Map<String, String> provenance) {
        evaluator.requireKnown(objectives);
        this.evaluator = evaluator;
        this.objectives = List.copyOf(objectives);
        this.settings = settings;
        this.order = settings.order(objectives);
        this.seed = seed;
        this.way = way;
        this.provenance = provenance;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = new Candidates(evaluator, objectives, listener, settings.budget());
        Breeder breeder = new Breeder(candidates, evaluator, new Random(seed));
        Offspring offspring = way.with(breeder, order);
        List<Candidate> population = new ArrayList<>();
        List<Architecture> generation = breeder.fresh(settings.population());
        for (int i = 1; !generation.isEmpty(); i++) {
            candidates.evaluate(generation);
            candidates.endGeneration();
            generation.forEach(architecture -> population.add(candidates.get(architecture)));
            List<Candidate> sorted = order.sorted(population);
            offspring.learn(sorted);
            population.clear();
            population.addAll(sorted.subList(0, Math.min(settings.population(), sorted.size())));
            if (i == settings.generations()) {
                break;
            }
            generation = breeder.filled(offspring.of(population, settings.population()), settings.population());
        }
        return Front.of(objectives, candidates.all(), provenance);
    }

    /** The better of two that are drawn. */
    static int[] tournament(List<Candidate> sorted, Random random) {
        return sorted.get(Math.min(random.nextInt(sorted.size()), random.nextInt(sorted.size()))).architecture().values();
    }
}
