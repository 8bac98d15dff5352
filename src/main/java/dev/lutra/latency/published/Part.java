package dev.lutra.latency.published;

import dev.lutra.network.Op;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Shape;
import java.util.List;
import java.util.Optional;

/** A run of ops as publishers of mobile networks cut them: one of their layers. */
sealed interface Part {

    /** The ops of this part, in order. */
    List<Op> ops();

    /**
     * A dense convolution with what follows it.
     *
     * @param activation empty for none
     */
    record Convolution(List<Op> ops, Shape input, Shape output, int kernel, int stride, boolean batchNorm,
        Optional<Function> activation) implements Part {}

    /**
     * An inverted bottleneck.
     *
     * @param mid channels between the two 1×1 convolutions
     * @param residual whether the input is added to the output
     * @param squeezed inner channels of squeeze-excite, 0 without it
     */
    record Bottleneck(List<Op> ops, Shape input, Shape output, int mid, int kernel, int stride, boolean residual,
        int squeezed, Function activation) implements Part {

        /** Whether a residual connection would be possible. */
        boolean keepsShape() {
            return input.equals(output);
        }
    }

    /** Mean over both spatial axes. */
    record GlobalPooling(List<Op> ops, Shape input) implements Part {}

    /** The linear layer. */
    record Classifier(List<Op> ops, int in, int out) implements Part {}
}
