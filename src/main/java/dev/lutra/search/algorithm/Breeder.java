package dev.lutra.search.algorithm;

import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Candidates;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Makes architectures that keep the constraints and were not proposed before, and proposes them. */
final class Breeder {

    /** SPOS allows ten attempts for each child it wants. */
    static final int ATTEMPTS = 10;

    private static final int MOST_REPEATS = 1000; // in a row; then the feasible architectures are taken to be exhausted

    private final Candidates candidates;
    private final CandidateEvaluator evaluator;
    private final FeasibleSampler sampler;
    private final Random random;
    private final int[][] options;

    Breeder(Candidates candidates, CandidateEvaluator evaluator, Random random) {
        this.candidates = candidates;
        this.evaluator = evaluator;
        this.sampler = FeasibleSampler.of(evaluator, random);
        this.random = random;
        this.options = IntStream.range(0, evaluator.space().genes().size()).mapToObj(evaluator.options()::of).toArray(int[][]::new);
    }

    /**
     * Children that were not proposed before and keep the constraints, in at most ten times as many attempts.
     *
     * @param values one attempt: positions of the genes' options
     * @return at most {@code count}
     */
    List<Architecture> bred(int count, Supplier<int[]> values) {
        List<Architecture> children = new ArrayList<>();
        for (int attempt = 0; attempt < ATTEMPTS * count && children.size() < count; attempt++) {
            proposed(values.get()).ifPresent(children::add);
        }
        return children;
    }

    /** The architecture of these values; empty if it was proposed before or breaks a constraint. */
    Optional<Architecture> proposed(int[] values) {
        Architecture child = evaluator.options().nearest(values);
        boolean isNew = !candidates.wasProposed(child) && evaluator.isFeasible(child);
        return isNew && candidates.propose(child) ? Optional.of(child) : Optional.empty();
    }

    /**
     * Random ones.
     *
     * @return {@code count}, or as many as were found before a thousand draws in a row gave none
     * @throws dev.lutra.InputException if nothing keeps the constraints
     */
    List<Architecture> fresh(int count) {
        List<Architecture> drawn = new ArrayList<>();
        int repeats = 0;
        while (drawn.size() < count && repeats < MOST_REPEATS) {
            Architecture architecture = sampler.draw();
            if (candidates.propose(architecture)) {
                drawn.add(architecture);
                repeats = 0;
            } else {
                repeats++;
            }
        }
        return drawn;
    }

    /** These, and random ones in the place of those that are wanting. */
    List<Architecture> filled(List<Architecture> children, int count) {
        List<Architecture> all = new ArrayList<>(children);
        all.addAll(fresh(count - children.size()));
        return all;
    }

    /** Each gene, with a probability, drawn uniformly from its options, the old one among them. */
    int[] mutant(int[] values, double probability) {
        return Nsga2Search.mutate(values, options, probability, random);
    }

    /** Each gene from either parent, with probability ½. */
    int[] child(int[] mother, int[] father) {
        return Nsga2Search.crossover(mother, father, random);
    }

    /** One of some, each as likely. */
    <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    int[] options(int gene) {
        return options[gene];
    }

    Random random() {
        return random;
    }
}
