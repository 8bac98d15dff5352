package dev.lutra.space.block;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;

/** A kind of layer: the only place that knows its structure. */
public interface Block {

    /**
     * Writes the block into a network.
     *
     * @throws IllegalArgumentException if the block cannot stand there, saying why
     */
    Value emit(NetworkBuilder graph, Value input, Placement placement);

    /** Whether a channel scale changes this block. */
    default boolean isScalable() {
        return false;
    }

    /** Whether a searchable layer may offer this block there at all; a skip may not where the shape changes. */
    default boolean fits(Shape input, Placement placement) {
        return true;
    }
}
