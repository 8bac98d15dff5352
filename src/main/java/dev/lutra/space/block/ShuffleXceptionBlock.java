package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;
import dev.lutra.network.Width;

/** SPOS's Xception-like shuffle block: three depthwise-separable 3×3 convolutions, the first with the stride. */
record ShuffleXceptionBlock(ShuffleUnit unit) implements Block {

    private static final int KERNEL = 3;

    static Block of(Settings settings) {
        return new ShuffleXceptionBlock(ShuffleUnit.of(settings));
    }

    @Override
    public boolean isScalable() {
        return true;
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        return unit.emit(graph, input, placement, KERNEL, (main, out) -> {
            Width mid = placement.scaled(placement.channels() / 2);
            Value x = separable(graph, "first", main, placement.stride(), mid);
            x = separable(graph, "second", x, 1, mid);
            return separable(graph, "third", x, 1, out);
        });
    }

    private Value separable(NetworkBuilder graph, String name, Value input, int stride, Width out) {
        Value x = graph.batchNorm(name + ".depthwise.bn", graph.depthwise(name + ".depthwise", input, KERNEL, stride));
        x = graph.conv(name + ".pointwise", x, ConvSpec.pointwise(out));
        return graph.activation(name + ".act", graph.batchNorm(name + ".pointwise.bn", x), unit.activation());
    }
}
