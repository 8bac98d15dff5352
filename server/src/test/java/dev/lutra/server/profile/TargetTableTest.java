package dev.lutra.server.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.lowering.Precision;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.server.experiment.Experiment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table belongs to what measured it, and to everybody who adds to it. */
class TargetTableTest {

    private static final Device BOX = Device.newBuilder().setName("box").setCpu("Some CPU").setLogicalCores(4).build();
    private static final Runtime ONE_THREAD = Runtime.newBuilder().setName("onnxruntime").setVersion("1.29.0").setProvider("cpu")
        .setThreads(1).build();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void setUp() {
        file = folder.resolve("shared.json");
    }

    private static Experiment.Target target(String device, String provider, int threads, Precision precision) {
        return new Experiment.Target(device, 1, Optional.empty(), Optional.empty(), provider, Map.of(), threads, precision, Optional.empty());
    }

    private TargetTable box() {
        return new TargetTable(target("box", "cpu", 1, Precision.FLOAT32), file);
    }

    private static LookupTable table(int... entries) {
        dev.lutra.proto.LookupTable.Builder table = dev.lutra.proto.LookupTable.newBuilder().setFormat(LookupTable.FORMAT)
            .setPrecision("float32").setBatch(1).setSource("measured").setDevice(BOX).setRuntime(ONE_THREAD)
            .setCallOverhead(Distribution.newBuilder().setP50Nanos(1000));
        for (int entry : entries) {
            table.addEntries(Entry.newBuilder().setKey(key(entry)).setSignature("conv").setLabel("entry " + entry)
                .setLatency(Distribution.newBuilder().setP50Nanos(100_000L * entry).setRelativeHalfWidth(0.01)));
        }
        return LookupTable.of(table.build());
    }

    private static String key(int entry) {
        return "%016x".formatted(entry);
    }

    private static List<WholeNetwork> networks(String space, int... entries) {
        List<WholeNetwork> networks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            long sum = IntStream.of(entries).mapToLong(entry -> 100_000L * entry).sum();
            networks.add(WholeNetwork.newBuilder().setSpace(space).setArchitecture("a" + i)
                .addAllSegments(IntStream.of(entries).mapToObj(TargetTableTest::key).toList()).setHeldOut(i == 3)
                .setLatency(Distribution.newBuilder().setP50Nanos(sum + 1000 * i).setRelativeHalfWidth(0.01)).build());
        }
        return networks;
    }

    @Test
    void measuredFiguresAreOfOneDeviceAndSetting() {
        table(1, 2).save(file);
        byte[] before = bytes();
        assertThat(box().load()).isPresent();
        assertRefused(target("jetson", "cuda", 1, Precision.FLOAT32), "device box (expected: jetson), provider cpu (expected: cuda)");
        assertRefused(target("box", "cpu", 2, Precision.FLOAT32), "threads 1 (expected: 2)");
        assertRefused(target("box", "cpu", 1, Precision.FLOAT16), "precision float32 (expected: float16)");
        assertRefused(new Experiment.Target("box", 1, Optional.empty(), Optional.empty(), "cpu", Map.of("allow_cpu_nodes", "true"), 1,
            Precision.FLOAT32, Optional.empty()), "options {} (expected: {allow_cpu_nodes=true})");
        assertRefused(new Experiment.Target("box", 32, Optional.empty(), Optional.empty(), "cpu", Map.of(), 1, Precision.FLOAT32, Optional.empty()),
            "batch 1 (expected: 32)");
        assertThat(bytes()).isEqualTo(before);
    }

    private void assertRefused(Experiment.Target target, String differences) {
        assertThatThrownBy(() -> new TargetTable(target, file).load()).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": measured with " + differences);
    }

    private byte[] bytes() {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anotherMachineOrRuntimeOfThatNameDoesNotExtendIt() {
        LookupTable table = table(1);
        TargetTable.requireSame(table, BOX, "onnxruntime 1.29.0");
        assertThatThrownBy(() -> TargetTable.requireSame(table, BOX.toBuilder().setCpu("Other CPU").build(), "onnxruntime 1.29.0"))
            .isInstanceOf(InputException.class).hasMessageContaining("cpu Some CPU (expected: Other CPU)");
        assertThatThrownBy(() -> TargetTable.requireSame(table, BOX, "onnxruntime 1.30.0"))
            .isInstanceOf(InputException.class).hasMessageContaining("runtime onnxruntime 1.29.0 (expected: onnxruntime 1.30.0)");
    }

    /** A whole table needs no device to be searched with, and meets one only afterwards. */
    @Test
    void aWholeTableIsOfOneMachineAndOutlivesAnUpgrade() {
        LookupTable table = table(1);
        assertThat(TargetTable.changedSince(table, BOX, "onnxruntime 1.29.0")).isEmpty();
        assertThatThrownBy(() -> TargetTable.changedSince(table, BOX.toBuilder().setCpu("Other CPU").build(), "onnxruntime 1.30.0"))
            .isInstanceOf(InputException.class).hasMessageEndingWith(
                ": measured with cpu Some CPU (expected: Other CPU), as device box is now; its own figures need another file");
        assertThat(TargetTable.changedSince(table, BOX, "onnxruntime 1.30.0")).hasValueSatisfying(line -> assertThat(line).contains(
            ": measured with runtime onnxruntime 1.29.0 (expected: onnxruntime 1.30.0), as device box is now; its predictions are of then"));
    }

    @Test
    void whatOthersAddedMeanwhileStays() {
        box().add(table(1, 2), networks("first", 1, 2));
        LookupTable both = box().add(table(2, 3), networks("second", 2, 3));
        assertThat(both.entries().stream().map(Entry::getKey)).containsExactly(key(1), key(2), key(3));
        assertThat(both.networks().stream().map(WholeNetwork::getSpace).distinct()).containsExactly("first", "second");
        assertThat(both.calibration()).hasValueSatisfying(fit -> assertThat(fit.getFittedOn()).isEqualTo(6));
        assertThat(LookupTable.load(file).content()).isEqualTo(both.content());
    }
}
