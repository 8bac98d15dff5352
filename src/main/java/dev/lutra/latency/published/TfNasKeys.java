package dev.lutra.latency.published;

import dev.lutra.network.Network;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Segment;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * TF-NAS: one entry a block and inner width; first and last layers are one figure, {@code base}. That is booked on the stem of
 * its space; nothing is left for the head.
 */
final class TfNasKeys implements KeyNames {

    static final String BASE = "base";
    static final String IN_BASE = "counted with the stem";

    private static final String SPACE = "tf-nas";
    private static final int IMAGE_SIZE = 224;

    static String block(String key, String mid) {
        return key + " mid " + mid;
    }

    @Override
    public Optional<List<String>> of(Network network, Segment segment) {
        boolean own = network.name().equals(SPACE) && KeyNames.isOf(network, IMAGE_SIZE);
        if (own && segment.name().equals("stem")) {
            return Optional.of(List.of(BASE));
        }
        if (own && segment.name().equals("head")) {
            return Optional.of(List.of(IN_BASE));
        }
        return PartReader.read(segment).filter(parts -> parts.size() == 1).flatMap(parts -> block(parts.get(0))).map(List::of);
    }

    private static Optional<String> block(Part part) {
        if (!(part instanceof Part.Bottleneck block) || block.residual() != block.keepsShape()
            || block.input().height() != block.input().width()
            || block.activation() != Function.RELU && block.activation() != Function.SWISH) {
            return Optional.empty();
        }
        String key = String.join("_", "MBInvertedResBlock", Integer.toString(block.input().height()),
            Integer.toString(block.input().channels()), Integer.toString(block.squeezed()),
            Integer.toString(block.output().channels()), "k" + block.kernel(), "s" + block.stride(),
            block.activation().name().toLowerCase(Locale.ROOT));
        return Optional.of(block(key, Integer.toString(block.mid())));
    }
}
