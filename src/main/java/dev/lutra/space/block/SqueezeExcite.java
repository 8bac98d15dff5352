package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;
import dev.lutra.network.Width;

/**
 * Squeeze-and-excite (Hu et al. 2018): global mean, 1×1 down, activation, 1×1 up, gate, times the input. Papers differ
 * in the inner width, in biases and batch norm, and in both functions.
 *
 * @param ratio inner width in parts of the basis
 * @param basis what the ratio is of
 * @param rounding of the inner width
 */
public record SqueezeExcite(double ratio, Basis basis, Rounding rounding, boolean bias, boolean batchNorm, Function activation,
    Function gate) {

    /** What the inner width is a part of. */
    public enum Basis {
        SCALED_CHANNELS, BLOCK_INPUT
    }

    /** How the inner width becomes a whole number. */
    public enum Rounding {
        /** C // 4, as MoGA and ShuffleNetV2+ do. */
        DOWN,
        /** As FairNAS does. */
        NEAREST,
        /** ⌈(C // 4) / 8⌉ · 8, as OneShot-S+ does. */
        UP_TO_8,
        /** MobileNet's {@code make_divisible}: the nearest multiple of 8 that does not lose more than a tenth. */
        NEAREST_8;

        int round(double width) {
            int whole = (int) width;
            return switch (this) {
                case DOWN -> whole;
                case NEAREST -> (int) Math.rint(width);
                case UP_TO_8 -> (whole + 7) / 8 * 8;
                case NEAREST_8 -> {
                    int nearest = Math.max(8, (whole + 4) / 8 * 8);
                    yield nearest < 0.9 * whole ? nearest + 8 : nearest;
                }
            };
        }
    }

    /**
     * @param x what is scaled
     * @param blockInput channels that the block around this reads
     */
    Value emit(NetworkBuilder graph, Value x, int blockInput) {
        Value factor = graph.conv("se.reduce", graph.globalPool("se.pool", x), pointwise(inner(x.width(), blockInput)));
        if (batchNorm) {
            factor = graph.batchNorm("se.reduce.bn", factor);
        }
        factor = graph.activation("se.reduce.act", factor, activation);
        factor = graph.activation("se.gate", graph.conv("se.expand", factor, pointwise(x.width())), gate);
        return graph.channelScale("se.scale", x, factor);
    }

    private Width inner(Width scaled, int blockInput) {
        return switch (basis) {
            case SCALED_CHANNELS -> new Width(rounding.round(scaled.active() * ratio), rounding.round(scaled.shared() * ratio));
            case BLOCK_INPUT -> Width.of(rounding.round(blockInput * ratio));
        };
    }

    private ConvSpec pointwise(Width out) {
        return bias ? ConvSpec.pointwise(out).withBias() : ConvSpec.pointwise(out);
    }
}
