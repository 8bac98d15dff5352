package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;
import dev.lutra.network.Width;

/**
 * NASNet's separable convolution as NAO has it: activation, depthwise k×k, 1×1, batch norm, and all of it
 * {@code repeats} times, the stride being in the first.
 */
record SeparableBlock(int kernel, int repeats, Function activation) implements Block {

    static Block of(Settings settings) {
        return new SeparableBlock(settings.kernel(), settings.integer("repeats", 1, 2), settings.function(Function.RELU));
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        Value x = input;
        for (int i = 1; i <= repeats; i++) {
            x = graph.activation("act" + i, x, activation);
            x = graph.depthwise("depthwise" + i, x, kernel, i == 1 ? placement.stride() : 1);
            int out = i == repeats ? placement.channels() : x.shape().channels();
            x = graph.batchNorm("bn" + i, graph.conv("pointwise" + i, x, ConvSpec.pointwise(Width.of(out))));
        }
        return x;
    }
}
