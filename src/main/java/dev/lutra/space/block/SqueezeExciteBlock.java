package dev.lutra.space.block;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;

/** Squeeze-and-excite as a layer of its own, such as after the last pooling of ShuffleNetV2+. */
record SqueezeExciteBlock(SqueezeExcite squeezeExcite) implements Block {

    static Block of(Settings settings) {
        return new SqueezeExciteBlock(settings.squeezeExcite(settings.function(Function.RELU)));
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        placement.requireNoStride();
        return squeezeExcite.emit(graph, input, input.shape().channels());
    }
}
