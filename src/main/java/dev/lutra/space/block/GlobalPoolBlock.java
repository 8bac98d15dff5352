package dev.lutra.space.block;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;

/** Mean over the image. */
public record GlobalPoolBlock() implements Block {

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        placement.requireNoStride();
        return graph.globalPool("pool", input);
    }
}
