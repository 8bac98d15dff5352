package dev.lutra.latency.correction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentTraitsTest {

    private static final String BLOCK = "in 24x56x28; conv k3 s1 p1 d1 g24 v0 to 24x56x28; bn v1 to 24x56x28; "
        + "conv k1 s1 p0 d1 g2 v2 to 48x56x28; add v0 v3 to 48x56x28; out v4";

    @Test
    void opsFamilyAndShape() {
        SegmentTraits traits = SegmentTraits.of(BLOCK);
        assertThat(traits.ops()).isEqualTo(Map.of("segment", 1, "conv k3 s1 p1 d1 depthwise", 1, "bn", 1,
            "conv k1 s1 p0 d1 g2", 1, "add", 1));
        assertThat(traits.opCount()).isEqualTo(5);
        SegmentTraits twice = SegmentTraits.of(BLOCK.replace("24", "48").replace("48x56x28", "96x56x28"));
        assertThat(twice.family()).isNotEmpty();
        assertThat(traits.distanceSquared(traits)).isZero();
        assertThat(traits.sharedOps(traits)).isEqualTo(5);
    }

    @Test
    void widthsAndSizesLeaveTheFamilyAsItIs() {
        String narrow = "in 16x8x8; conv k5 s1 p2 d1 g16 v0 to 16x8x8; bn v1 to 16x8x8; out v2";
        String wide = "in 32x16x16; conv k5 s1 p2 d1 g32 v0 to 32x16x16; bn v1 to 32x16x16; out v2";
        String dense = narrow.replace("g16", "g1");
        assertThat(SegmentTraits.of(narrow).family()).isEqualTo(SegmentTraits.of(wide).family())
            .isNotEqualTo(SegmentTraits.of(dense).family());
        assertThat(SegmentTraits.of(narrow).distanceSquared(SegmentTraits.of(wide))).isCloseTo(4, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mbconv 24x56x56",
        "in 3x32x32; relu v0 > 3x32x32; out v1", "in 3x32x32; relu v7 to 3x32x32; out v1"})
    void otherTextsAreLikeNothing(String signature) {
        SegmentTraits traits = SegmentTraits.of(signature);
        assertThat(traits.ops()).isEqualTo(Map.of("segment", 1));
        assertThat(traits.distanceSquared(SegmentTraits.of(BLOCK))).isInfinite();
        assertThat(traits.distanceSquared(traits)).isInfinite();
    }

    /** What segments write, this reads. */
    @ParameterizedTest
    @ValueSource(strings = {"spos-shufflenetv2", "shufflenetv2-cifar", "fbnet", "moga", "nao-cell", "oneshot-s-plus"})
    void readsEverySegment(String name) {
        SearchSpace space = SpaceFile.load(name);
        Network network = space.build(space.random(new Random(1)));
        for (Segment segment : network.segments()) {
            if (!segment.ops().isEmpty()) {
                SegmentTraits traits = SegmentTraits.of(segment.signature());
                assertThat(traits.opCount()).as(segment.signature()).isEqualTo(1 + segment.ops().size());
                assertThat(traits.shape()).hasSize(4);
            }
        }
    }
}
