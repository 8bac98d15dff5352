package dev.lutra.server.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PartOfGenesTest {

    private final SearchSpace space = SpaceFile.load("spos-shufflenetv2-channels");
    private final Architecture fixed = space.random(new Random(1));

    private Options part(String... genes) {
        return new PartOfGenes(fixed.toString(), List.of(genes)).of(space);
    }

    @Test
    void scalesAreSearchedAndBlocksStay() {
        Options part = part("scale");
        for (int gene = 0; gene < space.genes().size(); gene++) {
            boolean isScale = space.genes().get(gene).isScale();
            assertThat(part.of(gene)).hasSize(isScale ? space.genes().get(gene).size() : 1);
            assertThat(part.of(gene)).contains(fixed.value(gene));
        }
        assertThat(part.make(fixed)).isTrue();
    }

    @Test
    void layersAndSingleGenes() {
        String layer = space.genes().get(4).layer();
        Options part = part(layer, space.genes().get(0).name());
        for (int gene = 0; gene < space.genes().size(); gene++) {
            boolean isOpen = gene == 0 || space.genes().get(gene).layer().equals(layer);
            assertThat(part.of(gene).length > 1).as(space.genes().get(gene).name()).isEqualTo(isOpen);
        }
    }

    @Test
    void whatTheSpaceDoesNotHaveIsNamed() {
        assertThatThrownBy(() -> part("scale", "depth")).isInstanceOf(InputException.class)
            .hasMessageStartingWith("search.genes: depth (expected: one of choice, scale, or a layer or gene of " + space.name());
        assertThatThrownBy(() -> new PartOfGenes("k3,k5", List.of("scale")).of(space)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("search.fixed: " + space.name() + ": architecture of 2 entries");
    }

    @Test
    void whatNoSideOffersIsNamed() {
        String dropped = space.genes().get(0).options().get(fixed.value(0)).name();
        Options surviving = Options.all(space).without(0, fixed.value(0));
        assertThatThrownBy(() -> surviving.and(part("scale"))).isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith(space.genes().get(0).name() + ": [" + dropped + "] (expected: one of [");
        assertThat(Options.all(space).and(part("scale"))).isEqualTo(part("scale"));
    }
}
