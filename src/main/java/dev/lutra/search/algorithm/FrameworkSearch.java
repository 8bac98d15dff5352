package dev.lutra.search.algorithm;

import dev.lutra.search.Algorithm;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.moeaframework.algorithm.AbstractAlgorithm;
import org.moeaframework.algorithm.MOEAD;
import org.moeaframework.algorithm.NSGAIII;
import org.moeaframework.algorithm.SMSEMOA;
import org.moeaframework.core.PRNG;
import org.moeaframework.core.Solution;
import org.moeaframework.core.fitness.HypervolumeContributionFitnessEvaluator;
import org.moeaframework.core.population.ReferencePointNondominatedSortingPopulation;
import org.moeaframework.core.selection.TournamentSelection;
import org.moeaframework.problem.Problem;
import org.moeaframework.util.weights.NormalBoundaryDivisions;

/**
 * Algorithms as MOEA Framework has them, with the individuals and operators of {@link Nsga2Search}. They draw from the generator that
 * the whole program shares, so it is lent to one search at a time, for as long as a step takes.
 */
public final class FrameworkSearch implements Search {

    /** Which algorithm. */
    enum Kind {
        /** Deb and Jain 2014: reference points keep the front spread over many objectives. */
        NSGA3("nsga3") {
            @Override
            AbstractAlgorithm with(Problem problem, Settings settings, Nursery nursery) {
                NormalBoundaryDivisions divisions = NormalBoundaryDivisions.forProblem(problem);
                return new NSGAIII(problem, settings.population(),
                    new ReferencePointNondominatedSortingPopulation(problem.getNumberOfObjectives(), divisions),
                    new TournamentSelection(), nursery, nursery::firstGeneration) {
                    @Override
                    public void evaluateAll(Iterable<Solution> generation) {
                        nursery.evaluate(generation);
                        super.evaluateAll(generation);
                    }
                };
            }
        },
        /** Beume et al. 2007: what adds least to the hypervolume goes. */
        SMS_EMOA("sms-emoa") {
            @Override
            AbstractAlgorithm with(Problem problem, Settings settings, Nursery nursery) {
                return new SMSEMOA(problem, settings.population(), nursery::firstGeneration, nursery,
                    new HypervolumeContributionFitnessEvaluator(problem));
            }
        },
        /** Zhang and Li 2007: a scalar problem for every direction, solved beside its neighbours. */
        MOEAD("moead") {
            @Override
            AbstractAlgorithm with(Problem problem, Settings settings, Nursery nursery) {
                int neighbours = Math.max(2, Math.min(settings.population(), 20));
                return new MOEAD(problem, settings.population(), neighbours, nursery::fullGeneration, nursery, 0.9, 2);
            }
        };

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        abstract AbstractAlgorithm with(Problem problem, Settings settings, Nursery nursery);
    }

    /**
     * How to search.
     *
     * @param population individuals, at least 4
     * @param generations population × generations is the most accuracies computed
     * @param mutation probability for each gene of a child to be drawn anew
     */
    record Settings(Kind kind, int population, int generations, double mutation) implements Algorithm {

        static Settings of(Kind kind, LayeredSettings settings) {
            return new Settings(kind, settings.integer("population", 4, Nsga2Search.Settings.DEFAULT.population()),
                settings.integer("generations", 1, Nsga2Search.Settings.DEFAULT.generations()),
                settings.number("mutation", 0, 1, Nsga2Search.Settings.DEFAULT.mutation()));
        }

        @Override
        public int budget() {
            return Math.multiplyExact(population, generations);
        }

        @Override
        public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
            return new FrameworkSearch(new SearchProblem(evaluator, objectives, seed), this);
        }
    }

    /** Steps in a row that find nothing new; then the feasible architectures are taken to be exhausted. */
    private static final int IDLE_STEPS = 20;

    private final SearchProblem problem;
    private final Settings settings;

    private FrameworkSearch(SearchProblem problem, Settings settings) {
        this.problem = problem;
        this.settings = settings;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = problem.candidates(listener, settings.budget());
        Random random = problem.random();
        Nursery nursery = new Nursery(problem.evaluator(), problem.objectives(), candidates, settings.mutation(), settings.budget(), random);
        AbstractAlgorithm algorithm = settings.kind().with(new Individual.Problem(problem.objectives(), candidates), settings, nursery);
        int told = 0;
        int idle = 0;
        while (candidates.proposals() < settings.budget() && idle < IDLE_STEPS) {
            int before = candidates.proposals();
            step(algorithm, random);
            idle = candidates.proposals() == before ? idle + 1 : 0;
            if (candidates.proposals() - told >= settings.population()) {
                told = candidates.proposals();
                candidates.endGeneration();
            }
        }
        if (candidates.proposals() > told) {
            candidates.endGeneration(); // the last one, cut short by the budget or by the end of what is feasible
        }
        return problem.front(candidates, settings.kind().text, Map.of(
            "population", settings.population(), "generations", settings.generations(), "mutation", settings.mutation()));
    }

    private static void step(AbstractAlgorithm algorithm, Random random) {
        synchronized (PRNG.class) {
            Random shared = PRNG.getRandom();
            PRNG.setRandom(random);
            try {
                algorithm.step();
            } finally {
                PRNG.setRandom(shared);
            }
        }
    }
}
