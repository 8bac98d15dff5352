package dev.lutra.latency.published;

import dev.lutra.network.Network;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Segment;
import java.util.List;
import java.util.Optional;

/**
 * Single-Path NAS numbers the layers of its one space and the four options in each; everything that is not searched is one
 * constant. The constant is booked on the stem; nothing is left for the head.
 */
final class SinglePathKeys implements KeyNames {

    static final String SPACE = "single-path-nas";
    static final String FIXED = "fixed parts";
    static final String IN_FIXED = "counted with the stem";

    private static final int IMAGE_SIZE = 224;

    static String layer(String number, String option) {
        return "layer " + number + " option " + option;
    }

    @Override
    public Optional<List<String>> of(Network network, Segment segment) {
        if (!network.name().equals(SPACE) || !KeyNames.isOf(network, IMAGE_SIZE)) {
            return Optional.empty();
        }
        if (segment.name().equals("stem")) {
            return Optional.of(List.of(FIXED));
        }
        if (segment.name().equals("head")) {
            return Optional.of(List.of(IN_FIXED));
        }
        if (!segment.name().matches("layer\\d+")) {
            return Optional.empty();
        }
        String number = segment.name().substring("layer".length());
        return PartReader.read(segment).filter(parts -> parts.size() == 1)
            .flatMap(parts -> option(parts.get(0))).map(option -> List.of(layer(number, option)));
    }

    /** 0 is 3×3 with expansion 3, 1 is 3×3 with 6, 2 is 5×5 with 3, 3 is 5×5 with 6. */
    private static Optional<String> option(Part part) {
        if (!(part instanceof Part.Bottleneck block) || block.activation() != Function.RELU || block.squeezed() > 0) {
            return Optional.empty();
        }
        int kernel = List.of(3, 5).indexOf(block.kernel());
        int expansion = List.of(3, 6).indexOf(block.mid() / block.input().channels());
        return kernel < 0 || expansion < 0 ? Optional.empty() : Optional.of(Integer.toString(2 * kernel + expansion));
    }
}
