package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import java.util.Optional;

/**
 * MobileNetV2's inverted bottleneck: 1×1 to the inner width, depthwise k×k, squeeze-excite if any, 1×1 out without an
 * activation, and a shortcut where the shape stays. The inner width is what a channel scale changes.
 *
 * @param depthwise the middle
 * @param expansion inner width of this block
 * @param sharedExpansion inner width of the shared weights, of which this block uses the first channels
 * @param groups of both 1×1 convolutions, with a channel shuffle between them (FBNet)
 * @param residual whether there is a shortcut where one can be
 */
public record MbBlock(Depthwise depthwise, Expansion expansion, Expansion sharedExpansion, int groups, Function activation,
    Optional<SqueezeExcite> squeezeExcite, boolean residual) implements Block {

    /**
     * The depthwise part.
     *
     * @param kernel side of the kernel
     * @param sharedKernel side of the shared kernel, whose centre this block uses
     * @param repeats convolutions in a row, the stride being in the first (two make FBNet's {@code k3_sep})
     */
    public record Depthwise(int kernel, int sharedKernel, int repeats) {}

    /**
     * The inner width.
     *
     * @param ratio in parts of the input channels
     * @param convolvesAlways whether the first 1×1 is there even where it would keep the width (FBNet 2019)
     */
    public record Expansion(double ratio, boolean convolvesAlways) {

        public int width(int in) {
            return (int) Math.rint(in * ratio);
        }

        boolean convolves(int in) {
            return convolvesAlways || width(in) != in;
        }
    }

    static Block of(Settings settings) {
        int kernel = settings.kernel();
        Function activation = settings.function(Function.RELU);
        double ratio = settings.number("expand", 0.01, 64);
        boolean always = settings.flag("expand-at-1", false);
        boolean excites = settings.flag("se", false);
        Depthwise depthwise = new Depthwise(kernel, settings.integer("largest-kernel", kernel, kernel),
            settings.integer("depthwise-repeats", 1, 1));
        return new MbBlock(depthwise, new Expansion(ratio, always),
            new Expansion(settings.number("largest-expand", ratio, 64, ratio), always),
            settings.integer("groups", 1, 1), activation,
            Optional.of(settings.squeezeExcite(activation)).filter(x -> excites), settings.flag("residual", true));
    }

    @Override
    public boolean isScalable() {
        return true;
    }

    @Override
    public Value emit(NetworkBuilder graph, Value input, Placement placement) {
        int in = input.shape().channels();
        Value x = input;
        Width inner = inner(in, placement);
        if (expands(in, placement)) {
            x = graph.conv("expand", x, ConvSpec.pointwise(inner).groups(groups));
            x = graph.activation("expand.act", graph.batchNorm("expand.bn", x), activation);
            x = groups > 1 ? graph.channelShuffle("shuffle", x, groups) : x;
        }
        for (int i = 1; i <= depthwise.repeats(); i++) {
            String name = i == 1 ? "depthwise" : "depthwise" + i;
            ConvSpec spec = ConvSpec.of(inner, depthwise.kernel()).centreOf(depthwise.sharedKernel());
            x = graph.depthwise(name, x, i == 1 ? spec.stride(placement.stride()) : spec);
            x = graph.activation(name + ".act", graph.batchNorm(name + ".bn", x), activation);
        }
        if (squeezeExcite.isPresent()) {
            x = squeezeExcite.get().emit(graph, x, in);
        }
        x = graph.conv("project", x, ConvSpec.pointwise(Width.of(placement.channels())).groups(groups));
        x = graph.batchNorm("project.bn", x);
        boolean keepsShape = placement.stride() == 1 && in == placement.channels();
        return residual && keepsShape ? graph.add("add", input, x) : x;
    }

    /** Whether the first 1×1 is there: always where its width is one of several, or a scale has changed it. */
    public boolean expands(int in, Placement placement) {
        Width inner = inner(in, placement);
        return inner.isElastic() || inner.active() != in || expansion.convolves(in);
    }

    /** Channels between the first and the last 1×1. */
    public Width inner(int in, Placement placement) {
        return new Width(placement.scaled(expansion.width(in)).active(), placement.scaled(sharedExpansion.width(in)).shared());
    }
}
