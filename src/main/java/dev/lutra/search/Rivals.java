package dev.lutra.search;

import java.util.ArrayList;
import java.util.List;

/** Candidates of one search that others have to beat: what is no better than one of them in anything has no place on the front. */
final class Rivals {

    private final List<Objective> costs;
    private final List<Candidate> known = new ArrayList<>();

    /** @param objectives of which accuracy is to be as high as possible, and no other follows from it */
    Rivals(List<Objective> objectives) {
        costs = objectives.stream().filter(objective -> !objective.needsAccuracy()).toList();
    }

    /** The accuracy that an architecture has to reach so that none of these is better; minus infinity where none can be. */
    double least(Measures cheap) {
        return known.stream().filter(rival -> costs.stream().allMatch(cost -> cost.loss(rival.measures()) <= cost.loss(cheap)))
            .mapToDouble(Candidate::accuracy).max().orElse(Double.NEGATIVE_INFINITY);
    }

    /** Takes those among whose accuracies are whole. */
    void add(List<Candidate> candidates) {
        candidates.stream().filter(Candidate::isWhole).forEach(known::add);
    }
}
