package dev.lutra.space.block;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;

/** An image as a vector: what follows a classifier that is a 1×1 convolution. */
public record FlattenBlock() implements Block {

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        placement.requireNoStride();
        return graph.flatten("flatten", input);
    }
}
