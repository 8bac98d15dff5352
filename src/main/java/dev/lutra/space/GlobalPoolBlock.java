package dev.lutra.space;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;

/** Mean over the image. */
record GlobalPoolBlock() implements Block {

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        return graph.globalPool("pool", input);
    }
}
