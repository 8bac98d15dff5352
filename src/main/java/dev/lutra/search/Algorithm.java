package dev.lutra.search;

import java.util.List;

/** A way to look for the best trade-offs, with its settings. A new one is a new class and one line in {@code Algorithms}. */
public interface Algorithm {

    /** Most architectures whose accuracy it asks for. */
    int budget();

    /**
     * Makes sure that it can look for these, whatever the space.
     *
     * @throws dev.lutra.InputException if it cannot
     */
    default void requireTakes(List<Objective> objectives) {}

    /**
     * The search of one problem.
     *
     * @param seed of every draw
     * @throws dev.lutra.InputException if the evaluator cannot measure an objective, or the algorithm does not take it
     */
    Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed);
}
