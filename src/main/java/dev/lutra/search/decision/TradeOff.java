package dev.lutra.search.decision;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Accuracy against one cost: of a front those that no other beats in these two, from the least cost on.
 *
 * @param cost any objective but accuracy
 * @param steps at least one
 */
public record TradeOff(Objective cost, List<Step> steps) {

    /**
     * A network, and what it costs more than the one before it.
     *
     * @param gained accuracy more than the one before has; 0 for the first
     * @param paid more of the cost, in its unit; 0 for the first
     * @param isKnee whether it lies farthest beyond the straight line between the ends, both scaled to 1: from there on accuracy is dearer
     *     (Das 1999); no end is
     */
    public record Step(Candidate candidate, double gained, double paid, boolean isKnee) {}

    public TradeOff {
        steps = List.copyOf(steps);
    }

    /** Of a front with candidates. */
    public static TradeOff of(Front front, Objective cost) {
        List<Candidate> sorted = front.candidates().stream()
            .sorted(cost.byLoss().thenComparing(Comparator.comparingDouble(Candidate::accuracy).reversed())).toList();
        List<Candidate> unbeaten = new ArrayList<>();
        for (Candidate candidate : sorted) {
            if (unbeaten.isEmpty() || candidate.accuracy() > unbeaten.get(unbeaten.size() - 1).accuracy()) {
                unbeaten.add(candidate);
            }
        }
        int knee = knee(unbeaten, cost);
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < unbeaten.size(); i++) {
            Candidate candidate = unbeaten.get(i);
            Candidate before = unbeaten.get(Math.max(0, i - 1));
            steps.add(new Step(candidate, candidate.accuracy() - before.accuracy(),
                candidate.measures().get(cost.measure()) - before.measures().get(cost.measure()), i == knee));
        }
        return new TradeOff(cost, steps);
    }

    private static int knee(List<Candidate> steps, Objective cost) {
        int knee = -1;
        double farthest = 0;
        Candidate first = steps.get(0);
        Candidate last = steps.get(steps.size() - 1);
        for (int i = 1; i < steps.size() - 1; i++) {
            double gained = (steps.get(i).accuracy() - first.accuracy()) / (last.accuracy() - first.accuracy());
            double paid = (cost.loss(steps.get(i).measures()) - cost.loss(first.measures()))
                / (cost.loss(last.measures()) - cost.loss(first.measures()));
            if (gained - paid > farthest) {
                farthest = gained - paid;
                knee = i;
            }
        }
        return knee;
    }

    /** Every cost of a front against accuracy, in the order of its objectives. */
    public static List<TradeOff> all(Front front) {
        return front.objectives().stream().filter(objective -> !objective.measure().equals(Measure.ACCURACY))
            .map(cost -> of(front, cost)).toList();
    }

    public Optional<Step> knee() {
        return steps.stream().filter(Step::isKnee).findFirst();
    }
}
