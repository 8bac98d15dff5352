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
import dev.lutra.search.nao.Autoencoder;
import dev.lutra.search.nao.Words;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The search of NAO (Luo et al. 2018) in the sizes of its second version: an encoder, a predictor and a decoder learn from all that was
 * evaluated by the first objective; the embeddings of the best are moved along the gradient of the prediction, by longer and longer
 * steps, and what is decoded is evaluated next. Where that gives too few that are new and keep the constraints, random ones fill up.
 */
final class NaoSearch implements Search {

    /**
     * How to search.
     *
     * @param first random architectures, at least 2
     * @param further architectures of each later iteration, at least 1
     * @param iterations at least 1
     * @param top how many of the best are moved, at least 1
     * @param steps longest step, in gradients, at least 1
     * @param epochs how often each architecture is shown, at least 1
     */
    record Settings(int first, int further, int iterations, int top, int steps, int epochs) implements Algorithm {

        /** Those of NAO-V2. */
        private static final Settings DEFAULT = new Settings(1000, 300, 4, 100, 50, 1000);

        static Settings of(LayeredSettings settings) {
            return new Settings(settings.integer("first", 2, DEFAULT.first), settings.integer("new", 1, DEFAULT.further),
                settings.integer("iterations", 1, DEFAULT.iterations), settings.integer("top", 1, DEFAULT.top),
                settings.integer("steps", 1, DEFAULT.steps), settings.integer("epochs", 1, DEFAULT.epochs));
        }

        @Override
        public int budget() {
            return Math.addExact(first, Math.multiplyExact(iterations - 1, further));
        }

        @Override
        public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
            return new NaoSearch(new SearchProblem(evaluator, objectives, seed), this);
        }
    }

    private final SearchProblem problem;
    private final Settings settings;

    private NaoSearch(SearchProblem problem, Settings settings) {
        this.problem = problem;
        this.settings = settings;
    }

    @Override
    public Front run(SearchListener listener) {
        Candidates candidates = problem.candidates(listener, settings.budget());
        Breeder breeder = new Breeder(candidates, problem.evaluator(), problem.random());
        Words words = new Words(problem.evaluator().space().genes());
        candidates.evaluate(breeder.fresh(settings.first()), settings.iterations(), pool -> next(words, breeder, best(candidates)));
        return problem.front(candidates, "nao", Map.of("first", settings.first(), "new", settings.further(), "iterations",
            settings.iterations(), "top", settings.top(), "steps", settings.steps(), "epochs", settings.epochs()));
    }

    /** All that were evaluated, the best by the first objective in front; of equals those that were there before. */
    private List<Candidate> best(Candidates candidates) {
        return candidates.all().stream().sorted(problem.objectives().get(0).byLoss()).toList();
    }

    private List<Architecture> next(Words words, Breeder breeder, List<Candidate> known) {
        int[][] genes = known.stream().map(candidate -> candidate.architecture().values()).toArray(int[][]::new);
        int[][] offered = IntStream.range(0, genes[0].length).mapToObj(breeder::options).toArray(int[][]::new);
        List<Architecture> next = new ArrayList<>();
        try (Autoencoder networks = new Autoencoder(words, new Random(breeder.random().nextLong()))) {
            networks.learn(genes, worths(known), settings.epochs());
            int[][] top = Arrays.copyOf(genes, Math.min(settings.top(), genes.length));
            for (int step = 1; step <= settings.steps() && next.size() < settings.further(); step++) {
                for (int[] moved : networks.improved(top, step, offered)) {
                    if (next.size() < settings.further()) {
                        breeder.proposed(moved).ifPresent(next::add);
                    }
                }
            }
        }
        return breeder.filled(next, settings.further());
    }

    /** From 0, the worst by the first objective, to 1. */
    private double[] worths(List<Candidate> bestFirst) {
        Objective objective = problem.objectives().get(0);
        double[] losses = bestFirst.stream().mapToDouble(candidate -> objective.loss(candidate.measures())).toArray();
        double best = losses[0];
        double range = losses[losses.length - 1] - best;
        return Arrays.stream(losses).map(loss -> range > 0 ? 1 - (loss - best) / range : 1).toArray();
    }
}
