package dev.lutra.search;

import dev.lutra.space.Architecture;

/**
 * An architecture that kept all constraints, and what was found out about it.
 *
 * @param measures accuracy and every cheap measure
 */
public record Candidate(Architecture architecture, Measures measures) {

    /** On all images, or where it is not {@linkplain #isWhole whole} on those that were asked. */
    public double accuracy() {
        return measures.get(Measure.ACCURACY);
    }

    /** Whether its accuracy is of all images, and not of those until judging was stopped. */
    public boolean isWhole() {
        return !measures.values().containsKey(Measure.STOPPED_AFTER);
    }
}
