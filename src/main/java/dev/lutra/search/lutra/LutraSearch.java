package dev.lutra.search.lutra;

import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.search.surrogate.GaussianProcess;
import dev.lutra.search.surrogate.GeneShape;
import dev.lutra.search.surrogate.Observations;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Lutra's own search. A first design covers the range of costs. From then on a Gaussian process learns accuracy from what was
 * evaluated, looks at many architectures, and the ones evaluated next are those that are expected to add most to the front's
 * hypervolume: one after the other, each taken to turn out as expected before the next is chosen.
 */
public final class LutraSearch implements Search {

    /**
     * How to search.
     *
     * @param budget architectures to evaluate, at least 1
     * @param batch how many are evaluated together, at least 1
     * @param candidates how many the surrogate looks at for each batch, at least 1000
     */
    public record Settings(int budget, int batch, int candidates) implements Algorithm {

        public static final Settings DEFAULT = new Settings(500, 10, 100_000);

        /** What genetic searches are when they are told only one of both. */
        private static final int POPULATION = 50;
        private static final int GENERATIONS = 20;

        /**
         * As a file gives them; what it does not say is as {@link #DEFAULT} has it. Where it says how large the generations of a
         * genetic search are to be, and how many, as many architectures are evaluated.
         */
        public static Settings of(LayeredSettings settings) {
            return new Settings(budget(settings), settings.integer("batch", 1, DEFAULT.batch()),
                settings.integer("candidates", 1000, DEFAULT.candidates()));
        }

        private static int budget(LayeredSettings settings) {
            Optional<YamlNode> budget = settings.find("budget");
            Optional<YamlNode> population = budget.isPresent() ? Optional.empty() : settings.find("population");
            Optional<YamlNode> generations = budget.isPresent() ? Optional.empty() : settings.find("generations");
            if (population.isEmpty() && generations.isEmpty()) {
                return budget.map(node -> node.integer(1)).orElse(DEFAULT.budget());
            }
            return Math.multiplyExact(population.map(node -> node.integer(1)).orElse(POPULATION),
                generations.map(node -> node.integer(1)).orElse(GENERATIONS));
        }

        public Settings withBudget(int newBudget) {
            return new Settings(newBudget, batch, candidates);
        }

        /** One that is learned, as accuracy, is looked for where it is large. */
        @Override
        public void requireTakes(List<Objective> objectives) {
            Judge.learned(objectives.stream().filter(Objective::needsAccuracy).toList())
                .filter(learned -> learned.direction() == Objective.Direction.MIN).ifPresent(learned -> {
                    throw Judge.doesNotGrow(learned);
                });
        }

        @Override
        public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
            return new LutraSearch(new SearchProblem(evaluator, objectives, seed), this, List.of());
        }

        /**
         * A search that goes on from what is known already, as when costs turned out to be others than were thought: it learns from that
         * and evaluates so many more as are in its budget.
         *
         * @param known architectures whose accuracies the evaluator's log has; those that break a limit by now are left out
         */
        public Search continued(SearchProblem problem, List<Architecture> known) {
            return new LutraSearch(problem, this, known);
        }
    }

    private static final int FIRST = 20;

    private final SearchProblem problem;
    private final Settings settings;
    private final List<Architecture> known;

    private LutraSearch(SearchProblem problem, Settings settings, List<Architecture> known) {
        settings.requireTakes(problem.objectives());
        this.problem = problem;
        this.settings = settings;
        this.known = List.copyOf(known);
    }

    @Override
    public Front run(SearchListener listener) {
        CandidateEvaluator evaluator = problem.evaluator();
        List<Architecture> start = known.stream().distinct().filter(evaluator::isFeasible).toList();
        int budget = start.size() + settings.budget();
        Candidates candidates = problem.candidates(listener, budget);
        Random random = problem.random();
        FeasibleSampler sampler = FeasibleSampler.of(evaluator, random);
        Judge judge = new Judge(evaluator, problem.objectives(), sampler);
        Prospects prospects = Prospects.of(judge, sampler, settings.candidates(), random);
        Map<Architecture, Prospect> evaluated = new LinkedHashMap<>();
        List<GeneShape> genes = judge.genes();
        Optional<GaussianProcess> process = Optional.empty();
        List<Prospect> batch = start.isEmpty()
            ? new Design(prospects.first(), judge.dimensions(), random).of(first())
            : start.stream().map(judge::prospect).flatMap(Optional::stream).toList();
        while (!batch.isEmpty()) {
            batch.forEach(prospect -> evaluated.put(prospect.architecture(), prospect));
            candidates.evaluate(batch.stream().map(Prospect::architecture).toList());
            candidates.endGeneration();
            int left = Math.min(settings.batch(), budget - evaluated.size());
            if (left == 0 || evaluated.size() < 2) {
                break;
            }
            List<Prospect> met = List.copyOf(evaluated.values());
            List<Candidate> judged = met.stream().map(prospect -> candidates.get(prospect.architecture())).toList();
            double[] accuracies = judged.stream().mapToDouble(Candidate::accuracy).toArray();
            Observations data = new Observations(met.stream().map(Prospect::genes).toArray(int[][]::new),
                met.stream().map(Prospect::features).toArray(double[][]::new), accuracies, evaluator.accuracyVariances(judged));
            GaussianProcess learned = process.map(before -> before.with(data)).orElseGet(() -> GaussianProcess.of(genes, data));
            process = Optional.of(learned);
            batch = new Choice(judge, learned, met, accuracies).of(left,
                promise -> prospects.next(met, evaluated.keySet(), promise));
        }
        return problem.front(candidates, "lutra", Map.of("budget", settings.budget(), "batch", settings.batch(),
            "candidates", settings.candidates()));
    }

    /** How many are evaluated before anything is learned: not all, where few are evaluated at all. */
    private int first() {
        return settings.budget() < 4 ? settings.budget() : Math.min(FIRST, settings.budget() / 2);
    }
}
