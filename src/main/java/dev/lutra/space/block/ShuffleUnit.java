package dev.lutra.space.block;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import java.util.List;
import java.util.Optional;

/**
 * What the shuffle blocks have around their main branch.
 *
 * @param layout how the branches split and meet
 * @param activation everywhere in the block
 * @param squeezeExcite at the end of the main branch, after its last activation
 */
record ShuffleUnit(Layout layout, Function activation, Optional<SqueezeExcite> squeezeExcite) {

    /** How the branches split and meet. */
    enum Layout {
        /**
         * SPOS's released code. Stride 1: the channels are shuffled in two groups, then split; one half passes, the other
         * goes through the main branch. Both steps together are the even and the odd channels. Stride 2: both branches
         * see the whole input; the projection keeps its channels and the main branch makes the rest.
         */
        SPOS,
        /**
         * ShuffleNetV2 as MMRazor has it. Stride 1: the first half passes, the second goes through the main branch.
         * Stride 2: each branch makes half the output. Both end in a shuffle of two groups.
         */
        SHUFFLENETV2
    }

    /** The main branch: its input and the channels it has to give. */
    @FunctionalInterface
    interface Main {
        Value emit(Value input, Width out);
    }

    static ShuffleUnit of(Settings settings) {
        Function activation = settings.function(Function.RELU);
        boolean excites = settings.flag("se", false);
        return new ShuffleUnit(settings.oneOf("layout", Layout.class, Layout.SPOS), activation,
            Optional.of(settings.squeezeExcite(activation)).filter(x -> excites));
    }

    /**
     * @throws IllegalArgumentException if the channels do not allow the split
     */
    Value emit(NetworkBuilder graph, Value input, Placement placement, int projectionKernel, Main main) {
        requireChannels(input.shape().channels(), placement);
        return switch (layout) {
            case SPOS -> shuffleFirst(graph, input, placement, projectionKernel, main);
            case SHUFFLENETV2 -> shuffleLast(graph, input, placement, projectionKernel, main);
        };
    }

    private void requireChannels(int in, Placement placement) {
        int out = placement.channels();
        if (placement.stride() == 1 && (in % 4 != 0 || in != out)) {
            throw new IllegalArgumentException(in + " to " + out
                + " channels at stride 1 (expected: equal and divisible by 4)");
        }
        if (placement.stride() > 1 && (layout == Layout.SPOS ? out <= in : out % 2 != 0)) {
            throw new IllegalArgumentException(in + " to " + out + " channels at stride " + placement.stride()
                + " (expected: " + (layout == Layout.SPOS ? "more channels out than in" : "an even number out") + ")");
        }
    }

    private Value shuffleFirst(NetworkBuilder graph, Value input, Placement placement, int projectionKernel, Main main) {
        int in = input.shape().channels();
        if (placement.stride() == 1) {
            Value identity = graph.channelSlice("even", input, 0, 2, in / 2);
            Value odd = graph.channelSlice("odd", input, 1, 2, in / 2);
            return graph.concat("concat", List.of(identity, excited(graph, main.emit(odd, Width.of(in / 2)), in)));
        }
        Value projection = projection(graph, input, placement.stride(), projectionKernel, in);
        Value rest = main.emit(input, Width.of(placement.channels() - in));
        return graph.concat("concat", List.of(projection, excited(graph, rest, in)));
    }

    private Value shuffleLast(NetworkBuilder graph, Value input, Placement placement, int projectionKernel, Main main) {
        int in = input.shape().channels();
        int half = placement.channels() / 2;
        Value side;
        Value mainInput = input;
        if (placement.stride() == 1) {
            side = graph.channelSlice("first", input, 0, 1, half);
            mainInput = graph.channelSlice("second", input, half, 1, half);
        } else {
            side = projection(graph, input, placement.stride(), projectionKernel, half);
        }
        Value joined = graph.concat("concat", List.of(side, excited(graph, main.emit(mainInput, Width.of(half)), in)));
        return graph.channelShuffle("shuffle", joined, 2);
    }

    private Value projection(NetworkBuilder graph, Value input, int stride, int kernel, int out) {
        Value x = graph.batchNorm("proj.depthwise.bn", graph.depthwise("proj.depthwise", input, kernel, stride));
        x = graph.conv("proj.pointwise", x, ConvSpec.pointwise(Width.of(out)));
        return graph.activation("proj.act", graph.batchNorm("proj.pointwise.bn", x), activation);
    }

    private Value excited(NetworkBuilder graph, Value x, int blockInput) {
        return squeezeExcite.isPresent() ? squeezeExcite.get().emit(graph, x, blockInput) : x;
    }
}
