package dev.lutra.search;

/** A way to look for the best trade-offs. */
public interface Search {

    /**
     * Runs the search to its end. The same search with the same seed finds the same front; where the evaluator's log already
     * holds candidates, their accuracies are taken from it, so a run after a crash repeats the way without its cost.
     *
     * @throws dev.lutra.InputException if nothing keeps the constraints, naming the constraint and the best value found
     */
    Front run(SearchListener listener);
}
