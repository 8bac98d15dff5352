package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;

/** Gives a running network its weights as arrays. */
@FunctionalInterface
public interface Parameters {

    /** What the op sees, shaped {@link Weight#dims()}. The array belongs to the giver. */
    NDArray get(Weight weight);

    /** What a channel scale multiplies by, given the factor that the network computes. */
    default NDArray scaling(Op.ChannelScale op, NDArray factor) {
        return factor;
    }
}
