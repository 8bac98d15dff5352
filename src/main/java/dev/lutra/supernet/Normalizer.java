package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import dev.lutra.network.Op;

/** Which mean and variance batch norm uses, and what it does with those of the batch. */
@FunctionalInterface
public interface Normalizer {

    /**
     * DJL's axis −1 is libtorch's native batch norm over axis 1; any other value transposes the input twice.
     */
    int NATIVE_AXIS = -1;

    NDArray normalize(Op.BatchNorm op, NDArray x, NDArray scale, NDArray shift);
}
