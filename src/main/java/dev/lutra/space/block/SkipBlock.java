package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import java.util.Optional;

/**
 * A layer left out. Where the shape changes it may not stand, unless it projects: then it is a strided 1×1 convolution
 * with batch norm, as in FBNet's released code (there with an activation) and in NAO's reduction cells (without).
 */
public record SkipBlock(boolean projects, Optional<Function> activation) implements Block {

    static Block of(Settings settings) {
        return new SkipBlock(settings.flag("project", false), settings.activation("activation", Function.RELU));
    }

    @Override
    public boolean fits(Shape input, Placement placement) {
        return projects || keepsShape(input, placement);
    }

    private static boolean keepsShape(Shape input, Placement placement) {
        return placement.stride() == 1 && input.channels() == placement.channels();
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        if (keepsShape(input.shape(), placement)) {
            return input;
        }
        ConvSpec spec = ConvSpec.pointwise(Width.of(placement.channels())).stride(placement.stride());
        Value x = graph.batchNorm("project.bn", graph.conv("project", input, spec));
        return activation.isPresent() ? graph.activation("project.act", x, activation.get()) : x;
    }
}
