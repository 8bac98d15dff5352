package dev.lutra.search;

import dev.lutra.space.Architecture;

/**
 * An architecture that kept all constraints, and what was found out about it.
 *
 * @param measures accuracy and every cheap measure
 */
public record Candidate(Architecture architecture, Measures measures) {

    public double accuracy() {
        return measures.get(Measure.ACCURACY);
    }
}
