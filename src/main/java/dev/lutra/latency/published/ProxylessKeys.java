package dev.lutra.latency.published;

import dev.lutra.network.Network;
import dev.lutra.network.Op.Activation.Function;
import java.util.List;
import java.util.Optional;

/** ProxylessNAS's {@code mobile_trim.yaml}: ReLU6 everywhere, no squeeze-excite, the pooling in the classifier's entry. */
final class ProxylessKeys implements KeyNames.OfPart {

    @Override
    public Optional<List<String>> of(Network network, Part part, Optional<Part> following) {
        if (part instanceof Part.Convolution conv) {
            return convolution(conv).map(List::of);
        }
        if (part instanceof Part.Bottleneck block) {
            return bottleneck(block).map(List::of);
        }
        if (part instanceof Part.GlobalPooling pooling && following.orElse(null) instanceof Part.Classifier classifier) {
            return Optional.of(List.of("Logits-input:" + KeyNames.size(pooling.input()) + "-output:" + classifier.out()));
        }
        return part instanceof Part.Classifier ? Optional.of(List.of()) : Optional.empty();
    }

    private static Optional<String> convolution(Part.Convolution conv) {
        if (!conv.batchNorm() || !conv.activation().equals(Optional.of(Function.RELU6))) {
            return Optional.empty();
        }
        String name = null;
        if (conv.kernel() == 3 && conv.stride() == 2) {
            name = "Conv";
        } else if (conv.kernel() == 1 && conv.stride() == 1) {
            name = "Conv_1";
        }
        return Optional.ofNullable(name)
            .map(found -> found + "-input:" + KeyNames.size(conv.input()) + "-output:" + KeyNames.size(conv.output()));
    }

    private static Optional<String> bottleneck(Part.Bottleneck block) {
        int in = block.input().channels();
        if (block.activation() != Function.RELU6 || block.squeezed() > 0 || block.mid() % in != 0) {
            return Optional.empty();
        }
        return Optional.of("expanded_conv-input:" + KeyNames.size(block.input()) + "-output:" + KeyNames.size(block.output())
            + "-expand:" + block.mid() / in + "-kernel:" + block.kernel() + "-stride:" + block.stride()
            + "-idskip:" + (block.residual() ? 1 : 0));
    }
}
