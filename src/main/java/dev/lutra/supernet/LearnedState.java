package dev.lutra.supernet;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that a training has learned, as numbers that can be sent elsewhere: tensors, and what is kept of each, by the names that checkpoints give
 * them.
 *
 * @param arrays by name, row-major
 */
public record LearnedState(TreeMap<String, Part> arrays) implements Serializable {

    private static final long serialVersionUID = 1L;

    /**
     * An array.
     *
     * @param dims extents
     * @param values row-major
     */
    public record Part(int[] dims, float[] values) implements Serializable {

        private static final long serialVersionUID = 1L;

        List<Integer> extents() {
            return Arrays.stream(dims).boxed().toList();
        }
    }

    /** What is not in another state, or has other values there. */
    public LearnedState changedSince(LearnedState before) {
        TreeMap<String, Part> changed = new TreeMap<>();
        arrays.forEach((name, part) -> {
            Part known = before.arrays.get(name);
            if (known == null || !Arrays.equals(known.values(), part.values())) {
                changed.put(name, part);
            }
        });
        return new LearnedState(changed);
    }

    /** This with another's arrays in the place of its own. */
    public LearnedState with(LearnedState others) {
        TreeMap<String, Part> all = new TreeMap<>(arrays);
        all.putAll(others.arrays);
        return new LearnedState(all);
    }

    /**
     * A mean of states that come in any order. What some of them have and others not is the mean of those that have it. Sums are exact as long as
     * no value of an element is more than 2^29 times another, for which a double has the digits; then the order of states changes nothing.
     */
    public static final class Mean implements Serializable {

        private static final long serialVersionUID = 1L;

        private final TreeMap<String, int[]> dims = new TreeMap<>();
        private final TreeMap<String, double[]> sums = new TreeMap<>();
        private final TreeMap<String, Integer> counts = new TreeMap<>();

        /** With one more state. */
        public Mean add(LearnedState state) {
            state.arrays.forEach((name, part) -> {
                dims.putIfAbsent(name, part.dims());
                double[] sum = sums.computeIfAbsent(name, any -> new double[part.values().length]);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += part.values()[i];
                }
                counts.merge(name, 1, Integer::sum);
            });
            return this;
        }

        /** With the states of another mean. */
        public Mean add(Mean other) {
            other.sums.forEach((name, more) -> {
                dims.putIfAbsent(name, other.dims.get(name));
                double[] sum = sums.computeIfAbsent(name, any -> new double[more.length]);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += more[i];
                }
                counts.merge(name, other.counts.get(name), Integer::sum);
            });
            return this;
        }

        public LearnedState state() {
            TreeMap<String, Part> arrays = new TreeMap<>();
            sums.forEach((name, sum) -> {
                float[] values = new float[sum.length];
                for (int i = 0; i < sum.length; i++) {
                    values[i] = (float) (sum[i] / counts.get(name));
                }
                arrays.put(name, new Part(dims.get(name), values));
            });
            return new LearnedState(arrays);
        }
    }
}
