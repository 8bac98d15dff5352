package dev.lutra.search;

import java.math.RoundingMode;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A bound that every candidate keeps.
 *
 * @param key where the user wrote it, for messages: {@code constraints.macs}
 * @param measure what is bounded; not accuracy, which is only computed for architectures that keep all constraints
 * @param bound in the measure's unit, latencies in nanoseconds; keeping it exactly is allowed
 */
public record Constraint(String key, String measure, Side side, double bound) {

    /** On which side of the bound to stay. */
    public enum Side {
        AT_MOST, AT_LEAST
    }

    public Constraint {
        if (!Double.isFinite(bound)) {
            throw new IllegalArgumentException(key + ": " + bound + " (expected: a number)");
        }
    }

    public static Constraint atMost(String measure, double bound) {
        return new Constraint("constraints." + measure, measure, Side.AT_MOST, bound);
    }

    public static Constraint atLeast(String measure, double bound) {
        return new Constraint("constraints." + measure, measure, Side.AT_LEAST, bound);
    }

    /** The same bound, written by the user elsewhere. */
    public Constraint from(String otherKey) {
        return new Constraint(otherKey, measure, side, bound);
    }

    public boolean holds(Measures measures) {
        return holds(measures.get(measure));
    }

    /** Whether a value of the measure keeps the bound. */
    public boolean holds(double value) {
        return side == Side.AT_MOST ? value <= bound : value >= bound;
    }

    /** How far off, relative to the bound; 0 if it holds. */
    public double violation(Measures measures) {
        if (holds(measures)) {
            return 0;
        }
        double distance = Math.abs(measures.get(measure) - bound);
        return bound == 0 ? distance : distance / Math.abs(bound);
    }

    /** The measure with its sign such that less keeps the constraint better. */
    public double loss(Measures measures) {
        double value = measures.get(measure);
        return side == Side.AT_MOST ? value : -value;
    }

    /** What was found for the measure, never rounded to look better than it is. */
    public String described(Measures measures) {
        return described(measures.get(measure));
    }

    /** A value of the measure, never rounded to look better than it is. */
    public String described(double value) {
        return Measure.format(measure, value, side == Side.AT_MOST ? RoundingMode.CEILING : RoundingMode.FLOOR);
    }

    public String describedBound() {
        return Measure.format(measure, bound, RoundingMode.UNNECESSARY);
    }

    /** Several, for provenance: {@code macs ≤ 40M, params ≤ 2M}. */
    public static String described(List<Constraint> constraints) {
        return constraints.stream().map(Constraint::toString).collect(Collectors.joining(", "));
    }

    /** {@code macs ≤ 40M}. */
    @Override
    public String toString() {
        return measure + (side == Side.AT_MOST ? " ≤ " : " ≥ ") + describedBound();
    }
}
