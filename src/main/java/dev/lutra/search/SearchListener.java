package dev.lutra.search;

import java.util.Map;

/** Hears how far a search is. Called on the searching thread. */
public interface SearchListener {

    /** Hears nothing. */
    SearchListener NONE = new SearchListener() {};

    /**
     * One more candidate is known.
     *
     * @param done candidates so far, those from the log included
     * @param budget most that there will be; a space with fewer feasible architectures ends earlier
     */
    default void evaluated(Candidate candidate, int done, int budget) {}

    /** A generation is complete. */
    default void generation(Progress progress) {}

    /**
     * State after a generation.
     *
     * @param generation from 1, the initial population
     * @param best the best value of every objective's measure so far
     * @param hypervolume of everything so far, within bounds taken from the first generation: only its growth means something
     */
    record Progress(int generation, int done, int budget, Map<Objective, Double> best, double hypervolume) {}
}
