package dev.lutra.search.feasible;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The architecture of the smallest sum among those that keep bounds on others: the constrained shortest path over the slots, by labels
 * of which one is dropped if another is no worse in any sum (Desrochers and Soumis 1988). A label is also dropped where even
 * the best rest cannot keep a bound. Exact unless more labels remain than are kept, which only spaces of very many different
 * sums under several bounds bring about; then the best by the sum that is minimised stay.
 */
final class Cheapest {

    private static final int MOST_LABELS = 20_000;
    /** Of labels that are compared with all others, for more than one bound. */
    private static final int MOST_COMPARED = 2_000;

    /** Combinations chosen so far, the last one first, and the sums. */
    private record Label(Label before, int combination, double cost, double[] sums) {}

    private Cheapest() {}

    /**
     * @param cost what is to be small, by slot and combination
     * @param bounds on other sums
     * @return a combination for every slot; empty if none is found that keeps the bounds
     */
    static Optional<int[]> of(double[][] cost, List<BoundedSum.Excess> bounds) {
        double[][] restLeast = rest(bounds, cost.length, 1);
        double[][] restMost = rest(bounds, cost.length, -1);
        List<Label> labels = List.of(new Label(null, -1, 0, new double[bounds.size()]));
        for (int slot = 0; slot < cost.length; slot++) {
            List<Label> longer = new ArrayList<>();
            for (Label label : labels) {
                for (int combination = 0; combination < cost[slot].length; combination++) {
                    Label next = extended(label, slot, combination, cost, bounds);
                    if (canKeep(next, bounds, restLeast[slot + 1], restMost[slot + 1])) {
                        longer.add(next);
                    }
                }
            }
            labels = unbeaten(longer, bounds);
        }
        return labels.stream().min(Comparator.comparingDouble(Label::cost)).map(label -> combinations(label, cost.length));
    }

    /** By slot and bound: the smallest, or with a sign of −1 the largest, that the slots from there on add. */
    private static double[][] rest(List<BoundedSum.Excess> bounds, int slots, int sign) {
        double[][] rest = new double[slots + 1][bounds.size()];
        for (int slot = slots - 1; slot >= 0; slot--) {
            for (int bound = 0; bound < bounds.size(); bound++) {
                double best = Double.POSITIVE_INFINITY;
                for (double part : bounds.get(bound).parts()[slot]) {
                    best = Math.min(best, sign * part);
                }
                rest[slot][bound] = rest[slot + 1][bound] + sign * best;
            }
        }
        return rest;
    }

    private static Label extended(Label label, int slot, int combination, double[][] cost, List<BoundedSum.Excess> bounds) {
        double[] sums = label.sums().clone();
        for (int bound = 0; bound < sums.length; bound++) {
            sums[bound] += bounds.get(bound).parts()[slot][combination];
        }
        return new Label(label, combination, label.cost() + cost[slot][combination], sums);
    }

    private static boolean canKeep(Label label, List<BoundedSum.Excess> bounds, double[] restLeast, double[] restMost) {
        for (int bound = 0; bound < restLeast.length; bound++) {
            if (label.sums()[bound] + restLeast[bound] > bounds.get(bound).most()
                || label.sums()[bound] + restMost[bound] < bounds.get(bound).least()) {
                return false;
            }
        }
        return true;
    }

    private static List<Label> unbeaten(List<Label> labels, List<BoundedSum.Excess> bounds) {
        labels.sort(Comparator.comparingDouble(Label::cost).thenComparing(label -> label.sums().length == 0 ? 0 : label.sums()[0]));
        boolean isOneSided = bounds.size() == 1 && bounds.get(0).least() <= 0;
        int most = isOneSided ? MOST_LABELS : MOST_COMPARED;
        List<Label> kept = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        for (Label label : labels) {
            boolean beaten = bounds.isEmpty()
                ? !kept.isEmpty()
                : isOneSided ? label.sums()[0] >= least : kept.stream().anyMatch(other -> beats(other, label, bounds));
            if (!beaten && kept.size() < most) {
                kept.add(label);
                least = bounds.isEmpty() ? least : Math.min(least, label.sums()[0]);
            }
        }
        return kept;
    }

    /** Where a sum has a lower bound too, only an equal one is no worse. */
    private static boolean beats(Label one, Label other, List<BoundedSum.Excess> bounds) {
        for (int bound = 0; bound < bounds.size(); bound++) {
            boolean noWorse = bounds.get(bound).least() > 0
                ? one.sums()[bound] == other.sums()[bound]
                : one.sums()[bound] <= other.sums()[bound];
            if (!noWorse) {
                return false;
            }
        }
        return true;
    }

    private static int[] combinations(Label last, int slots) {
        int[] combinations = new int[slots];
        Label label = last;
        for (int slot = slots - 1; slot >= 0; slot--) {
            combinations[slot] = label.combination();
            label = label.before();
        }
        return combinations;
    }
}
