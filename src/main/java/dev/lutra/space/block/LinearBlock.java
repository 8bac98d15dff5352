package dev.lutra.space.block;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;

/** Fully connected layer on the flattened input. */
public record LinearBlock(boolean bias) implements Block {

    static Block of(Settings settings) {
        return new LinearBlock(settings.flag("bias", true));
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        placement.requireNoStride();
        return graph.linear("linear", graph.flatten("flatten", input), placement.channels(), bias);
    }
}
