package dev.lutra.network;

/** Gives the values of weights: a checkpoint, a file, or a seeded random draw. */
@FunctionalInterface
public interface WeightSource {

    /**
     * Values of what the op sees, row-major, {@link Weight#elements()} of them. The caller may change the array.
     *
     * @throws IllegalArgumentException if the source does not hold the tensor, naming it
     */
    float[] read(Weight weight);
}
