package dev.lutra.server.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.latency.correction.Interval;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.network.Network;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measures;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** How well latencies are known, in words, beside what they are to decide; and where a single slice has told what is known. */
class FrontPrecisionTest {

    private static final SearchSpace SPACE = SpaceFile.load("shufflenetv2-cifar");
    private static final double NEVER = Double.POSITIVE_INFINITY;

    /** A table whose entries are known as well as said. */
    private static LookupTable entries(IntToDoubleFunction halfWidth) {
        LookupTable table = EstimatedTable.of(SPACE, Device.newBuilder().setName("box").build(),
            Runtime.newBuilder().setName("onnxruntime").build(), "float32", 1);
        List<Entry> entries = new ArrayList<>();
        for (Entry entry : table.entries()) {
            Entry.Builder known = entry.toBuilder();
            known.getLatencyBuilder().setRelativeHalfWidth(halfWidth.applyAsDouble(entries.size()));
            entries.add(known.build());
        }
        return table.withEntries(entries);
    }

    /**
     * @param deviation of the networks' latencies from their segments' sum, relative
     * @param halfWidth that they state
     */
    private static LookupTable calibrated(LookupTable table, double deviation, IntToDoubleFunction halfWidth) {
        Random random = new Random(1);
        List<WholeNetwork> networks = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Network network = SPACE.build(SPACE.random(random));
            Prediction prediction = new LatencyModel(table).predict(network);
            networks.add(WholeNetwork.newBuilder().setHeldOut(i % 4 == 0)
                .addAllSegments(prediction.parts().stream().map(Prediction.Part::key).toList())
                .setLatency(Distribution.newBuilder().setP50Nanos(Math.round(prediction.nanos() * Math.exp(deviation * random.nextGaussian())))
                    .setRelativeHalfWidth(halfWidth.applyAsDouble(i)))
                .build());
        }
        return table.withCalibration(Calibrator.fit(table, networks));
    }

    private static Front front(int networks) {
        Random random = new Random(2);
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < networks; i++) {
            Architecture architecture = SPACE.random(random);
            candidates.add(new Candidate(architecture, Measures.of(Map.of("accuracy", 0.5))));
        }
        return new Front(List.of(), candidates, new TreeMap<>());
    }

    @Test
    void saysWhereNeighboursDifferByLessThanIsKnown() {
        FrontPrecision coarse = FrontPrecision.of("box", calibrated(entries(i -> 0.3), 0.25, i -> 0.4), SPACE, front(12)).orElseThrow();
        assertThat(coarse.isTooCoarse()).isTrue();
        assertThat(coarse.described()).startsWith("latencies on box are known to ±")
            .endsWith(" %: measure in a calmer moment or give it longer");
    }

    @Test
    void saysNothingWhereTheyDifferByMore() {
        FrontPrecision fine = FrontPrecision.of("box", calibrated(entries(i -> 0.001), 0.0005, i -> 0.001), SPACE, front(3)).orElseThrow();
        assertThat(fine.halfWidth()).isPositive();
        assertThat(fine.isTooCoarse()).isFalse();
        assertThat(fine.described()).doesNotContain("calmer");
    }

    @Test
    void hasNothingToSayOfOneNetworkOrWithoutACalibration() {
        assertThat(FrontPrecision.of("box", calibrated(entries(i -> 0.01), 0.01, i -> 0.01), SPACE, front(1))).isEmpty();
        assertThat(FrontPrecision.of("box", entries(i -> 0.01), SPACE, front(5))).isEmpty();
    }

    @Test
    void comparesBothFiguresInWholePercentUnlessTheyWouldReadAlike() {
        assertThat(new FrontPrecision("local", 0.12, 0.05).described()).isEqualTo("latencies on local are known to ±12 %, "
            + "networks on the front differ by 5 %: measure in a calmer moment or give it longer");
        assertThat(new FrontPrecision("local", 0.024, 0.021).described()).isEqualTo("latencies on local are known to ±2.4 %, "
            + "networks on the front differ by 2.1 %: measure in a calmer moment or give it longer");
        assertThat(new FrontPrecision("local", 0.01, 0.05).described())
            .isEqualTo("latencies on local are known to ±1 %, networks on the front differ by 5 %");
    }

    @Test
    void anEntryOfASingleSliceHasNoPrecisionInWords() {
        int count = entries(i -> 0.01).entries().size();
        assertThat(Profiler.precision(entries(i -> 0.01)))
            .isEqualTo(count + " segments, known to ±1.0 % in the median, ±1.0 % at worst");
        assertThat(Profiler.precision(entries(i -> i < 2 ? 0.03 : NEVER))).isEqualTo(count + " segments, " + (count - 2)
            + " from a single slice, of unknown precision, the others known to ±3.0 % in the median, ±3.0 % at worst");
        assertThat(Profiler.precision(entries(i -> NEVER)))
            .isEqualTo(count + " segments, each from a single slice, so that how well they are known cannot be told");
    }

    /** What nobody knows of an entry, or of a network, makes a prediction's interval wider and leaves it finite. */
    @Test
    void singleSlicesLeavePredictionsAFiniteIntervalThatIsNoNarrower() {
        LatencyModel known = new LatencyModel(calibrated(entries(i -> 0.01), 0.05, i -> 0.01));
        for (IntToDoubleFunction networks : List.<IntToDoubleFunction>of(i -> i % 2 == 0 ? 0.01 : NEVER, i -> NEVER)) {
            LookupTable table = calibrated(entries(i -> NEVER), 0.05, networks);
            assertThat(List.of(Profiler.described(table.calibration().orElseThrow()), Profiler.precision(table)))
                .noneMatch(text -> text.contains("NaN") || text.contains("Infinity"));
            for (Architecture architecture : front(10).architectures()) {
                Network network = SPACE.build(architecture);
                Prediction prediction = new LatencyModel(table).predict(network);
                assertThat(prediction.interval().orElseThrow().high()).isLessThan(10 * prediction.nanos());
                assertThat(width(prediction)).isGreaterThanOrEqualTo(0.9 * width(known.predict(network)));
            }
        }
    }

    private static double width(Prediction prediction) {
        Interval interval = prediction.interval().orElseThrow();
        return (double) (interval.high() - interval.low()) / prediction.nanos();
    }
}
