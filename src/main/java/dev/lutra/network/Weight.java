package dev.lutra.network;

import java.util.List;

/**
 * The weights one op uses: a shared tensor seen through a view.
 *
 * @param tensor the shared tensor
 * @param view which part of it
 */
public record Weight(SharedTensor tensor, View view) {

    /** How an op sees a shared tensor. */
    public sealed interface View permits Whole, Box {}

    /** All of it. */
    public record Whole() implements View {}

    /**
     * A box of it, such as the first channels or the centre of a kernel.
     *
     * @param offsets first index of every dimension
     * @param extents length along every dimension
     */
    public record Box(List<Integer> offsets, List<Integer> extents) implements View {
        public Box {
            offsets = List.copyOf(offsets);
            extents = List.copyOf(extents);
        }
    }

    private static final Whole WHOLE = new Whole();

    public static Weight whole(SharedTensor tensor) {
        return new Weight(tensor, WHOLE);
    }

    /**
     * A box of a tensor; a box that covers everything is the whole.
     *
     * @throws IllegalArgumentException if the box does not lie within the tensor
     */
    public static Weight box(SharedTensor tensor, List<Integer> offsets, List<Integer> extents) {
        boolean whole = true;
        for (int i = 0; i < tensor.dims().size(); i++) {
            int dim = tensor.dims().get(i);
            if (offsets.get(i) < 0 || extents.get(i) < 1 || offsets.get(i) + extents.get(i) > dim) {
                throw new IllegalArgumentException(tensor.name() + ": box " + offsets + " + " + extents
                    + " (expected: within " + tensor.dims() + ")");
            }
            whole &= extents.get(i) == dim;
        }
        return whole ? whole(tensor) : new Weight(tensor, new Box(offsets, extents));
    }

    /** The same part of a tensor of the same extents under another name. */
    public Weight renamed(String name) {
        return new Weight(new SharedTensor(name, tensor.dims(), tensor.role()), view);
    }

    /** Extents of what the op sees. */
    public List<Integer> dims() {
        return view instanceof Box box ? box.extents() : tensor.dims();
    }

    /** Number of weights the op sees. */
    public long elements() {
        long product = 1;
        for (int dim : dims()) {
            product *= dim;
        }
        return product;
    }

    /**
     * What the op sees, row-major, given all values of the shared tensor, row-major. The whole comes back as it is.
     */
    public float[] cut(float[] all) {
        if (!(view instanceof Box box)) {
            return all;
        }
        int[] places = places(box);
        float[] part = new float[places.length];
        for (int i = 0; i < part.length; i++) {
            part[i] = all[places[i]];
        }
        return part;
    }

    /**
     * Puts what the op sees, row-major, in its place among all values of the shared tensor.
     *
     * @param part as {@link #cut} gives it
     * @param all which are changed
     */
    public void paste(float[] part, float[] all) {
        if (!(view instanceof Box box)) {
            System.arraycopy(part, 0, all, 0, all.length);
            return;
        }
        int[] places = places(box);
        for (int i = 0; i < places.length; i++) {
            all[places[i]] = part[i];
        }
    }

    /** Where the values of a box stand in the shared tensor. */
    private int[] places(Box box) {
        int[] places = new int[Math.toIntExact(elements())];
        int[] index = new int[box.extents().size()];
        for (int i = 0; i < places.length; i++) {
            for (int d = 0; d < index.length; d++) {
                places[i] = places[i] * tensor.dims().get(d) + box.offsets().get(d) + index[d];
            }
            for (int d = index.length - 1; d >= 0 && ++index[d] == box.extents().get(d); d--) {
                index[d] = 0;
            }
        }
        return places;
    }
}
