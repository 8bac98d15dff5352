package dev.lutra.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts against everything that was published with an architecture and a figure. */
class PublishedNetworksTest {

    private static final String S_PLUS = zip("0,0,0,1,0,0,1,0,3,2,0,1,2,2,1,2,0,0,2,0",
        "8,7,6,8,5,7,3,4,2,4,2,3,4,5,6,6,3,3,4,6");
    private static final Map<String, SearchSpace> SPACES = new HashMap<>();

    private static SearchSpace space(String name) {
        return SPACES.computeIfAbsent(name, SpaceFile::load);
    }

    /** Blocks and channel ids as one architecture. */
    private static String zip(String blocks, String channels) {
        String[] block = blocks.split(",");
        String[] channel = channels.split(",");
        return IntStream.range(0, block.length).mapToObj(i -> block[i] + ":" + channel[i]).collect(Collectors.joining(","));
    }

    /** A figure is exact, or a range {@code least-most} where the publication printed few digits. */
    @ParameterizedTest(name = "{0}, {4}")
    @CsvFileSource(resources = "published.csv", delimiter = '|', numLinesToSkip = 1)
    void countsAreThePublishedOnes(String network, String spaceName, Integer classes, String architecture, String rule,
        String macs, String params) {
        SearchSpace space = classes == null ? space(spaceName) : space(spaceName).withClasses(classes);
        Network built = space.build(space.parse(architecture));
        Cost cost = CountingRule.named(rule).count(built);
        assertWithin(cost.macs(), macs);
        assertWithin(cost.params(), params);
    }

    private static void assertWithin(long found, String figure) {
        if (figure != null) {
            String[] range = figure.split("-");
            assertThat(found).isBetween(Long.parseLong(range[0]), Long.parseLong(range[range.length - 1]));
        }
    }

    @Test
    void stemAndHeadOfTheLookupTable() {
        SearchSpace space = space("oneshot-s-plus");
        List<Segment> segments = space.build(space.parse(S_PLUS)).segments();
        assertThat(CountingRule.MXNET.count(segments.get(0).ops())).isEqualTo(new Cost(5_419_008, 464));
        assertThat(CountingRule.MXNET.count(segments.get(21).ops())).isEqualTo(new Cost(1_712_744, 1_681_384));
    }

    /** A record of genetic_search_supernet_BC_acc.log: the score holds both counts to sixteen digits. */
    @Test
    void scoreOfASearchRecord() {
        SearchSpace space = space("oneshot-s-plus");
        Network network = space.build(space.parse(
            zip("2,3,2,0,1,3,0,1,0,0,1,0,2,3,0,3,1,0,2,1", "9,3,4,7,1,6,6,6,2,1,1,3,6,1,4,3,1,3,4,4")));
        Cost cost = CountingRule.MXNET.count(network);
        assertThat(NormalisedScore.SPOS.mean(cost)).isCloseTo(0.8977695086083218, Offset.offset(1e-15));
        assertThat(NormalisedScore.SPOS.balanced(0.6221699617346939, 1, cost))
            .isCloseTo(0.6221699617346939 - 0.8977695086083218, Offset.offset(1e-15));
    }

    /** The published table adds up figures rounded to tenths of a million. */
    @ParameterizedTest
    @CsvSource({"291, 3.5, 1.9166", "297, 3.7, 1.9937", "328, 3.4, 2"})
    void sumOfThePublishedTable(double macs, double params, double sum) {
        Cost cost = new Cost(Math.round(macs * 1e6), Math.round(params * 1e6));
        assertThat(NormalisedScore.SPOS.sum(cost)).isCloseTo(sum, Offset.offset(1e-4));
    }

    /** The published table doubles rows after rounding them, so that its totals are good to 0.02 million. */
    @Test
    void microNetCountsAndScores() {
        SearchSpace space = space("oneshot-s-plus");
        MicroNet counted = MicroNet.of(space.build(space.parse(S_PLUS)));
        Offset<Double> printed = Offset.offset(0.05e6);
        assertThat((double) counted.quantizable().multiplications()).isCloseTo(292.8e6, printed);
        assertThat((double) counted.quantizable().additions()).isCloseTo(286.2e6, printed);
        assertThat((double) counted.rest().multiplications()).isCloseTo(8.553e6, Offset.offset(0.02e6));
        assertThat((double) counted.rest().additions()).isCloseTo(2.105e6, Offset.offset(500.0));
        assertThat(counted.quantizable().params()).isCloseTo(3.520e6, Offset.offset(500.0));
        assertThat(counted.rest().params()).isCloseTo(0.132e6, Offset.offset(500.0));
        assertThat(counted.score(MicroNet.Precision.FLOAT32)).isCloseTo(1.03, Offset.offset(0.005));
        assertThat(counted.score(MicroNet.Precision.FLOAT16)).isCloseTo(0.640, Offset.offset(0.0005));
        assertThat(counted.score(MicroNet.Precision.INT8)).isCloseTo(0.280, Offset.offset(0.0005));
    }
}
