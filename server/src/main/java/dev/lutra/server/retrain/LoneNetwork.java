package dev.lutra.server.retrain;

import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.Optional;

/**
 * A network that is trained by itself.
 *
 * @param name for people
 * @param space that it is of, with as many classes as the images have
 * @param architecture which
 * @param grownFrom the network of another space that it was searched as, if it was
 */
public record LoneNetwork(String name, SearchSpace space, Architecture architecture, Optional<LoneNetwork> grownFrom) {

    /** One that is trained in the space that it is of. */
    public LoneNetwork(String name, SearchSpace space, Architecture architecture) {
        this(name, space, architecture, Optional.empty());
    }

    /** What it is in a space, if it is of it, or was. */
    public Optional<Architecture> shared(SearchSpace of) {
        return space.equals(of) ? Optional.of(architecture) : grownFrom.flatMap(before -> before.shared(of));
    }
}
