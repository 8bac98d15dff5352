package dev.lutra.search;

import dev.lutra.InputException;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import java.util.Comparator;
import java.util.Optional;

/**
 * A measure to make as large or as small as possible.
 *
 * @param measure its name, see {@link Measure}
 */
public record Objective(String measure, Direction direction) {

    /** Which way is better. */
    public enum Direction {
        MIN, MAX
    }

    public static Objective min(String measure) {
        return new Objective(measure, Direction.MIN);
    }

    public static Objective max(String measure) {
        return new Objective(measure, Direction.MAX);
    }

    /**
     * Reads an objective: a measure of a known kind, as much or as little as possible as is usually wanted of it, or any measure
     * after {@code min} or {@code max}. MoGA's third objective is {@code max params}.
     *
     * @throws InputException if it is none of these
     */
    public static Objective parse(String text) {
        String[] words = text.strip().split("\\s+", 2);
        if (words.length == 2 && words[0].equals("max")) {
            return max(words[1]);
        }
        if (words.length == 2 && words[0].equals("min")) {
            return min(words[1]);
        }
        return usual(text.strip()).orElseThrow(() -> new InputException("objectives: " + text.strip()
            + " (expected: accuracy, latency, macs, params, or a measure after 'min' or 'max')"));
    }

    /** As its kind is usually wanted; empty where the measure is of no known kind. */
    public static Optional<Objective> usual(String measure) {
        return MeasureKinds.find(measure).map(kind -> new Objective(measure, kind.moreIsBetter() ? Direction.MAX : Direction.MIN));
    }

    /** Whether it can be told only when the accuracy is known. */
    public boolean needsAccuracy() {
        return MeasureKinds.find(measure).map(MeasureKind::needsAccuracy).orElse(false);
    }

    /** The measure with its sign such that less is better. */
    public double loss(Measures measures) {
        return loss(measures.get(measure));
    }

    /** A value of the measure with its sign such that less is better. */
    public double loss(double value) {
        return direction == Direction.MIN ? value : -value;
    }

    /** Best first. */
    public Comparator<Candidate> byLoss() {
        return Comparator.comparingDouble(candidate -> loss(candidate.measures()));
    }

    /** As {@link #parse} reads it: {@code max accuracy}. */
    @Override
    public String toString() {
        return (direction == Direction.MIN ? "min " : "max ") + measure;
    }
}
