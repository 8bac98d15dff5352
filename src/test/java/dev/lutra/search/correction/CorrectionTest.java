package dev.lutra.search.correction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.ranking.CorrectedRanking;
import dev.lutra.ranking.RankedNetwork;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.AccuracySource;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CorrectionTest {

    private static final SearchSpace SPACE = SpaceFile.load("fairnas-cifar");

    /** Networks whose accuracy by themselves is what their genes add, which a supernet sees a part of. */
    private static List<RankedNetwork> networks(int count, double seen, double noise) {
        Random random = new Random(7);
        SplittableRandom chance = new SplittableRandom(7);
        Set<Architecture> architectures = new LinkedHashSet<>();
        while (architectures.size() < count) {
            architectures.add(SPACE.random(random));
        }
        return architectures.stream().map(architecture -> {
            int[] genes = architecture.values();
            double sum = 0;
            for (int i = 0; i < genes.length; i++) {
                sum += genes[i] * (1 + i % 3) / (30.0 * genes.length);
            }
            return new RankedNetwork(architecture, 0.3 + seen * sum + noise * chance.nextDouble(), 0.5 + sum, Map.of(Ranking.DEPTH, 1.0));
        }).toList();
    }

    @Test
    void learnsFromGenesWhatTheSupernetDoesNotSee() {
        List<RankedNetwork> networks = networks(120, 0, 0.1);
        CorrectedRanking corrected = CorrectionTrial.ranking(SPACE, networks, 60, 1);
        assertThat(corrected.learned()).isEqualTo(60);
        assertThat(corrected.judged()).isEqualTo(60);
        assertThat(corrected.tau().value()).isGreaterThan(0.8);
        assertThat(corrected.lead().low()).isGreaterThan(0.3);
        assertThat(CorrectionTrial.ranking(SPACE, networks, 60, 1)).isEqualTo(corrected);
    }

    /** Fourteen networks are too few to learn six options of each of many layers from. */
    @Test
    void learnsFromTheSupernetWhatGenesDoNotTell() {
        List<RankedNetwork> networks = networks(100, 1, 0);
        assertThat(CorrectionTrial.ranking(SPACE, networks, 14, 1).tau().value()).isGreaterThan(0.8);
        List<RankedNetwork> blind = networks(100, 0, 0);
        assertThat(CorrectionTrial.ranking(SPACE, blind, 14, 1).tau().value()).isLessThan(0.7);
    }

    @Test
    void whereNoneAreLeftEachIsForetoldByOthers() {
        SplittableRandom chance = new SplittableRandom(3);
        List<RankedNetwork> unrelated = networks(40, 0, 0).stream().map(network -> new RankedNetwork(network.architecture(),
            chance.nextDouble(), chance.nextDouble(), network.baselines())).toList();
        CorrectedRanking corrected = CorrectionTrial.ranking(SPACE, unrelated, 35, 1);
        assertThat(corrected.judged()).isEqualTo(35);
        assertThat(corrected.tau().value()).as("of what there is nothing to learn of").isLessThan(0.35);
        assertThat(CorrectionTrial.ranking(SPACE, unrelated, 30, 1).judged()).isEqualTo(10);
    }

    @Test
    void aSearchGoesByWhatIsForetold() {
        List<RankedNetwork> networks = networks(60, 1, 0);
        Correction correction = CorrectionTrial.correction(SPACE, networks, 60, 1);
        AccuracySource supernet = AccuracySource.oneByOne(architecture -> networks.stream()
            .filter(network -> network.architecture().equals(architecture)).findFirst().orElseThrow().supernet());
        Map<Architecture, Double> found = new HashMap<>();
        new CorrectedAccuracies(supernet, correction).find(networks.stream().map(RankedNetwork::architecture).toList(), found::put);
        networks.forEach(network -> assertThat(found.get(network.architecture())).isCloseTo(network.alone(), within(0.01)));
    }
}
