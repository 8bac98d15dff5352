package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The evolutionary search of SPOS, in the order of the paper's Algorithm 1 (Guo et al. 2019): the parents are the best by the first
 * objective of all generations so far; every generation is half their crossovers, then half their mutations. As in its released
 * code, a child that breaks a constraint or was visited is bred again, at most ten times as often as children are wanted, and random
 * ones fill what is left. The last generation that is bred is never evaluated, so it is not bred here.
 */
public final class SposSearch implements Search {

    /**
     * How to search.
     *
     * @param population architectures a generation, at least 2
     * @param generations that are evaluated, at least 1
     * @param top how many are parents, at least 1
     * @param mutation probability for each gene of a mutant to be drawn anew
     */
    public record Settings(int population, int generations, int top, double mutation) implements Algorithm {

        /** The published ones. */
        public static final Settings DEFAULT = new Settings(50, 20, 10, 0.1);

        static Settings of(LayeredSettings settings) {
            return new Settings(settings.integer("population", 2, DEFAULT.population()),
                settings.integer("generations", 1, DEFAULT.generations()), settings.integer("top", 1, DEFAULT.top()),
                settings.number("mutation", 0, 1, DEFAULT.mutation()));
        }

        @Override
        public int budget() {
            return Math.multiplyExact(population, generations);
        }

        @Override
        public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
            return new SposSearch(new SearchProblem(evaluator, objectives, seed), this);
        }
    }

    private final SearchProblem problem;
    private final Settings settings;

    SposSearch(SearchProblem problem, Settings settings) {
        this.problem = problem;
        this.settings = settings;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = problem.candidates(listener, settings.budget());
        Breeder breeder = new Breeder(candidates, problem.evaluator(), problem.random());
        List<Candidate> top = new ArrayList<>();
        candidates.evaluate(breeder.fresh(settings.population()), settings.generations(), generation -> {
            generation.forEach(architecture -> top.add(candidates.get(architecture)));
            top.sort(problem.objectives().get(0).byLoss()); // of equals those that were there before
            top.subList(Math.min(settings.top(), top.size()), top.size()).clear();
            return next(breeder, top.stream().map(candidate -> candidate.architecture().values()).toList());
        });
        return problem.front(candidates, "spos", Map.of("population", settings.population(), "generations", settings.generations(),
            "top", settings.top(), "mutation", settings.mutation()));
    }

    private List<Architecture> next(Breeder breeder, List<int[]> top) {
        int crossovers = settings.population() / 2;
        List<Architecture> children = new ArrayList<>(breeder.bred(crossovers, () -> breeder.child(breeder.one(top), breeder.one(top))));
        children.addAll(breeder.bred(settings.population() - crossovers, () -> breeder.mutant(breeder.one(top), settings.mutation())));
        return breeder.filled(children, settings.population());
    }
}
