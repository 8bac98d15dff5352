package dev.lutra.supernet.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pairs of paths that a proxy tells apart. */
class ApartSamplingTest {

    @TempDir
    private Path folder;
    private SearchSpace space;

    @BeforeEach
    void load() throws IOException {
        space = TestNetworks.space(folder);
    }

    @ParameterizedTest
    @EnumSource
    void aStepTrainsTheLowestAndTheHighestOfWhatItDraws(Proxy proxy) {
        Options all = Options.all(space);
        ToDoubleFunction<Network> scores = proxy.scores(7);
        int lowestFirst = 0;
        for (int step = 0; step < 40; step++) {
            Moment moment = Moment.of(7, step);
            SplittableRandom random = new SplittableRandom(moment.stepSeed());
            List<Architecture> drawn = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                drawn.add(all.draw(random));
            }
            Comparator<Architecture> byScore = Comparator.comparingDouble(path -> scores.applyAsDouble(space.build(path)));
            List<Architecture> paths = new ApartSampling(proxy, 5).paths(all, moment);
            assertThat(paths).hasSize(2).containsExactlyInAnyOrder(drawn.stream().min(byScore).orElseThrow(),
                drawn.stream().max(byScore).orElseThrow());
            lowestFirst += byScore.compare(paths.get(0), paths.get(1)) < 0 ? 1 : 0;
            assertThat(new ApartSampling(proxy, 5).paths(all, moment)).as("the same at the same moment").isEqualTo(paths);
        }
        assertThat(lowestFirst).as("either comes first").isBetween(8, 32);
    }

    /** Not the same order under another name. */
    @Test
    void proxiesDiffer() {
        SplittableRandom random = new SplittableRandom(2);
        List<Network> networks = random.longs(20).mapToObj(seed -> space.build(Options.all(space).draw(new SplittableRandom(seed)))).toList();
        List<List<Network>> orders = new ArrayList<>();
        for (Proxy proxy : Proxy.values()) {
            ToDoubleFunction<Network> scores = proxy.scores(1);
            orders.add(networks.stream().sorted(Comparator.comparingDouble(scores::applyAsDouble)).toList());
        }
        assertThat(orders).doesNotHaveDuplicates();
    }

    /** Doubled widths let more through, whatever the first weights. */
    @Test
    void moreFlowsThroughAWiderNetwork() {
        Network narrow = space.build(space.parse("k3:0.5,k3:0.5,k3:0.5,k3:0.5"));
        Network wide = space.build(space.parse("k3:1.0,k3:1.0,k3:1.0,k3:1.0"));
        for (int seed = 0; seed < 5; seed++) {
            ToDoubleFunction<Network> scores = Proxy.SYNFLOW.scores(seed);
            assertThat(scores.applyAsDouble(wide)).isGreaterThan(scores.applyAsDouble(narrow));
        }
    }

    @Test
    void aFileNamesTheProxyAndHowManyAreDrawn() {
        Sampling usual = Samplings.ALL.with(ApartSampling.NAME, ApartSampling::of).usual(ApartSampling.NAME);
        assertThat(usual).isEqualTo(new ApartSampling(Proxy.SYNFLOW, 8));
        assertThatThrownBy(() -> Samplings.ALL.with(ApartSampling.NAME, ApartSampling::of).read(YamlNode.parse("f", "apart: {proxy: luck}")))
            .isInstanceOf(InputException.class).hasMessageContaining("luck (expected: one of macs, params, synflow)");
    }
}
