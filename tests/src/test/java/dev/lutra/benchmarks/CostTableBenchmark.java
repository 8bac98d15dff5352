package dev.lutra.benchmarks;

import dev.lutra.cost.Cost;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Measure;
import dev.lutra.search.MeasureArray;
import dev.lutra.search.Measures;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Nanoseconds for an architecture's MACs, parameters, latency and p99 on one calibrated target: as an array, by name, and for
 * cells, whose networks are built. The table is made up from MACs and calibrated on made-up networks.
 *
 * <p>Run with {@code org.openjdk.jmh.Main CostTableBenchmark} on this module's test class path.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CostTableBenchmark {

    private static final int ARCHITECTURES = 4096;
    private static final int CALIBRATED_ON = 40;
    private static final long CALL_NANOS = 2_000;

    @Param({"spos-shufflenetv2", "spos-shufflenetv2-channels"})
    private String space;

    private CheapMeasures cheap;
    private MeasureArray array;
    private final Architecture[] architectures = new Architecture[ARCHITECTURES];
    private final int[][] values = new int[ARCHITECTURES][];
    private final double[] measures = new double[4];
    private int next;

    @Setup
    public void tabulate() {
        SearchSpace loaded = SpaceFile.load(space);
        Random random = new Random(1);
        LatencyModel model = new LatencyModel(calibrated(loaded, random));
        cheap = CheapMeasures.counted(loaded, Map.of("box", model));
        array = cheap.array(List.of(Measure.MACS, Measure.PARAMS, Measure.latency("box"), Measure.p99("box"))).orElseThrow();
        for (int i = 0; i < ARCHITECTURES; i++) {
            architectures[i] = loaded.random(random);
            values[i] = architectures[i].values();
        }
    }

    private static LookupTable calibrated(SearchSpace space, Random random) {
        dev.lutra.proto.LookupTable.Builder content = dev.lutra.proto.LookupTable.newBuilder().setFormat(LookupTable.FORMAT)
            .setDevice(Device.newBuilder().setName("box")).setBatch(1)
            .setRuntime(Runtime.newBuilder().setName("onnxruntime").setVersion("1").setProvider("cpu").setThreads(1))
            .setCallOverhead(Distribution.newBuilder().setP50Nanos(CALL_NANOS));
        for (SegmentCatalog.Item item : SegmentCatalog.of(space).items()) {
            content.addEntries(Entry.newBuilder().setKey(item.key()).setLabel(item.label()).setSignature(item.segment().signature())
                .setLatency(Distribution.newBuilder().setP50Nanos(CALL_NANOS + 500 + Cost.of(item.segment().ops()).macs() / 10)));
        }
        LookupTable table = LookupTable.of(content.build());
        LatencyModel plain = new LatencyModel(table);
        List<WholeNetwork> networks = new ArrayList<>();
        for (int i = 0; i < CALIBRATED_ON; i++) {
            Network network = space.build(space.random(random));
            long p50 = Math.round(1.2 * plain.predict(network).nanos() * (1 + 0.02 * random.nextGaussian()));
            networks.add(WholeNetwork.newBuilder().setSpace(space.name()).setArchitecture(network.name()).setHeldOut(i >= CALIBRATED_ON - 10)
                .addAllSegments(network.segments().stream().filter(segment -> !segment.ops().isEmpty()).map(Segment::key).toList())
                .setLatency(Distribution.newBuilder().setP50Nanos(p50).setP99Nanos(Math.round(1.3 * p50))).build());
        }
        return LookupTable.of(table.content().toBuilder().setCalibration(Calibrator.fit(table, networks)).build());
    }

    private int next() {
        next = next + 1 & ARCHITECTURES - 1;
        return next;
    }

    @Benchmark
    public double[] asAnArray() {
        array.tell(values[next()], measures);
        return measures;
    }

    @Benchmark
    public Measures byName() {
        return cheap.of(architectures[next()]);
    }
}
