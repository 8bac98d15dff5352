package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;

/**
 * ResNet's basic block (He et al. 2016, Figure 2 and option B): two convolutions with batch norm, a shortcut, and the activation after the
 * sum. The shortcut is a strided 1×1 convolution with batch norm where the shape changes. A scale changes the width between both.
 */
public record BasicBlock(int kernel, Function activation) implements Block {

    static BasicBlock of(Settings settings) {
        return new BasicBlock(settings.kernel(), settings.function(Function.RELU));
    }

    @Override
    public boolean isScalable() {
        return true;
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        Width out = Width.of(placement.channels());
        Value x = graph.conv("conv1", input, ConvSpec.of(placement.scaled(placement.channels()), kernel).stride(placement.stride()));
        x = graph.activation("act1", graph.batchNorm("bn1", x), activation);
        x = graph.batchNorm("bn2", graph.conv("conv2", x, ConvSpec.of(out, kernel)));
        Value shortcut = input;
        if (!input.shape().equals(Shape.image(placement.channels(), x.shape().height(), x.shape().width()))) {
            shortcut = graph.batchNorm("project-bn", graph.conv("project", input, ConvSpec.pointwise(out).stride(placement.stride())));
        }
        return graph.activation("act2", graph.add("add", x, shortcut), activation);
    }
}
