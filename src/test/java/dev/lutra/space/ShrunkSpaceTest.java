package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.cost.Cost;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A space that training has shrunk, as a file that can be trained anew. */
class ShrunkSpaceTest {

    @ParameterizedTest
    @ValueSource(strings = {"shufflenetv2-cifar", "oneshot", "ofa-mobilenetv3-12", "fbnet", "bs-nas", "mmrazor-spos"})
    void offersWhatIsLeftAndBuildsTheSameNetworks(String name) {
        SearchSpace space = SpaceFile.load(name);
        SplittableRandom random = new SplittableRandom(4);
        Options some = Options.all(space);
        for (int gene = 0; gene < space.genes().size(); gene++) {
            Gene described = space.genes().get(gene);
            int drop = random.nextInt(described.size());
            // the largest scale gives tensors their extents, and a layer of it alone would have smaller ones
            boolean isLargest = described.isScale() && described.scale(drop) >= scales(described);
            some = isLargest ? some : some.without(gene, drop);
        }
        SearchSpace shrunk = SpaceFile.parse("shrunk.yaml", SpaceFile.with(some).orElseThrow());
        assertThat(shrunk.name()).isEqualTo(name + "-shrunk");
        Options left = some;
        assertThat(shrunk.genes().stream().map(gene -> gene.options().stream().map(Gene.Option::name).toList()).toList())
            .isEqualTo(left.names());
        assertThat(shrunk.genes().stream().map(gene -> gene.options().stream().map(Gene.Option::index).toList()).toList())
            .isEqualTo(IntStream.range(0, space.genes().size()).mapToObj(gene -> IntStream.of(left.of(gene))
                .mapToObj(position -> space.genes().get(gene).options().get(position).index()).toList()).toList());
        for (int i = 0; i < 5; i++) {
            Architecture drawn = left.draw(random);
            Architecture same = shrunk.parse(drawn.toString());
            assertThat(Cost.of(shrunk.build(same))).isEqualTo(Cost.of(space.build(drawn)));
            assertThat(shrunk.build(same).ops()).isEqualTo(space.build(drawn).ops());
        }
    }

    @Test
    void readsLikeAFileThatSomebodyWrote() {
        SearchSpace space = SpaceFile.load("oneshot");
        assertThat(SpaceFile.with(Options.all(space).without(0, 1).largestScales(2)).orElseThrow()).contains("name: oneshot-shrunk",
            "- choices: [k3, k7, xception]\n  channels: 64\n  stride: 2\n  scales: {8: 1.8, 9: 2.0}\n- choices: [k3, k5, k7, xception]\n");
    }

    private static double scales(Gene gene) {
        return IntStream.range(0, gene.size()).mapToDouble(gene::scale).max().orElseThrow();
    }

    @Test
    void cellsHaveNoSuchFile() {
        Options all = Options.all(SpaceFile.load("nao-cell"));
        assertThat(SpaceFile.with(all.without(1, 0))).isEmpty();
    }
}
