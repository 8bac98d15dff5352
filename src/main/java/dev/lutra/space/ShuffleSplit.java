package dev.lutra.space;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import java.util.List;

/**
 * What SPOS's two kinds of shuffle block have around their main branch.
 *
 * <p>Stride 1: the channels are shuffled in two groups, then split; one half passes, the other goes through the main
 * branch. Both steps together are the even and the odd channels. Stride 2: both branches see the whole input; the
 * projection keeps its channels and the main branch makes the rest.
 */
final class ShuffleSplit {

    private ShuffleSplit() {}

    /** The main branch: its input and the channels it has to give. */
    @FunctionalInterface
    interface Main {
        Value emit(Value input, Width out);
    }

    static Function activation(Settings settings) {
        return settings.activation("activation", Function.RELU)
            .orElseThrow(() -> new IllegalArgumentException("activation: none (expected: a function)"));
    }

    /**
     * @throws IllegalArgumentException if the channels do not allow the split
     */
    static Value emit(NetworkBuilder graph, Value input, Placement placement, int projectionKernel, Function activation,
                      Main main) {
        int in = input.shape().channels();
        if (placement.stride() == 1) {
            if (in % 4 != 0 || in != placement.channels()) {
                throw new IllegalArgumentException(in + " to " + placement.channels()
                    + " channels at stride 1 (expected: equal and divisible by 4)");
            }
            Value identity = graph.channelSlice("even", input, 0, 2, in / 2);
            Value odd = graph.channelSlice("odd", input, 1, 2, in / 2);
            return graph.concat("concat", List.of(identity, main.emit(odd, Width.of(in / 2))));
        }
        if (placement.channels() <= in) {
            throw new IllegalArgumentException(in + " to " + placement.channels()
                + " channels at stride " + placement.stride() + " (expected: more channels out than in)");
        }
        Value projection = graph.depthwise("proj.depthwise", input, projectionKernel, placement.stride());
        projection = graph.conv("proj.pointwise", graph.batchNorm("proj.depthwise.bn", projection),
            ConvSpec.pointwise(Width.of(in)));
        projection = graph.activation("proj.act", graph.batchNorm("proj.pointwise.bn", projection), activation);
        return graph.concat("concat", List.of(projection, main.emit(input, Width.of(placement.channels() - in))));
    }
}
