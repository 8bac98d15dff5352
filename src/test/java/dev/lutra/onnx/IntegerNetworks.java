package dev.lutra.onnx;

import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.StagedSpace;
import dev.lutra.space.UniformBits;
import java.util.Optional;

/** Networks of any space that multiply integers. */
final class IntegerNetworks {

    private static final Bits EIGHT = Bits.of("8");

    private IntegerNetworks() {}

    /** A network in 8 bits; of a space that has bits of its own, and none of 8, in the bits that the architecture has. */
    static Network of(SearchSpace space, Architecture architecture) {
        Optional<Gene> bits = space.genes().stream().filter(Gene::isBits).findFirst();
        if (bits.isEmpty()) {
            UniformBits uniform = UniformBits.of(space, EIGHT);
            return uniform.space().build(uniform.architecture(architecture));
        }
        boolean hasEight = bits.get().options().stream().anyMatch(option -> option.name().equals(EIGHT.toString()));
        return space.build(hasEight ? ((StagedSpace) space).withBits(architecture, EIGHT) : architecture);
    }
}
