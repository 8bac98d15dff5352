package dev.lutra.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts of SPOS's block search space against its released code (rule K0, affine batch norm). */
class SposCostTest {

    private final SearchSpace space = SpaceFile.load("spos-shufflenetv2");

    @Test
    void publishedBlockSearchArchitecture() {
        Cost cost = Cost.of(space.build(space.parse("0,0,3,1,1,1,0,0,2,0,2,1,1,0,2,0,2,1,3,2")));
        assertThat(cost).isEqualTo(new Cost(318_729_024, 3_345_088));
    }

    @ParameterizedTest
    @CsvSource({"0,295842496,3154880", "1,313654976,3211968", "2,340373696,3297600", "3,358825920,3870816"})
    void uniformArchitectures(int choice, long macs, long params) {
        String text = String.join(",", java.util.Collections.nCopies(20, Integer.toString(choice)));
        assertThat(Cost.of(space.build(space.parse(text)))).isEqualTo(new Cost(macs, params));
    }

    /** Layer (1-based), then MACs and parameters of k3, k5, k7 and xception there. */
    @ParameterizedTest
    @CsvSource({
        "1, 13396992,3024, 15805440,3792, 19418112,4944, 13146112,4640",
        "2, 7325696,2528, 8931328,3040, 11339776,3808, 12343296,4320",
        "5, 26304768,18960, 28111104,21264, 30820608,24720, 20296192,27104",
        "6, 10599680,14000, 11603200,15280, 13108480,17200, 16746240,22320",
        "9, 30670080,81280, 31673600,86400, 33178880,94080, 21199360,110720",
        "10, 10317440,53600, 10819200,56160, 11571840,60000, 15899520,83040",
        "17, 30387840,316160, 30889600,326400, 31642240,341760, 20634880,426240",
        "18, 10176320,209600, 10427200,214720, 10803520,222400, 15476160,319680"})
    void everyBlock(int layer, long k3, long k3Params, long k5, long k5Params, long k7, long k7Params, long xception,
        long xceptionParams) {
        List<Cost> expected = List.of(new Cost(k3, k3Params), new Cost(k5, k5Params), new Cost(k7, k7Params),
            new Cost(xception, xceptionParams));
        for (int choice = 0; choice < expected.size(); choice++) {
            int[] values = new int[20];
            values[layer - 1] = choice;
            Network network = space.build(space.architecture(values));
            assertThat(network.segments().get(layer).name()).isEqualTo("layer" + layer);
            assertThat(Cost.of(network.segments().get(layer).ops())).isEqualTo(expected.get(choice));
        }
    }

    @Test
    void stemAndHead() {
        List<Segment> segments = space.build(space.architecture(new int[20])).segments();
        assertThat(Cost.of(segments.get(0).ops())).isEqualTo(new Cost(5_419_008, 464));
        assertThat(Cost.of(segments.get(21).ops())).isEqualTo(new Cost(33_136_640, 1_681_408));
    }

    @Test
    void thirtyFourMeasurementsCoverTheSpace() {
        Set<String> keys = new HashSet<>();
        for (int choice = 0; choice < 4; choice++) {
            int[] values = new int[20];
            java.util.Arrays.fill(values, choice);
            space.build(space.architecture(values)).segments().forEach(segment -> keys.add(segment.key()));
        }
        assertThat(keys).hasSize(34);
        assertThat(space.size()).isEqualTo(java.math.BigInteger.valueOf(4).pow(20));
    }
}
