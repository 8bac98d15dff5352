package dev.lutra.search.feasible;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The architecture of the smallest sum among those that keep bounds on others: the constrained shortest path over the slots, by labels
 * of which one is dropped if another is no worse in any sum (Desrochers and Soumis 1988). A label is also dropped where even
 * the best rest cannot keep a bound. Exact unless more labels remain than are kept, which only spaces of very many different
 * sums under several bounds bring about; then some stay, evenly over their costs.
 */
final class Cheapest {

    private static final int MOST_LABELS = 2_000;
    /** Where each has to be compared with all others: for more than two bounds, or one from both sides. */
    private static final int MOST_COMPARED = 300;

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
        Label none = new Label(null, -1, 0, new double[bounds.size()]);
        List<Label> labels = List.of(none);
        for (int slot = 0; slot < cost.length; slot++) {
            int[] useful = useful(none, slot, cost, bounds);
            List<Label> longer = new ArrayList<>();
            for (Label label : labels) {
                for (int combination : useful) {
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

    /** Combinations of a slot of which none is beaten by another. */
    private static int[] useful(Label none, int slot, double[][] cost, List<BoundedSum.Excess> bounds) {
        List<Label> alone = new ArrayList<>();
        for (int combination = 0; combination < cost[slot].length; combination++) {
            alone.add(extended(none, slot, combination, cost, bounds));
        }
        return unbeaten(alone, bounds).stream().mapToInt(Label::combination).toArray();
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
        labels.sort(Comparator.comparingDouble(Label::cost));
        boolean areOneSided = bounds.stream().allMatch(bound -> bound.least() <= 0);
        if (areOneSided && bounds.size() <= 2) {
            return thinned(labels.stream().filter(new Staircase(bounds.size())::isNew).toList(), MOST_LABELS);
        }
        List<Label> kept = new ArrayList<>();
        for (Label label : labels) {
            if (!isBeaten(label, kept, bounds)) {
                kept.add(label);
            }
        }
        return thinned(kept, MOST_COMPARED);
    }

    /** Of labels in the order of their costs: whether each has a sum less than all before it that are no worse in the other. */
    private static final class Staircase {

        private final int bounds;
        /** The least second sum by the first one, falling. */
        private final TreeMap<Double, Double> steps = new TreeMap<>();

        Staircase(int bounds) {
            this.bounds = bounds;
        }

        boolean isNew(Label label) {
            double first = bounds > 0 ? label.sums()[0] : 0;
            double second = bounds > 1 ? label.sums()[1] : 0;
            Map.Entry<Double, Double> before = steps.floorEntry(first);
            if (before != null && before.getValue() <= second) {
                return false;
            }
            for (Map.Entry<Double, Double> after = steps.ceilingEntry(first); after != null
                && after.getValue() >= second; after = steps.ceilingEntry(first)) {
                steps.remove(after.getKey());
            }
            steps.put(first, second);
            return true;
        }
    }

    private static boolean isBeaten(Label label, List<Label> kept, List<BoundedSum.Excess> bounds) {
        for (int i = 0; i < kept.size() && i < MOST_COMPARED; i++) {
            if (beats(kept.get(i), label, bounds)) {
                return true;
            }
        }
        return false;
    }

    /** Where a sum has a lower bound too, only an equal one is no worse. */
    private static boolean beats(Label one, Label other, List<BoundedSum.Excess> bounds) {
        for (int bound = 0; bound < bounds.size(); bound++) {
            double difference = one.sums()[bound] - other.sums()[bound];
            if (difference > 0 || difference < 0 && bounds.get(bound).least() > 0) {
                return false;
            }
        }
        return true;
    }

    /** Some of many, evenly over their costs, both ends among them. */
    private static List<Label> thinned(List<Label> labels, int most) {
        return labels.size() <= most
            ? labels
            : IntStream.range(0, most).mapToObj(i -> labels.get((int) ((long) i * (labels.size() - 1) / (most - 1)))).toList();
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
