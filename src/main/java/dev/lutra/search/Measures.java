package dev.lutra.search;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Figures of one architecture.
 *
 * @param values by name (see {@link Measure}); latencies in nanoseconds
 */
public record Measures(SortedMap<String, Double> values) {

    public Measures {
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    public static Measures of(Map<String, Double> values) {
        return new Measures(new TreeMap<>(values));
    }

    /**
     * @throws IllegalArgumentException if there is none of that name
     */
    public double get(String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + ": no such measure (expected: one of "
                + String.join(", ", values.keySet()) + ")");
        }
        return value;
    }

    /** These and one more; a measure of that name is replaced. */
    public Measures with(String name, double value) {
        SortedMap<String, Double> all = new TreeMap<>(values);
        all.put(name, value);
        return new Measures(all);
    }
}
