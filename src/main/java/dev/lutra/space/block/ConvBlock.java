package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import java.util.Optional;

/** Convolution, batch norm, activation; the last two may be left out. */
public record ConvBlock(int kernel, boolean bias, boolean batchNorm, Optional<Function> activation) implements Block {

    static Block of(Settings settings) {
        return new ConvBlock(settings.kernel(), settings.flag("bias", false), settings.flag("batch-norm", true),
            settings.activation("activation", Function.RELU));
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        ConvSpec spec = ConvSpec.of(Width.of(placement.channels()), kernel).stride(placement.stride());
        Value x = graph.conv("conv", input, bias ? spec.withBias() : spec);
        if (batchNorm) {
            x = graph.batchNorm("bn", x);
        }
        return activation.isPresent() ? graph.activation("act", x, activation.get()) : x;
    }
}
