package dev.lutra.space.block;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Pool.Kind;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;

/** Maximum or average over a window; keeps the channels. */
record PoolBlock(Kind kind, int kernel) implements Block {

    static Block of(Settings settings) {
        return new PoolBlock(settings.oneOf("kind", Kind.class), settings.kernel());
    }

    @Override
    public boolean fits(Shape input, Placement placement) {
        return input.channels() == placement.channels();
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        return graph.pool("pool", input, kind, kernel, placement.stride());
    }
}
