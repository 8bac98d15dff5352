package dev.lutra.space;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;

/**
 * ShuffleNetV2 block as SPOS has it (Guo et al. 2019; released code): 1×1 to mid, depthwise k×k, 1×1 out.
 * The inner width mid = ⌊Cout / 2⌋ is what a channel scale changes.
 */
record ShuffleBlock(int kernel, Function activation) implements Block {

    static Block of(Settings settings) {
        return new ShuffleBlock(settings.kernel(), ShuffleSplit.activation(settings));
    }

    @Override
    public boolean isScalable() {
        return true;
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        return ShuffleSplit.emit(graph, input, placement, kernel, activation, (main, out) -> {
            Value x = graph.conv("expand", main, ConvSpec.pointwise(placement.scaled(placement.channels() / 2)));
            x = graph.activation("expand.act", graph.batchNorm("expand.bn", x), activation);
            x = graph.batchNorm("depthwise.bn", graph.depthwise("depthwise", x, kernel, placement.stride()));
            x = graph.conv("project", x, ConvSpec.pointwise(out));
            return graph.activation("project.act", graph.batchNorm("project.bn", x), activation);
        });
    }
}
