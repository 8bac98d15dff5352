package dev.lutra.latency.published;

import dev.lutra.network.Network;
import dev.lutra.network.Op.Activation.Function;
import java.util.List;
import java.util.Optional;

/**
 * Once-for-all's tables of MobileNetV3, one an image size. The size stands before the key, because what follows the pooling has
 * the same key at every size and a time of its own.
 */
final class OfaKeys implements KeyNames.OfPart {

    static String atSize(String imageSize, String key) {
        return "r" + imageSize + " " + key;
    }

    @Override
    public Optional<List<String>> of(Network network, Part part, Optional<Part> following) {
        int side = network.input().shape().height();
        return name(part).filter(name -> KeyNames.isOf(network, side)).map(name -> List.of(atSize(Integer.toString(side), name)));
    }

    private static Optional<String> name(Part part) {
        if (part instanceof Part.Convolution conv) {
            return convolution(conv);
        }
        if (part instanceof Part.Bottleneck block) {
            return bottleneck(block);
        }
        if (part instanceof Part.GlobalPooling pooling) {
            return Optional.of("AvgPool2D-input:" + KeyNames.size(pooling.input()) + "-output:1x1x" + pooling.input().channels());
        }
        Part.Classifier classifier = (Part.Classifier) part;
        return Optional.of("Logits-input:1x1x" + classifier.in() + "-output:" + classifier.out());
    }

    private static Optional<String> convolution(Part.Convolution conv) {
        if (!conv.activation().equals(Optional.of(Function.HARD_SWISH))) {
            return Optional.empty();
        }
        boolean pointwise = conv.kernel() == 1 && conv.stride() == 1;
        String name = null;
        if (conv.kernel() == 3 && conv.stride() == 2 && conv.batchNorm()) {
            name = "Conv";
        } else if (pointwise && conv.batchNorm()) {
            name = "Conv_1";
        } else if (pointwise && conv.input().height() == 1) {
            name = "Conv_2";
        }
        return Optional.ofNullable(name)
            .map(found -> found + "-input:" + KeyNames.size(conv.input()) + "-output:" + KeyNames.size(conv.output()));
    }

    private static Optional<String> bottleneck(Part.Bottleneck block) {
        boolean hardSwish = block.activation() == Function.HARD_SWISH;
        boolean excites = block.squeezed() > 0;
        if (!hardSwish && block.activation() != Function.RELU || excites && block.squeezed() != squeezed(block.mid())) {
            return Optional.empty();
        }
        return Optional.of("expanded_conv-input:" + KeyNames.size(block.input()) + "-output:" + KeyNames.size(block.output())
            + "-expand:" + block.mid() + "-kernel:" + block.kernel() + "-stride:" + block.stride()
            + "-idskip:" + (block.residual() ? 1 : 0) + "-se:" + (excites ? 1 : 0) + "-hs:" + (hardSwish ? 1 : 0));
    }

    /** The only inner width that its squeeze-excite has: a quarter, to the nearest 8 that does not lose more than a tenth. */
    private static int squeezed(int mid) {
        int quarter = mid / 4;
        int nearest = Math.max(8, (quarter + 4) / 8 * 8);
        return nearest < 0.9 * quarter ? nearest + 8 : nearest;
    }
}
