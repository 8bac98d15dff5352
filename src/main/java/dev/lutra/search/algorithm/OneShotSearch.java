package dev.lutra.search.algorithm;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.cost.NormalisedScore;
import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The genetic search of OneShot-S+ over blocks and channels together. Of every population the best by fitness stay, and each of the
 * others with a small probability; couples of those who stayed have two children each, every gene from either parent and now and
 * then drawn anew, until the population is full again. Only networks of at most a normalised score, {@link NormalisedScore#mean},
 * are in it.
 */
public final class OneShotSearch implements Search {

    /** What a population is sorted by. */
    public enum Fitness {
        /** Accuracy alone. */
        ACC,
        /** Accuracy less the normalised score, {@link NormalisedScore#balanced}. */
        BALANCED
    }

    /**
     * How to search.
     *
     * @param population at least 2
     * @param generations that are evaluated, at least 1
     * @param retain how many of the best stay, at least 2
     * @param keep probability of each of the others to stay
     * @param mutation probability for each gene of a child to be drawn anew
     * @param mostScore normalised score that networks may have; 0 for no bound
     * @param ratio weight of the score in the balanced fitness
     */
    public record Settings(int population, int generations, int retain, double keep, double mutation, double mostScore, double ratio,
        Fitness fitness) implements Algorithm {

        /** The published ones. */
        public static final Settings DEFAULT = new Settings(50, 20, 10, 0.1, 0.1, 1, 1, Fitness.ACC);

        static Settings of(LayeredSettings settings) {
            return new Settings(settings.integer("population", 4, DEFAULT.population()),
                settings.integer("generations", 1, DEFAULT.generations()), settings.integer("retain", 2, DEFAULT.retain()),
                settings.number("keep", 0, 1, DEFAULT.keep()), settings.number("mutation", 0, 1, DEFAULT.mutation()),
                settings.number("most-score", 0, 1e6, DEFAULT.mostScore()), settings.number("ratio", 0, 1e6, DEFAULT.ratio()),
                settings.oneOf("fitness", Fitness.class, DEFAULT.fitness()));
        }

        /** The first population, then in every other one those who are not of the best that stay. */
        @Override
        public int budget() {
            return Math.addExact(population, Math.multiplyExact(generations - 1, Math.max(0, population - retain)));
        }

        @Override
        public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
            return new OneShotSearch(new SearchProblem(evaluator, objectives, seed), this);
        }
    }

    private final SearchProblem problem;
    private final Settings settings;

    OneShotSearch(SearchProblem problem, Settings settings) {
        Set<String> measured = problem.evaluator().measured();
        boolean isCounted = measured.containsAll(List.of(Measure.MACS, Measure.PARAMS));
        if (!isCounted && settings.fitness() == Fitness.BALANCED) {
            throw new InputException("search: fitness: balanced without macs and params (expected: both, or acc)");
        }
        if (settings.mostScore() > 0 && !measured.contains(Measure.SCORE)) {
            throw new InputException("search: most-score without the measure score (expected: a space of networks, or 0 for no bound)");
        }
        // the measure is the sum of the published tables, twice the mean
        this.problem = settings.mostScore() > 0
            ? problem.with(Constraint.atMost(Measure.SCORE, 2 * settings.mostScore()).from("search.most-score"))
            : problem;
        this.settings = settings;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = problem.candidates(listener, settings.budget());
        Breeder breeder = new Breeder(candidates, problem.evaluator(), problem.random());
        candidates.evaluate(breeder.fresh(settings.population()), settings.generations(), population -> {
            List<Candidate> parents = retained(population.stream().map(candidates::get).toList(), breeder.random());
            List<Architecture> children = children(breeder, parents, settings.population() - parents.size());
            return children.isEmpty() ? List.of() : Stream.concat(parents.stream().map(Candidate::architecture), children.stream()).toList();
        });
        return problem.front(candidates, "oneshot-s-plus", Map.of(
            "population", settings.population(), "generations", settings.generations(), "retain", settings.retain(),
            "keep", settings.keep(), "mutation", settings.mutation(), "most-score", settings.mostScore(), "ratio", settings.ratio(),
            "fitness", settings.fitness().name().toLowerCase(Locale.ROOT)));
    }

    /** The best, and each of the others with a probability. */
    List<Candidate> retained(List<Candidate> population, Random random) {
        List<Candidate> sorted = population.stream().sorted(Comparator.comparingDouble(this::fitness).reversed()).toList();
        List<Candidate> stay = new ArrayList<>(sorted.subList(0, Math.min(settings.retain(), sorted.size())));
        sorted.stream().skip(settings.retain()).filter(candidate -> random.nextDouble() < settings.keep()).forEach(stay::add);
        return stay;
    }

    double fitness(Candidate candidate) {
        if (settings.fitness() == Fitness.ACC) {
            return candidate.accuracy();
        }
        Measures measures = candidate.measures();
        return NormalisedScore.SPOS.balanced(candidate.accuracy(), settings.ratio(),
            new Cost((long) measures.get(Measure.MACS), (long) measures.get(Measure.PARAMS)));
    }

    /** Couples of different parents have two children each. */
    private List<Architecture> children(Breeder breeder, List<Candidate> parents, int count) {
        List<Architecture> children = new ArrayList<>();
        for (int couple = 0; couple < Breeder.ATTEMPTS * count && children.size() < count; couple++) {
            int[] mother = breeder.one(parents).architecture().values();
            int[] father = breeder.one(parents).architecture().values();
            children.addAll(breeder.bred(Math.min(2, count - children.size()),
                () -> breeder.mutant(breeder.child(mother, father), settings.mutation())));
        }
        return breeder.filled(children, count);
    }
}
