package dev.lutra.latency.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Tables;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TableDiffTest {

    private static Entry entry(int number, long p50, double halfWidth) {
        return Entry.newBuilder().setKey(String.format("%016x", number)).setLabel("layer" + number)
            .setLatency(Distribution.newBuilder().setP50Nanos(p50).setRelativeHalfWidth(halfWidth)).build();
    }

    private static LookupTable table(Entry... entries) {
        return LookupTable.of(Tables.empty().addAllEntries(List.of(entries)).build());
    }

    @Test
    void tellsWhatChangedAndWhatOfItIsSignificant() {
        TableDiff diff = TableDiff.of(
            table(entry(1, 1000, 0.01), entry(2, 1000, 0.01), entry(3, 1000, 0.01), entry(4, 1000, 0), entry(5, 1000, 0.01)),
            table(entry(1, 1010, 0.01), entry(2, 980, 0.01), entry(3, 1000, Double.POSITIVE_INFINITY), entry(4, 1500, 0.01),
                entry(6, 1000, 0.01)));
        assertThat(diff.incomparable()).isEmpty();
        assertThat(diff.onlyFirst()).extracting(Entry::getLabel).containsExactly("layer5");
        assertThat(diff.onlySecond()).extracting(Entry::getLabel).containsExactly("layer6");
        assertThat(diff.changes()).extracting(TableDiff.Change::label).containsExactly("layer4", "layer2", "layer1", "layer3");
        assertThat(diff.changes()).extracting(TableDiff.Change::isSignificant).containsExactly(false, true, false, false);
        assertThat(diff.changes()).extracting(TableDiff.Change::hasInterval).containsExactly(false, true, true, false);
        assertThat(diff.changes().get(2).jointHalfWidth()).isCloseTo(Math.hypot(0.01, 0.0101), within(1e-12));
        assertThat(diff.medianDifference().orElseThrow()).isCloseTo(0.015, within(1e-12));
        assertThat(diff.medianShift().orElseThrow()).isCloseTo(0.005, within(1e-12));
        assertThat(diff.judged()).isEqualTo(2);
        assertThat(diff.significant()).isEqualTo(1);
        assertThat(diff.expectedByChance()).isCloseTo(0.1, within(1e-12));
    }

    @Test
    void equalMediansLieOutsideTheirJointIntervalAsOftenAsItSays() {
        Random random = new Random(7);
        List<Entry> first = new ArrayList<>();
        List<Entry> second = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            double deviation = 0.002 + 0.01 * random.nextDouble();
            first.add(entry(i, Math.round(1e9 * (1 + deviation * random.nextGaussian())), 1.96 * deviation));
            second.add(entry(i, Math.round(1e9 * (1 + 0.5 * deviation * random.nextGaussian())), 0.98 * deviation));
        }
        TableDiff diff = TableDiff.of(table(first.toArray(Entry[]::new)), table(second.toArray(Entry[]::new)));
        assertThat(diff.expectedByChance()).isEqualTo(200);
        assertThat(diff.significant()).isBetween(155L, 245L); // 200 ± 3.3 standard deviations
    }

    @Test
    void saysFirstWhatCannotBeCompared() {
        LookupTable first = table(entry(1, 1000, 0.01));
        dev.lutra.proto.LookupTable.Builder other = first.content().toBuilder().setBatch(8);
        other.getDeviceBuilder().setName("phone").setCpu("another");
        other.getRuntimeBuilder().setThreads(2);
        other.getEntriesBuilder(0).setCircumstances(Circumstances.newBuilder().setAgentVersion("0.2").setTiming("gpu")
            .addPinnedCores(4).addPinnedCores(5)
            .setSentinelReferenceNanos(5).setCoreSentinelReferenceNanos(7));
        assertThat(TableDiff.of(first, LookupTable.of(other.build())).incomparable()).containsExactly(
            "device: box and phone", "hardware: not said and another",
            "runtime: onnxruntime 1 cpu t1 and onnxruntime 1 cpu t2",
            "batch: 1 and 8", "agent: not said and 0.2", "pinned cores: not said and 4+5", "timing: not said and gpu",
            "sentinel reference ns: not said and 5",
            "small sentinel reference ns: not said and 7");
    }

    private static Entry betweenRuns(Entry entry, double halfWidth) {
        Entry.Builder known = entry.toBuilder();
        known.getLatencyBuilder().setBetweenRunsHalfWidth(halfWidth);
        return known.build();
    }

    /** Tables are of two runs: by what each is known within its own, 3 % would be significant. */
    @Test
    void tablesAreComparedByWhatRunsDifferBy() {
        TableDiff diff = TableDiff.of(
            table(betweenRuns(entry(1, 1000, 0.01), 0.03), betweenRuns(entry(2, 1000, 0.01), 0.03), entry(3, 1000, 0.01)),
            table(betweenRuns(entry(1, 1030, 0.01), 0.03), betweenRuns(entry(2, 1060, 0.01), 0.03), entry(3, 1030, 0.01)));
        assertThat(diff.changes()).extracting(TableDiff.Change::label).containsExactly("layer2", "layer1", "layer3");
        assertThat(diff.changes()).extracting(TableDiff.Change::isSignificant).containsExactly(true, false, true);
        assertThat(diff.changes().get(1).jointHalfWidth()).isCloseTo(Math.hypot(0.03, 0.0309), within(1e-12));
    }

    @Test
    void estimatesOfTwoKindsAreNotJudgedByEachOther() {
        LookupTable first = by("round-medians-2", entry(1, 1000, 0.01));
        TableDiff mixed = TableDiff.of(first, by("sentinel-regression-2", entry(1, 1500, 0.01)));
        assertThat(mixed.incomparable()).containsExactly("estimator: round-medians-2 and sentinel-regression-2");
        assertThat(mixed.changes()).singleElement().satisfies(change -> {
            assertThat(change.relative()).isEqualTo(0.5);
            assertThat(change.hasInterval()).isFalse();
        });
        assertThat(TableDiff.of(first, by("round-medians-2", entry(1, 1500, 0.01))).significant()).isEqualTo(1);
    }

    private static LookupTable by(String estimator, Entry entry) {
        Entry.Builder named = entry.toBuilder();
        named.getLatencyBuilder().setEstimator(estimator);
        return table(named.build());
    }

    @Test
    void tablesThatShareNothingHaveNoMedian() {
        TableDiff diff = TableDiff.of(table(entry(1, 10, 0.01)), table(entry(2, 10, 0.01)));
        assertThat(diff.medianDifference()).isEmpty();
        assertThat(diff.medianShift()).isEmpty();
        assertThat(diff.judged()).isZero();
    }
}
