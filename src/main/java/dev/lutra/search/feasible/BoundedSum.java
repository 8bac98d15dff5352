package dev.lutra.search.feasible;

import dev.lutra.measure.sums.SlotSum;
import dev.lutra.search.Constraint;
import java.util.List;
import java.util.function.DoublePredicate;
import java.util.stream.IntStream;

/**
 * A measure that is a sum over slots, with the constraints on it as bounds on the sum.
 *
 * @param sum with parts by slot and combination, but only for the combinations on offer
 * @param least the least sum that may keep the constraints; negative infinity where none bounds it from below
 * @param most the largest sum that may; infinity where none bounds it from above. Both may be off by a rounding, to the lenient side
 */
record BoundedSum(SlotSum sum, double least, double most) {

    private static final int BISECTIONS = 200;

    /**
     * The bounds that some constraints on one measure set.
     *
     * @param sum the measure, for the combinations on offer
     */
    static BoundedSum of(SlotSum sum, List<Constraint> constraints) {
        double low = smallest(sum);
        double high = largest(sum);
        double rounding = rounding(sum);
        double least = Double.NEGATIVE_INFINITY;
        double most = Double.POSITIVE_INFINITY;
        for (Constraint constraint : constraints) {
            DoublePredicate holds = total -> constraint.holds(sum.value().applyAsDouble(total));
            if (constraint.side() == Constraint.Side.AT_MOST) {
                most = Math.min(most, holds.test(high) ? Double.POSITIVE_INFINITY : -turn(-high, -low + rounding, total -> holds.test(-total)));
            } else {
                least = Math.max(least, holds.test(low) ? Double.NEGATIVE_INFINITY : turn(low, high + rounding, holds));
            }
        }
        return new BoundedSum(sum, least, most);
    }

    /** Where a condition begins to hold, from the side where it does not: {@code from} breaks it. */
    private static double turn(double from, double to, DoublePredicate holds) {
        if (!holds.test(to)) {
            return Double.POSITIVE_INFINITY;
        }
        double broken = from;
        double held = to;
        for (int i = 0; i < BISECTIONS && Math.nextUp(broken) < held; i++) {
            double middle = broken + (held - broken) / 2;
            if (holds.test(middle)) {
                held = middle;
            } else {
                broken = middle;
            }
        }
        return broken;
    }

    static double smallest(SlotSum sum) {
        return sum.fixed() + sum.parts().stream().mapToDouble(parts -> min(parts)).sum();
    }

    static double largest(SlotSum sum) {
        return sum.fixed() + sum.parts().stream().mapToDouble(parts -> -min(negated(parts))).sum();
    }

    static double min(double[] parts) {
        double least = Double.POSITIVE_INFINITY;
        for (double part : parts) {
            least = Math.min(least, part);
        }
        return least;
    }

    private static double[] negated(double[] parts) {
        double[] negated = new double[parts.length];
        for (int i = 0; i < parts.length; i++) {
            negated[i] = -parts[i];
        }
        return negated;
    }

    boolean isBounded() {
        return least > Double.NEGATIVE_INFINITY || most < Double.POSITIVE_INFINITY;
    }

    /**
     * The same as excesses: what each part is beyond the smallest of its slot, and within which bounds their total has to be, off by
     * a rounding to the lenient side. A sum that is bounded from below alone is turned round, so that a tight bound leaves a short
     * range either way.
     */
    Excess excess() {
        boolean turned = most == Double.POSITIVE_INFINITY;
        double sign = turned ? -1 : 1;
        double base = sign * sum.fixed();
        double[][] parts = new double[sum.parts().size()][];
        for (int slot = 0; slot < parts.length; slot++) {
            double[] own = turned ? negated(sum.parts().get(slot)) : sum.parts().get(slot);
            double smallest = min(own);
            base += smallest;
            parts[slot] = IntStream.range(0, own.length).mapToDouble(i -> own[i] - smallest).toArray();
        }
        double low = turned ? Double.NEGATIVE_INFINITY : least;
        double high = turned ? -least : most;
        double rounding = rounding(sum);
        return new Excess(parts, low - base - rounding, high - base + rounding);
    }

    /**
     * The most by which two ways to add the same may disagree: either is rounded once a slot, by half a unit in the last place of no more
     * than all that is added, and so are what is subtracted from the parts and the bound itself.
     */
    private static double rounding(SlotSum sum) {
        double magnitude = Math.abs(sum.fixed());
        for (double[] own : sum.parts()) {
            magnitude += Math.max(Math.abs(min(own)), Math.abs(min(negated(own))));
        }
        return 2 * (sum.parts().size() + 2) * Math.ulp(magnitude);
    }

    /**
     * @param parts at least 0, by slot and combination
     * @param least that their total may be
     * @param most that their total may be; negative if nothing keeps the bound
     */
    record Excess(double[][] parts, double least, double most) {}
}
