package dev.lutra.server.cli.space;

import dev.lutra.space.SearchSpace;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How many classes the networks of a space tell apart, where that is not what the space says. */
public final class ClassesOption {

    @Option(names = "--classes", paramLabel = "N", description = "Outputs of the network (default: the space's own).")
    private Optional<Integer> classes = Optional.empty();

    public boolean isGiven() {
        return classes.isPresent();
    }

    public SearchSpace applyTo(SearchSpace space) {
        return classes.isPresent() ? space.withClasses(classes.get()) : space;
    }
}
