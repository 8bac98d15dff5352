package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.lutra.network.Weight;
import dev.lutra.network.Weight.Box;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** Views of arrays: what a {@link Weight} says of a shared tensor, done without a copy. */
public final class Views {

    private Views() {}

    /** The part of {@code tensor} that {@code weight} sees, sharing its memory, outside any gradient, owned by {@code manager}. */
    public static NDArray detached(NDArray tensor, Weight weight, NDManager manager) {
        NDArray view = weight.view() instanceof Box box
            ? tensor.get(manager, index(box.offsets(), box.extents()))
            : tensor.stopGradient();
        view.attach(manager);
        return view;
    }

    /** The part that {@code inner} sees of an array that holds what {@code outer} sees; the gradient passes. */
    public static NDArray within(NDArray array, Weight outer, Weight inner) {
        List<Integer> offsets = new ArrayList<>(offsets(inner));
        for (int d = 0; d < offsets.size(); d++) {
            offsets.set(d, offsets.get(d) - offsets(outer).get(d));
        }
        return array.get(index(offsets, inner.dims()));
    }

    /** The smallest box of the tensor that holds what both see. */
    public static Weight bounding(Weight a, Weight b) {
        List<Integer> offsets = new ArrayList<>();
        List<Integer> extents = new ArrayList<>();
        for (int d = 0; d < a.dims().size(); d++) {
            int start = Math.min(offsets(a).get(d), offsets(b).get(d));
            int end = Math.max(offsets(a).get(d) + a.dims().get(d), offsets(b).get(d) + b.dims().get(d));
            offsets.add(start);
            extents.add(end - start);
        }
        return Weight.box(a.tensor(), offsets, extents);
    }

    /**
     * Boxes that do not overlap and together hold exactly what these see.
     *
     * @param weights of one tensor, at least one
     */
    public static List<Weight> disjoint(Collection<Weight> weights) {
        List<Weight> apart = new ArrayList<>();
        weights.stream().sorted(Comparator.comparingLong(Weight::elements).reversed()).forEach(weight -> {
            List<Weight> rest = List.of(weight);
            for (Weight taken : List.copyOf(apart)) {
                rest = rest.stream().flatMap(part -> without(part, taken).stream()).toList();
            }
            apart.addAll(rest);
        });
        return apart;
    }

    /** What a box sees and another does not, in boxes that do not overlap. */
    private static List<Weight> without(Weight weight, Weight other) {
        List<Integer> start = new ArrayList<>(offsets(weight));
        List<Integer> end = new ArrayList<>();
        for (int d = 0; d < start.size(); d++) {
            end.add(start.get(d) + weight.dims().get(d));
            int low = offsets(other).get(d);
            if (low >= end.get(d) || low + other.dims().get(d) <= start.get(d)) {
                return List.of(weight);
            }
        }
        List<Weight> outside = new ArrayList<>();
        for (int d = 0; d < start.size(); d++) {
            int low = offsets(other).get(d);
            int high = low + other.dims().get(d);
            if (start.get(d) < low) {
                outside.add(between(weight, start, replaced(end, d, low)));
                start.set(d, low);
            }
            if (end.get(d) > high) {
                outside.add(between(weight, replaced(start, d, high), end));
                end.set(d, high);
            }
        }
        return outside;
    }

    private static List<Integer> replaced(List<Integer> values, int index, int value) {
        List<Integer> replaced = new ArrayList<>(values);
        replaced.set(index, value);
        return replaced;
    }

    private static Weight between(Weight weight, List<Integer> start, List<Integer> end) {
        List<Integer> extents = new ArrayList<>();
        for (int d = 0; d < start.size(); d++) {
            extents.add(end.get(d) - start.get(d));
        }
        return Weight.box(weight.tensor(), start, extents);
    }

    /**
     * An array in libtorch's own memory: one made from Java's has its alignment, and loses its ground if the garbage collector
     * takes the buffer while only views of the array are left.
     */
    static NDArray own(float[] values, Shape shape, NDManager manager) {
        try (NDArray borrowed = manager.create(values, shape)) {
            return borrowed.duplicate();
        }
    }

    /** Extents of what an op sees. */
    public static Shape shape(Weight weight) {
        return new Shape(weight.dims().stream().mapToLong(Integer::longValue).toArray());
    }

    private static List<Integer> offsets(Weight weight) {
        return weight.view() instanceof Box box ? box.offsets() : Collections.nCopies(weight.dims().size(), 0);
    }

    private static NDIndex index(List<Integer> offsets, List<Integer> extents) {
        NDIndex index = new NDIndex();
        for (int d = 0; d < offsets.size(); d++) {
            index.addSliceDim(offsets.get(d), offsets.get(d) + extents.get(d));
        }
        return index;
    }
}
