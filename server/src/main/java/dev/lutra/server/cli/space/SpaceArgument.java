package dev.lutra.server.cli.space;

import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The search space that a command is about. */
public final class SpaceArgument {

    @Parameters(index = "0", paramLabel = "SPACE", description = "Built-in name or a space file.")
    private String name;

    @Mixin
    private ShapeOptions shape;

    /** As the command line has it. */
    public String name() {
        return name;
    }

    public SearchSpace load() {
        return shape.applyTo(SpaceFile.load(name));
    }
}
