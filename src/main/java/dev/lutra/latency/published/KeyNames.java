package dev.lutra.latency.published;

import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How a publisher names what a segment consists of. */
interface KeyNames {

    /**
     * The publisher's names of the parts of a segment, whose times add up to the segment's; whether they are in a file is
     * another question. Empty if the publisher has no names for it.
     *
     * @param network that the segment is of
     */
    Optional<List<String>> of(Network network, Segment segment);

    /** Names one layer at a time; {@code following} is empty for the last. */
    interface OfPart {
        Optional<List<String>> of(Network network, Part part, Optional<Part> following);
    }

    /** Names a segment part by part; all of them need a name, which may be an empty list for a part that is in another's. */
    static KeyNames partByPart(OfPart names) {
        return (network, segment) -> PartReader.read(segment).flatMap(parts -> {
            List<String> all = new ArrayList<>();
            for (int i = 0; i < parts.size(); i++) {
                Optional<Part> following = i + 1 < parts.size() ? Optional.of(parts.get(i + 1)) : Optional.empty();
                Optional<List<String>> found = names.of(network, parts.get(i), following);
                if (found.isEmpty()) {
                    return Optional.empty();
                }
                all.addAll(found.get());
            }
            return Optional.of(all).filter(found -> !found.isEmpty()).map(List::copyOf);
        });
    }

    /** Whether a network takes square images of a size: no publisher has timed others. */
    static boolean isOf(Network network, int side) {
        return network.input().shape().height() == side && network.input().shape().width() == side;
    }

    /** Height, width, channels: the order of TensorFlow, whose converted networks were timed. */
    static String size(Shape shape) {
        return shape.height() + "x" + shape.width() + "x" + shape.channels();
    }
}
