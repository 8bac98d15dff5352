package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.CorrectionVariances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Kernels;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LookupTableTest {

    @TempDir
    Path folder;

    private static Entry entry(String key, long p50) {
        return Entry.newBuilder().setKey(key).setSignature("in 3x32x32; relu v0 > 3x32x32; out v1")
            .setLabel("small layer1 k3")
            .setLatency(Distribution.newBuilder().setSamples(100).setMinNanos(p50 - 5).setP50Nanos(p50).setP90Nanos(p50 + 10)
                .setP99Nanos(p50 + 20).setP999Nanos(p50 + 30).setMaxNanos(p50 + 40).setMeanNanos(p50 + 0.5)
                .setDeviationNanos(7.25).setRelativeHalfWidth(0.01).setHistogram(ByteString.copyFrom(new byte[]{1, 2, 3})))
            .setCircumstances(Circumstances.newBuilder().setRules(MeasureRules.newBuilder().setMinSamples(50)).setWarmupRuns(20)
                .setSteady(true).setConverged(true).setMeasuredAtMillis(1_700_000_000_000L).setAgentVersion("0.1.0"))
            .build();
    }

    @Test
    void tellsWhereIntegersAreMultiplied() throws IOException {
        assertThat(IntegerKernels.of(table())).as("nothing is to be").isEmpty();
        Entry silent = entry("00000000000000cc", 1000).toBuilder()
            .setSignature("in 3x8x8; quantize u8 v0 to 3x8x8; conv k1 bits 8 v1 to 3x8x8; out v2")
            .build();
        Entry integer = silent.toBuilder().setKey("00000000000000cd").setCircumstances(silent.getCircumstances().toBuilder()
            .setKernels(Kernels.newBuilder().setInteger(2))).build();
        Entry real = silent.toBuilder().setKey("00000000000000ce").setCircumstances(silent.getCircumstances().toBuilder()
            .setKernels(Kernels.newBuilder().setInteger(2).addReal("layer1.depthwise"))).build();
        table().withEntries(List.of(integer)).save(folder.resolve("integer.json"));
        assertThat(IntegerKernels.of(LookupTable.load(folder.resolve("integer.json")))).get().satisfies(kernels -> {
            assertThat(kernels.areAll()).isTrue();
            assertThat(kernels.described()).isEqualTo("1 segments are to multiply integers: all their layers do");
        });
        assertThat(IntegerKernels.of(table().withEntries(List.of(silent, integer, real)))).get().satisfies(kernels -> {
            assertThat(kernels.areAll()).isFalse();
            assertThat(kernels.described()).isEqualTo("3 segments are to multiply integers: 1 of their layers multiply real numbers all the same, "
                + "layer1.depthwise; of 1 the runtime does not tell how it does");
        });
    }

    private static LookupTable table() {
        return LookupTable.of(dev.lutra.proto.LookupTable.newBuilder()
            .setFormat(LookupTable.FORMAT)
            .setDevice(Device.newBuilder().setName("my box/1").setCpu("A CPU").setLogicalCores(2).addGpus("none"))
            .setRuntime(Runtime.newBuilder().setName("onnxruntime").setVersion("1.29.0").setProvider("cpu").setThreads(2))
            .setPrecision("float32").setBatch(1).setSource("measured")
            .setCallOverhead(Distribution.newBuilder().setSamples(10).setP50Nanos(900))
            .addEntries(entry("ffffffffffffffff", 5000)).addEntries(entry("00000000000000aa", 3000))
            .setCalibration(Calibration.newBuilder().setScale(1.125).setBiasNanos(-20).setKendallTau(Double.NaN)
                .setVariances(CorrectionVariances.newBuilder().setBias(1).setScale(2).setOps(3).setShape(4).setFamily(5)
                    .setSegment(6).setNetwork(7))
                .addNetworks(whole(9000)).addNetworks(whole(7000)).addNetworks(whole(8000).setHeldOut(true)))
            .build());
    }

    private static WholeNetwork.Builder whole(long p50) {
        return WholeNetwork.newBuilder().setSpace("small").setArchitecture("k3,k3").setSumOfSegmentsNanos(7100).setWeight(0.5)
            .addSegments("00000000000000aa").addSegments("ffffffffffffffff").addSegments("00000000000000aa")
            .setLatency(Distribution.newBuilder().setP50Nanos(p50));
    }

    private static Path golden() throws URISyntaxException {
        return Path.of(LookupTableTest.class.getResource("golden-table.json").toURI());
    }

    @Test
    void theStoredFormatDoesNotChangeSilently() throws Exception {
        Path file = folder.resolve("table.json");
        table().save(file);
        assertThat(file).hasSameTextualContentAs(golden()).content().endsWith("}\n");
    }

    @Test
    void aStoredTableReadsBackWholeAndIsWrittenByteForByteAgain() throws Exception {
        LookupTable read = LookupTable.load(golden());
        assertThat(read.content()).isEqualTo(table().content());
        assertThat(read.entries()).extracting(Entry::getKey).containsExactly("00000000000000aa", "ffffffffffffffff");
        Path again = folder.resolve("again.json");
        read.save(again);
        assertThat(Files.readAllBytes(again)).isEqualTo(Files.readAllBytes(golden()));
        assertThat(folder).isDirectoryContaining("glob:**/again.json").isDirectoryNotContaining("glob:**.tmp");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"format\": 1 | \"format\": 2 | format: 2 (expected: 1)",
        "\"format\": 1, | | format: missing (expected: 1)",
        "\"batch\": 1, | | batch: 0 (expected: at least 1)",
        "\"name\": \"my box/1\", | | device.name: missing (expected: the device's name)",
        "ffffffffffffffff | 00000000000000aa | entries[1] 00000000000000aa: key given twice",
        "ffffffffffffffff | FFFF | entries[1].key: 'FFFF' (expected: 16 digits of 0-9 and a-f)",
        "\"p50Nanos\": \"5000\" | \"p50Nanos\": \"-1\" | entries[1] %.latency.p50Nanos: -1 (expected: not negative)",
        "\"p50Nanos\": \"5000\" | \"p50Nanos\": \"0\" | entries[1] %.latency.p50Nanos: 0 (expected: more than 0)",
        "\"meanNanos\": 5000.5 | \"meanNanos\": \"NaN\" | entries[1] %.latency.meanNanos: NaN (expected: not negative)",
        "\"p50Nanos\": \"5000\" | \"p50Nanos\": 1.5 | entries[1] ffffffffffffffff: ",
        "\"p50Nanos\": \"900\" | \"p50Nanos\": \"-9\" | callOverhead.p50Nanos: -9 (expected: not negative)",
        "\"p99Nanos\": \"5020\" | \"p99Nanos\": \"4900\" | entries[1] %.latency.p99Nanos: 4900 (expected: at least p50Nanos, 500",
        "\"relativeHalfWidth\": 0.01 | \"relativeHalfWidth\": \"NaN\" | entries[0] 00000000000000aa.latency.relativeHalfWidth: N",
        "\"relativeHalfWidth\": 0.01 | \"relativeHalfWidth\": -1 | entries[0] 00000000000000aa.latency.relativeHalfWidth: -1.0 (",
        "\"meanNanos\": 5000.5 | \"meanNanos\": \"Infinity\" | entries[1] %.latency.meanNanos: Infinity (expected: not negative)",
        "\"p50Nanos\": \"7000\" | \"p50Nanos\": \"7000\", \"p99Nanos\": \"70\" | calibration.networks[1].latency.p99Nanos: 70 (e",
        "\"shape\": 4.0 | \"shape\": 0 | calibration.variances.shape: 0.0 (expected: more than 0)",
        "\"p50Nanos\": \"7000\" | \"p50Nanos\": \"0\" | calibration.networks[1].latency.p50Nanos: 0 (expected: more than 0)",
        "\"p999Nanos\": \"5030\" | \"p9999Nanos\": \"5030\" | entries[1] %: Cannot find field: p9999Nanos in message",
        "\"precision\" | \"precisoin\" | Cannot find field: precisoin in message lutra.v1.LookupTable"})
    void mistakesAreNamedWithFileAndPlace(String right, String wrong, String message) throws Exception {
        Path file = folder.resolve("wrong.json");
        String text = Files.readString(golden());
        assertThat(text).contains(right);
        Files.writeString(file, text.replace(right, wrong == null ? "" : wrong));
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": " + message.replace("%", "ffffffffffffffff")).hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "meanRelativeError | NaN | NaN (expected: finite, at least 0)",
        "worstRelativeError | Infinity | Infinity (expected: finite, at least 0)",
        "uncalibratedMeanRelativeError | -0.1 | -0.1 (expected: finite, at least 0)",
        "within5Percent | 95 | 95.0 (expected: 0 to 1)",
        "within10Percent | NaN | NaN (expected: 0 to 1)",
        "intervalCoverage | 1.5 | 1.5 (expected: 0 to 1)",
        "uncalibratedKendallTau | -2 | -2.0 (expected: -1 to 1)",
        "noiseFloor | Infinity | Infinity (expected: finite, at least 0)",
        "p99MeanRelativeError | -1 | -1.0 (expected: finite, at least 0)",
        "p99IntervalCoverage | 2 | 2.0 (expected: 0 to 1)"})
    void whatHeldOutNetworksSayIsInItsRange(String name, String value, String message) throws Exception {
        Path file = folder.resolve("wrong.json");
        Files.writeString(file, Files.readString(golden()).replace("\"scale\": 1.125", "\"scale\": 1.125, \"" + name + "\": \"" + value + "\""));
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": calibration." + name + ": " + message);
    }

    @Test
    void whatNoNetworkWasHeldOutForIsNotStated() throws Exception {
        Path file = folder.resolve("table.json");
        Files.writeString(file, Files.readString(golden()).replace("\"heldOut\": true", "\"heldOut\": false")
            .replace("\"scale\": 1.125", "\"scale\": 1.125, \"meanRelativeError\": \"NaN\", \"intervalCoverage\": \"NaN\""));
        assertThat(LookupTable.load(file).calibration().orElseThrow().getMeanRelativeError()).isNaN();
    }

    /** As a device of 64 letters has, with a suffix for a while, on a file system of 255 bytes a name. */
    @Test
    void longNamesHaveFilesOfTheirOwn() {
        Set<String> files = new HashSet<>();
        for (String device : List.of("手".repeat(64), "手".repeat(63) + "机", "手".repeat(21), "ж".repeat(31), "я".repeat(64))) {
            LookupTable named = LookupTable.of(table().content().toBuilder()
                .setDevice(table().content().getDevice().toBuilder().setName(device)).build());
            named.save(folder.resolve(named.fileName()));
            assertThat(LookupTable.load(folder.resolve(named.fileName())).content().getDevice().getName()).isEqualTo(device);
            files.add(named.fileName());
        }
        assertThat(files).hasSize(5);
        assertThat(files).as("those that fit keep theirs").contains("%E6%89%8B".repeat(21) + "-onnxruntime-1.29.0-cpu-t2.json");
    }

    @Test
    void anEntryWithoutALatency() throws Exception {
        Path file = folder.resolve("wrong.json");
        Files.writeString(file, Files.readString(golden()).replaceFirst("(?s)\"latency\": \\{.*?\\},", ""));
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": entries[0] 00000000000000aa: no latency");
    }

    @Test
    void aCalibrationThatNothingFollowsFrom() throws Exception {
        Path file = folder.resolve("wrong.json");
        String text = Files.readString(golden());
        Files.writeString(file, text.replaceAll("\"weight\": 0.5", "\"weight\": 0"));
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": calibration.networks[0].weight: 0.0 (expected: more than 0, at most 1)");
        Files.writeString(file, text.replaceFirst("(?s)(.*)\"00000000000000aa\"", "$1\"00000000000000bb\""));
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": calibration.networks[2].segments: no entry for 00000000000000bb");
        Files.writeString(file, text.replaceFirst("(?s)\"networks\": \\[.*?\n    }\\],", ""));
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": calibration.networks: 0 that are not held out (expected: at least 2)");
    }

    @Test
    void filesThatAreNoTables() throws IOException {
        Path missing = folder.resolve("missing.json");
        assertThatThrownBy(() -> LookupTable.load(missing)).isInstanceOf(InputException.class)
            .hasMessage(missing + ": no such file");
        Path file = Files.writeString(folder.resolve("wrong.json"), "{\n\"format\": 1,\n\"format\": 1}");
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ":3: not JSON: Duplicate field 'format'");
        Files.writeString(file, "[1]");
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": not a JSON object (expected: a lookup table)");
        Files.writeString(file, "");
        assertThatThrownBy(() -> LookupTable.load(file)).isInstanceOf(InputException.class)
            .hasMessageNotContaining("\n");
    }

    @Test
    void anEntryContainsTheCallOfItsOwnDay() {
        Entry late = entry("00000000000000bb", 5000).toBuilder().setCallOverheadNanos(2000).build();
        LookupTable table = table().withEntries(List.of(late));
        assertThat(table.ownNanos("ffffffffffffffff")).isEqualTo(5000 - 900);
        assertThat(table.ownNanos("00000000000000bb")).isEqualTo(5000 - 2000);
        assertThat(table.callOverheadNanos()).isEqualTo(900);
    }

    @Test
    void whatIsForgottenIsCounted() {
        LookupTable once = table().without(List.of("ffffffffffffffff"));
        assertThat(once.entries()).hasSize(1);
        assertThat(once.calibration()).isEmpty();
        LookupTable twice = once.withEntries(List.of(entry("ffffffffffffffff", 6000))).without(List.of("ffffffffffffffff"));
        Path file = folder.resolve("table.json");
        twice.save(file);
        assertThat(LookupTable.load(file).timesForgotten("ffffffffffffffff")).isEqualTo(2);
        assertThat(LookupTable.load(file).timesForgotten("00000000000000aa")).isZero();
        assertThatThrownBy(() -> twice.without(List.of("ffffffffffffffff"))).isInstanceOf(InputException.class)
            .hasMessageContaining("no entry ffffffffffffffff");
    }

    @Test
    void namesOfFiles() {
        assertThat(table().fileName()).isEqualTo("my%20box%2F1-onnxruntime-1.29.0-cpu-t2.json");
        LookupTable other = LookupTable.of(table().content().toBuilder().setPrecision("int8").setBatch(32)
            .setDevice(Device.newBuilder().setName("../pixel-8")).build());
        assertThat(other.fileName()).isEqualTo("%2E.%2Fpixel-8-onnxruntime-1.29.0-cpu-t2-int8-b32.json");
    }

    @Test
    void newEntriesReplaceOldOnesAndEndTheCalibration() {
        LookupTable more = table().withEntries(List.of(entry("ffffffffffffffff", 6000), entry("0123456789abcdef", 1000)));
        assertThat(more.entries()).hasSize(3);
        assertThat(more.entry("ffffffffffffffff").orElseThrow().getLatency().getP50Nanos()).isEqualTo(6000);
        assertThat(table().calibration()).isPresent();
        assertThat(more.calibration()).isEmpty();
    }
}
