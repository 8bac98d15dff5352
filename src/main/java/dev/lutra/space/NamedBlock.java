package dev.lutra.space;

import dev.lutra.space.block.Block;

/**
 * A block under the name the space gives it.
 *
 * @param option its name and published number
 * @param scope names its weights; options of one layer with the same scope share them
 */
public record NamedBlock(Gene.Option option, String scope, Block block) {

    /** A block of a fixed layer. */
    public static NamedBlock fixed(String name, Block block) {
        return new NamedBlock(new Gene.Option(name, 0), name, block);
    }

    public String name() {
        return option.name();
    }
}
