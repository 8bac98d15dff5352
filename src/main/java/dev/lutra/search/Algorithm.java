package dev.lutra.search;

import java.util.List;

/** A way to look for the best trade-offs, with its settings. A new one is a new class and one line in {@code Algorithms}. */
public interface Algorithm {

    /** Most architectures whose accuracy it asks for. */
    int budget();

    /**
     * The search of one problem.
     *
     * @param seed of every draw
     * @throws dev.lutra.InputException if the evaluator cannot measure an objective
     */
    Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed);
}
