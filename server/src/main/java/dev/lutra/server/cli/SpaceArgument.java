package dev.lutra.server.cli;

import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The search space that a command is about. */
final class SpaceArgument {

    @Parameters(index = "0", paramLabel = "SPACE", description = "Built-in name or a space file.")
    private String name;

    @Mixin
    private ClassesOption classes;

    /** As the command line has it. */
    String name() {
        return name;
    }

    SearchSpace load() {
        return classes.applyTo(SpaceFile.load(name));
    }
}
