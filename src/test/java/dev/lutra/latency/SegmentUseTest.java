package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SegmentUseTest {

    private final SearchSpace space = SpaceFile.load("shufflenetv2-cifar");

    @Test
    void whatEveryNetworkHasCountsInFull() {
        SegmentUse use = SegmentUse.of(space, 1);
        List<String> keys = SegmentCatalog.of(space).items().stream().map(SegmentCatalog.Item::key).toList();
        assertThat(use.of(keys.get(0))).as("the stem").isEqualTo(1);
        assertThat(use.of(keys.get(1))).as("one of four options of a layer").isCloseTo(0.5, within(0.15));
        assertThat(use.of("of no network")).isBetween(0.0, 0.1);
    }

    @Test
    void theCallOverheadIsTakenOffEverySegmentButOne() {
        int segments = (int) space.build(space.random(new Random(1))).segments().stream()
            .filter(segment -> !segment.ops().isEmpty()).count();
        assertThat(SegmentUse.of(space, 1).ofCallOverhead()).isCloseTo(segments - 1, within(0.01));
    }
}
