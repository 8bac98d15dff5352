package dev.lutra.latency.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.latency.published.TableFormat;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Entry;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.space.interchange.ArchitectureFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables of others: the committed ones say what was published, and the publishers' files give exactly them. */
class TableImportTest {

    private static final Path COMMITTED = Path.of("..", "lut");
    private static final Path PUBLISHED = Path.of("..", "..", "shared", "data", "lut");
    private static final double MILLI = 1e6;

    /** Its MACs, parameters and sum are published and fit no other; only the order of a stage's equal layers they do not tell. */
    private static final String NOTE10_30MS = "k3e3,k3e3,skip,skip, k5e4,k3e3,k3e4,skip, k5e4,k3e3,k5e4,skip, "
        + "k3e6,k3e4,k3e4,skip, k3e6,k3e3,k3e4,k3e6";

    @TempDir
    private Path folder;

    private static LookupTable committed(String name) {
        return LookupTable.load(COMMITTED.resolve(name));
    }

    private static double millis(LookupTable table, Network network) {
        return new LatencyModel(table).predict(network).nanos() / MILLI;
    }

    private static double millis(String table, String space, String architecture) {
        SearchSpace searched = SpaceFile.load(space);
        return millis(committed(table), searched.build(searched.parse(architecture)));
    }

    @Test
    void ofTwoFilesNeitherWinsSilently() throws IOException {
        Path first = Files.writeString(folder.resolve("a.json"), "{\"layer 1\": {\"0\": 4.5}}");
        Path second = Files.writeString(folder.resolve("b.json"), "{\"layer 2\": {\"0\": 4.5},\n\"layer 1\": {\"0\": 5.5}}");
        assertThatThrownBy(() -> TableImport.read(TableFormat.named("singlepath", first), List.of(first, second), Optional.empty(), List.of()))
            .isInstanceOf(InputException.class)
            .hasMessageStartingWith(second + ":2: ").hasMessageContaining("given twice (expected: every key once, in all files together)");
    }

    private static TableImport.Result read(TableFormat format, Path file) {
        return TableImport.read(format, List.of(file), Optional.empty(), List.of());
    }

    @ParameterizedTest
    @CsvSource({"proxylessnas, proxylessnas_mobile.csv, pixel1-proxylessnas.json", "ofa, ofa_note10.csv, note10-ofa.json",
        "singlepath, singlepath_pixel1.csv, pixel1-singlepath.json", "tfnas, tfnas_cpu.csv, xeon-gold-6130-tfnas-cpu.json",
        "tfnas, tfnas_gpu.csv, titan-rtx-tfnas-gpu.json"})
    void theCommittedTableIsWhatThePublishersFileGives(String name, String published, String table) throws IOException {
        Path file = PUBLISHED.resolve(published);
        assumeTrue(Files.exists(file), file + " is not there");
        TableFormat format = TableFormat.named(name, file);
        TableImport.Result result = read(format, file);
        Path written = folder.resolve(table);
        result.table().save(written);
        assertThat(written).hasSameTextualContentAs(COMMITTED.resolve(table));
        TableImport.Coverage own = result.coverage().get(0);
        assertThat(own.missing()).isEmpty();
        assertThat(own.covered()).isEqualTo(own.segments()).isGreaterThan(40);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        NOTE10_30MS + " | 339352816 | 7465896 | 29.9653",
        "k3e3,k3e3,skip,skip, k5e3,k3e3,k5e6,skip, k5e4,k3e3,k5e4,skip, k5e6,k3e4,k3e4,k5e4, k3e6,k3e3,k3e6,k7e6"
            + " | 389487856 | 8386544 | 34.9229",
        "k3e3,k3e3,skip,skip, k5e3,k3e4,skip,skip, k7e4,k3e3,k5e4,skip, k5e6,k3e3,k3e4,k3e4, k3e6,k3e3,k3e6,k3e6"
            + " | 355469648 | 8168608 | 31.3819"})
    void note10SumsOfPublishedNetworks(String architecture, long macs, long params, double millis) {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12");
        Network network = space.build(space.parse(architecture));
        assertThat(Cost.of(network.ops())).isEqualTo(new Cost(macs, params));
        assertThat(millis(committed("note10-ofa.json"), network)).isCloseTo(millis, within(1e-4));
    }

    @Test
    void anotherCutOfTheSameNetworkHasTheSameSum() {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12");
        Path file = folder.resolve("net.config");
        new ArchitectureFile(space, space.parse(NOTE10_30MS)).writeNetConfig(file);
        ArchitectureFile read = ArchitectureFile.read(file);
        Network network = read.space().build(read.architecture());
        assertThat(network.segments().get(0).ops())
            .hasSizeLessThan(space.build(space.parse(NOTE10_30MS)).segments().get(0).ops().size());
        assertThat(millis(committed("note10-ofa.json"), network)).isCloseTo(29.9653, within(1e-4));
    }

    @ParameterizedTest
    @CsvSource({"160", "176", "192", "208", "224"})
    void note10HasEveryImageSize(int size) {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12").withImageSize(size);
        assertThat(SegmentCatalog.of(space).missingFrom(committed("note10-ofa.json"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"k3e3, 65.6914", "k3e6, 110.6524", "k5e3, 76.3622", "k5e6, 131.4578"})
    void singlePathSumsOfOneOption(String option, double millis) {
        String everywhere = String.join(",", Collections.nCopies(20, option));
        assertThat(millis("pixel1-singlepath.json", "single-path-nas", everywhere)).isCloseTo(millis, within(2e-5));
    }

    @Test
    void singlePathSumOfItsNetworkAsTimmHasIt() {
        String architecture = "k3e3,k3e3,k3e3,skip, k5e6,k3e3,k3e3,k3e3, "
            + "k5e6,k3e3,k3e3,k3e3, k5e6,k5e3,k5e3,k5e3, k5e6,k5e6,k5e6,k5e6";
        // 80.4411 by the figures of each layer; three equal layers share the mean of theirs here, and one of them is left out
        assertThat(millis("pixel1-singlepath.json", "single-path-nas", architecture)).isCloseTo(80.4411, within(0.005));
    }

    @Test
    void proxylessnasLacksThreeBlocksOfItsPublishedNetwork() {
        SearchSpace space = SpaceFile.load("proxylessnas");
        Network network = space.build(space.parse("k5e3,k3e3,Z,Z, k7e3,k3e3,k5e3,k5e3, k7e6,k5e3,k5e3,k5e3, k5e6,k5e3,k5e3,k5e3, "
            + "k7e6,k7e6,k7e3,k7e3, k7e6"));
        LookupTable table = committed("pixel1-proxylessnas.json");
        List<Segment> missing = new LatencyModel(table).missing(network);
        assertThat(missing).hasSize(3);
        long rest = network.segments().stream().filter(segment -> !segment.ops().isEmpty())
            .flatMap(s -> table.entry(s.key()).stream())
            .mapToLong(entry -> entry.getLatency().getP50Nanos()).sum();
        assertThat(rest / MILLI).isCloseTo(63.7055, within(1e-4));
        assertThatThrownBy(() -> new LatencyModel(table).predict(network)).isInstanceOf(InputException.class)
            .hasMessageContaining("pixel1-proxylessnas.json: no entry for layer1 (" + missing.get(0).key()
                + ": expanded_conv-input:112x112x16-output:56x56x32-expand:3-kernel:5-stride:2-idskip:0), layer2 (")
            .hasMessageContaining(": expanded_conv-input:56x56x32-output:28x28x40-expand:3-kernel:7-stride:2-idskip:0)");
    }

    @Test
    void tfNasIsItsBaseAndOneOffsetABlock() {
        String architecture = "k3e3,skip, k5e6se,skip,skip, k3e3se,skip,skip,skip, "
            + "k3e6,skip,skip,skip, k5e3,skip,skip,skip, k3e6se";
        // 112_16_0_24_k3_s2_relu 48, 56_24_48_40_k5_s2_swish 144, 28_40_40_80_k3_s2_swish 120, 14_80_0_112_k3_s1_swish 480,
        // 14_112_0_192_k5_s2_swish 336, 7_192_384_320_k3_s1_swish 1152
        assertThat(millis("xeon-gold-6130-tfnas-cpu.json", "tf-nas", architecture))
            .isCloseTo(9.35647 + 3.3244 + 4.20302 + 2.24253 + 2.12609 + 1.77757 + 4.04253, within(1e-5));
        assertThat(millis("titan-rtx-tfnas-gpu.json", "tf-nas", architecture)).isCloseTo(
            1.98581 + 1.17671 + 1.52283 + 0.380277 + 0.517952 + 0.256771 + 0.635453, within(1e-5));
        assertThat(committed("titan-rtx-tfnas-gpu.json").content().getBatch()).isEqualTo(32);
    }

    @Test
    void anImportedTableSaysWhatItIs() {
        LookupTable table = committed("note10-ofa.json");
        assertThat(table.isMeasured()).isFalse();
        assertThat(table.content().getSource()).contains("han-cai/files").contains("Note 10");
        assertThat(table.callOverheadNanos()).isZero();
        assertThat(table.entries()).noneMatch(Entry::hasCircumstances).allMatch(entry -> entry.getLatency().getSamples() > 0);
        assertThat(table.entries()).anyMatch(entry -> entry.getLabel().equals("r224 Conv-input:224x224x3-output:112x112x24 + r224 "
            + "expanded_conv-input:112x112x24-output:112x112x24-expand:24-kernel:3-stride:1-idskip:1-se:0-hs:0")
            && Math.abs(entry.getLatency().getMeanNanos() - (0.994418 + 1.7728) * MILLI) < 1
            && Math.abs(entry.getLatency().getDeviationNanos() - Math.hypot(0.017268, 0.0266306) * MILLI) < 1);
    }

    @Test
    void aTableFindsTheNetworksThatKeepALimitWithoutADevice() {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12");
        String latency = Measure.latency("note10");
        CheapMeasures measures = CheapMeasures.counted(space, Map.of("note10", new LatencyModel(committed("note10-ofa.json"))));
        CandidateEvaluator judge = new CandidateEvaluator(space, measures, List.of(Constraint.atMost(latency, 30_000_000)),
            AccuracySource.oneByOne(architecture -> 1 - 1e8 / Cost.of(space.build(architecture).ops()).macs()), CandidateLog.inMemory());
        Nsga2Search.Settings settings = Nsga2Search.Settings.DEFAULT.withSize(12, 4).withSeed(3);
        Front front = new Nsga2Search(judge, List.of(Objective.parse("accuracy"), Objective.parse(latency)), settings)
            .run(SearchListener.NONE);
        assertThat(front.candidates()).isNotEmpty()
            .allSatisfy(candidate -> assertThat(candidate.measures().values().get(latency)).isBetween(10e6, 30e6));
    }

    @Test
    void aUsersOwnSpaceIsCoveredToo() throws IOException {
        Path space = Files.writeString(folder.resolve("narrow.yaml"), """
            name: narrow
            title: One block of TF-NAS-A
            source: its published network
            input: {channels: 16, size: 112}
            classes: 10
            choices:
              wide: {block: mb, kernel: 3, expand: 5.1875, se: true, squeeze-excite: {ratio: 2, of: block-input, gate: sigmoid}}
            layers:
              - {choices: [wide], channels: 24, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        Path file = Files.writeString(folder.resolve("cpu.csv"), "key,mid_index,ms\nbase,,9\n"
            + "MBInvertedResBlock_112_16_32_24_k3_s2_relu,83,4.5\n"
            + "MBInvertedResBlock_112_16_32_24_k3_s2_relu,3,-0.5\n");
        SearchSpace own = SpaceFile.load(space.toString());
        TableImport.Result result = TableImport.read(TableFormat.TFNAS_CPU, List.of(file), Optional.of("mine"), List.of(own));
        assertThat(result.table().content().getDevice().getName()).isEqualTo("mine");
        TableImport.Coverage coverage = result.coverage().get(1);
        assertThat(coverage.covered()).isEqualTo(1);
        assertThat(coverage.missing()).singleElement().asString().startsWith("narrow head");
        Architecture only = own.architecture(new int[1]);
        assertThat(result.table().entry(own.build(only).segments().get(0).key()).orElseThrow().getLatency().getP50Nanos())
            .isEqualTo(4_500_000);
    }

    @Test
    void thePublishersOwnLayoutsGiveTheSameFigures() throws IOException {
        Path csv = Files.writeString(folder.resolve("t.csv"),
            "key,count,mean_ms,var\n"
                + "expanded_conv-input:7x7x192-output:7x7x320-expand:6-kernel:7-stride:1-idskip:0,166,5.5,0.25\n");
        Path yaml = Files.writeString(folder.resolve("t.yaml"), """
            expanded_conv-input:7x7x192-output:7x7x320-expand:6-kernel:7-stride:1-idskip:0:
              count: 166
              mean: 5.5
              var: 0.25
            """);
        LookupTable table = read(TableFormat.PROXYLESSNAS, csv).table();
        assertThat(table.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.getLatency().getP50Nanos()).isEqualTo(5_500_000);
            assertThat(entry.getLatency().getDeviationNanos()).isEqualTo(500_000);
            assertThat(entry.getLatency().getSamples()).isEqualTo(166);
        });
        assertThat(read(TableFormat.PROXYLESSNAS, yaml).table().content()).isEqualTo(table.content());

        String block = "expanded_conv-input:12x12x136-output:12x12x136-expand:408-kernel:3-stride:1-idskip:1-se:1-hs:1";
        Path ofa = Files.writeString(folder.resolve("192_lookup_table.yaml"), block + ": {count: 9, mean: 2, std: 0.5}\n");
        assertThat(read(TableFormat.OFA, ofa).table().entries()).singleElement()
            .satisfies(entry -> assertThat(entry.getLabel()).isEqualTo("r192 " + block));

        Path layers = Files.writeString(folder.resolve("t.json"), "{\"layer 1\": {\"0\": 4.0, \"3\": 9.0}}");
        assertThat(read(TableFormat.SINGLEPATH, layers).table().entries()).extracting(Entry::getLabel)
            .contains("layer 1 option 0", "layer 1 option 3", "fixed parts").hasSize(4);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "proxylessnas | key,count,mean_ms | t.csv:1: no column 'var' (found: key, count, mean_ms)",
        "proxylessnas | key,count,mean_ms,var;a,1,fast,0 | t.csv:2: mean_ms: 'fast' (expected: a number of at least 0)",
        "proxylessnas | key,count,mean_ms,var;a,1,-1,0 | t.csv:2: mean_ms: '-1' (expected: a number of at least 0)",
        "proxylessnas | key,count,mean_ms,var;a,0,1,0 | t.csv:2: count: '0' (expected: a number of at least 1)",
        "proxylessnas | key,count,mean_ms,var;a,1,NaN,0 | t.csv:2: mean_ms: 'NaN'",
        "proxylessnas | key,count,mean_ms,var;a,1,1,0;a,1,1,0 | t.csv:3: key: a: given twice (expected: every key once)",
        "proxylessnas | key,count,mean_ms,var;a,1 | t.csv:2: 2 cells (expected: 4, as in the header)",
        "proxylessnas | key,count,mean_ms,var;a,1,1,0 | t.csv: nothing for any segment of proxylessnas-24, ",
        "ofa | resolution,key,count,mean_ms,std_ms;224,a,1,1,-1 | t.csv:2: std_ms: '-1' (expected: a number of at least 0)",
        "singlepath | layer,op,milliseconds;1,0,1 | t.csv:1: no column 'ms'",
        "tfnas-cpu | key,mid_index,ms;base,,x | t.csv:2: ms: 'x'",
        "tfnas | key,mid_index,ms | t.csv: cpu or gpu? (expected: format tfnas-cpu or tfnas-gpu)",
        "fbnet | key | format: fbnet (expected: one of proxylessnas, ofa, singlepath, tfnas)"})
    void mistakesArePlaced(String format, String text, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("t.csv"), text.replace(';', '\n') + "\n");
        assertThatThrownBy(() -> read(TableFormat.named(format, file), file)).isInstanceOf(InputException.class)
            .message().satisfies(said -> assertThat(said).contains(message))
            .satisfies(said -> assertThat(said.lines()).hasSize(1));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "t.yaml | a: {count: 1, mean: 1, std: 1} | t.yaml: no image size (expected: a name like 224_lookup_table.yaml)",
        "224_t.yaml | a: {count: 1, std: 1} | 224_t.yaml:1: a: no 'mean'"})
    void mistakesInOriginalFilesArePlaced(String name, String text, String message) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text + "\n");
        assertThatThrownBy(() -> read(TableFormat.OFA, file)).isInstanceOf(InputException.class).hasMessageContaining(message);
    }

    @Test
    void aKeyOfTwoFilesIsNamed() throws IOException {
        Path first = Files.writeString(folder.resolve("a.json"), "{\"layer 1\": {\"0\": 1.5}}");
        Path second = Files.writeString(folder.resolve("b.json"), "{\n\"layer 1\": {\"0\": 2.5}}");
        assertThatThrownBy(() -> TableImport.read(TableFormat.SINGLEPATH, List.of(first, second), Optional.empty(), List.of()))
            .isInstanceOf(InputException.class).hasMessage(second + ":2: layer 1.0: given twice (expected: every key once, in all files together)");
    }

    @Test
    void noTwoFormatsShareASource() {
        Set<String> sources = Arrays.stream(TableFormat.values()).map(TableFormat::source).collect(Collectors.toSet());
        assertThat(sources).hasSameSizeAs(TableFormat.values());
    }
}
