package dev.lutra.space.block;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;

/** Dropout. */
public record DropoutBlock(double rate) implements Block {

    static Block of(Settings settings) {
        return new DropoutBlock(settings.number("rate", 0, 0.99));
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        placement.requireNoStride();
        return graph.dropout("dropout", input, rate);
    }
}
