package dev.lutra.space;

import java.util.Arrays;

/**
 * One value for every gene of a space, in canonical form: architectures that build the same network are equal.
 * Made by {@link SearchSpace#architecture} and {@link SearchSpace#parse}.
 */
public final class Architecture {

    private final String space;
    private final int[] values;
    private final String text;

    Architecture(String space, int[] canonicalValues, String text) {
        this.space = space;
        this.values = canonicalValues;
        this.text = text;
    }

    /** Name of the space. */
    public String space() {
        return space;
    }

    /** Position in the options of gene {@code gene}. */
    public int value(int gene) {
        return values[gene];
    }

    /** Positions of all genes; the caller may change the array. */
    public int[] values() {
        return values.clone();
    }

    /** The canonical text form, one entry a layer: {@code k3,k5,xception} or {@code k3:1.4,k5:0.8}. */
    @Override
    public String toString() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Architecture that && space.equals(that.space) && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * space.hashCode() + Arrays.hashCode(values);
    }
}
