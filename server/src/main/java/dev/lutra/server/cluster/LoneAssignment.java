package dev.lutra.server.cluster;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.TreeMap;

/**
 * A network that another machine trains by itself.
 *
 * @param name for people
 * @param architecture of the experiment's space
 * @param isGrown whether it is trained in the space of {@code retrain.space}
 * @param origin what its weights follow from, by name: they have to there as well
 * @param weights file of the training, which both machines see
 */
public record LoneAssignment(String name, String architecture, boolean isGrown, TreeMap<String, String> origin, String weights)
    implements
        Serializable {

    private static final long serialVersionUID = 1L;
    private static final String TOLD = "events.jsonl";

    public static LoneAssignment of(String name, Architecture architecture, boolean isGrown, NamedValues origin, Path weights) {
        return new LoneAssignment(name, architecture.toString(), isGrown, new TreeMap<>(origin.stored()), weights.toAbsolutePath().toString());
    }

    /** Where the other machine tells what happens. */
    Path told() {
        return Path.of(weights).resolveSibling(TOLD);
    }
}
