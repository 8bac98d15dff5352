package dev.lutra.search.decision;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Hypervolume;
import dev.lutra.search.Objective;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/** How the hypervolume of what a search knew grew with what it evaluated. */
public final class HypervolumeCurve {

    private static final int PLACES = 60;

    private HypervolumeCurve() {}

    /**
     * In the box around all candidates.
     *
     * @param evaluated in the order of their evaluation
     * @param counts whether a candidate is one that a front may have
     * @return by number of candidates; some sixty places of many
     */
    public static SortedMap<Integer, Double> of(List<Objective> objectives, List<Candidate> evaluated, Predicate<Candidate> counts) {
        return evaluated.isEmpty() ? new TreeMap<>() : of(Hypervolume.around(objectives, evaluated), evaluated, objectives, counts);
    }

    /** The same in another box, so that several searches can be compared. */
    public static SortedMap<Integer, Double> of(Hypervolume box, List<Candidate> evaluated, List<Objective> objectives,
        Predicate<Candidate> counts) {
        SortedMap<Integer, Double> curve = new TreeMap<>();
        List<Candidate> unbeaten = new ArrayList<>();
        int step = Math.max(1, evaluated.size() / PLACES);
        for (int i = 0; i < evaluated.size(); i++) {
            Candidate next = evaluated.get(i);
            if (counts.test(next) && unbeaten.stream().noneMatch(other -> Front.dominates(other, next, objectives))) {
                unbeaten.removeIf(other -> Front.dominates(next, other, objectives));
                unbeaten.add(next);
            }
            if ((i + 1) % step == 0 || i == evaluated.size() - 1) {
                curve.put(i + 1, box.of(unbeaten));
            }
        }
        return curve;
    }
}
