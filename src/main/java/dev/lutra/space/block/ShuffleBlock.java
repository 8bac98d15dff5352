package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;

/**
 * ShuffleNetV2 block as SPOS has it (Guo et al. 2019; released code): 1×1 to mid, depthwise k×k, 1×1 out.
 * The inner width mid = ⌊Cout / 2⌋ is what a channel scale changes.
 */
record ShuffleBlock(int kernel, ShuffleUnit unit) implements Block {

    static Block of(Settings settings) {
        return new ShuffleBlock(settings.kernel(), ShuffleUnit.of(settings));
    }

    @Override
    public boolean isScalable() {
        return true;
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        return unit.emit(graph, input, placement, kernel, (main, out) -> {
            Value x = graph.conv("expand", main, ConvSpec.pointwise(placement.scaled(placement.channels() / 2)));
            x = graph.activation("expand.act", graph.batchNorm("expand.bn", x), unit.activation());
            x = graph.batchNorm("depthwise.bn", graph.depthwise("depthwise", x, kernel, placement.stride()));
            x = graph.conv("project", x, ConvSpec.pointwise(out));
            return graph.activation("project.act", graph.batchNorm("project.bn", x), unit.activation());
        });
    }
}
