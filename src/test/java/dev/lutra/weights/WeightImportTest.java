package dev.lutra.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.lutra.DebianPython;
import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.weights.SafetensorsFile.Entry;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightImportTest {

    private static final SearchSpace SPACE = SpaceFile.load("shufflenetv2-cifar");
    private static final Architecture ARCHITECTURE = SPACE.parse("0,1,2,3,3,2,1,0,2,3,0,1");
    private static final String SCALED = """
        name: scaled
        title: a layer whose width is searched
        source: this test
        input: {channels: 3, size: 16}
        classes: 5
        scales: [0.5, 1.0, 1.5]
        choices:
          k3: {block: shuffle, kernel: 3}
        layers:
          - {name: stem, block: conv, kernel: 3, channels: 8}
          - {choices: [k3], channels: 16, repeat: 1, stride: 2}
          - {block: global-pool}
          - {name: classifier, block: linear}
        """;

    @TempDir
    private Path folder;

    /** The mapping that the manual teaches with. */
    private static WeightMapping manual() throws IOException {
        String page = Files.readString(Path.of("../docs/reference/weights.md"));
        int from = page.indexOf("```yaml\n") + "```yaml\n".length();
        return WeightMapping.of(YamlNode.parse("weights.md", page.substring(from, page.indexOf("```", from))));
    }

    private static Map<String, Weight> weights(SearchSpace space, Architecture architecture) {
        Map<String, Weight> weights = new LinkedHashMap<>();
        space.build(architecture).ops().forEach(op -> op.weights()
            .forEach(weight -> weights.put(weight.tensor().name(), weight)));
        return weights;
    }

    private static float[] values(String name, long count) {
        Random random = new Random(name.hashCode());
        float[] values = new float[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    /** Their tensors for this architecture, which a test may then change. */
    private static Map<String, List<Integer>> theirs(SearchSpace space, Architecture architecture, WeightMapping mapping) {
        Map<String, List<Integer>> theirs = new LinkedHashMap<>();
        weights(space, architecture).forEach((ours, weight) -> theirs.put(mapping.theirs(ours).orElseThrow(), weight.dims()));
        return theirs;
    }

    private TensorArchive archive(Map<String, List<Integer>> tensors) {
        Path file = folder.resolve("theirs.safetensors");
        List<Entry> entries = new ArrayList<>();
        tensors.forEach((name, dims) -> entries.add(new Entry(name, dims,
            () -> values(name, dims.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b)))));
        SafetensorsFile.write(file, Map.of(), entries);
        return TensorArchive.open(file);
    }

    @Test
    void everyTensorOfOursHoldsTheirValues() throws IOException {
        WeightMapping mapping = manual();
        Map<String, List<Integer>> theirs = theirs(SPACE, ARCHITECTURE, mapping);
        theirs.put("classifier.0.weight", List.of(10, 384, 1, 1)); // as a 1×1 convolution
        theirs.put("features.0.branch_main.1.num_batches_tracked", List.of());
        theirs.put("optimizer.momentum", List.of(3));
        WeightImport planned = new WeightImport(SPACE, ARCHITECTURE, archive(theirs), mapping);
        Map<String, Weight> ours = weights(SPACE, ARCHITECTURE);
        assertThat(planned.report().matched()).containsExactlyElementsOf(ours.keySet());
        assertThat(planned.report().unmatched()).isEmpty();
        assertThat(planned.report().mismatched()).isEmpty();
        assertThat(planned.report().unused()).containsExactly("optimizer.momentum");
        Path out = folder.resolve("out.safetensors");
        planned.write(out);
        TensorFile read = TensorFile.open(out);
        assertThat(read.metadata()).isEqualTo(Map.of("lutra.space", "shufflenetv2-cifar",
            "lutra.architecture", ARCHITECTURE.toString(), "lutra.source", "theirs.safetensors"));
        assertThat(SafetensorsFile.open(out).dims("classifier.linear.weight")).containsExactly(10, 384);
        ours.forEach((name, weight) -> assertThat(read.read(weight)).as(name)
            .isEqualTo(values(mapping.theirs(name).orElseThrow(), weight.elements())));
    }

    @Test
    void aWholeSupernetHasEveryOptionAndNoRunningStatistics() throws IOException {
        WeightMapping mapping = WeightMapping.of(YamlNode.parse("m.yaml", "tensors: {'{name}.{field}': 'net.{name}.{field}', "
            + "'{a}.{b}.{c}': 'net.{a}.{b}.{c}', '{a}.{b}.{c}.{d}': 'net.{a}.{b}.{c}.{d}', '{a}.{b}.{c}.{d}.{e}': 'net.{a}.{b}.{c}.{d}.{e}', "
            + "'{a}.{b}.{c}.{d}.{e}.{f}': 'net.{a}.{b}.{c}.{d}.{e}.{f}'}"));
        Map<String, List<Integer>> theirs = new LinkedHashMap<>();
        Set<String> learned = new HashSet<>();
        Random random = new Random(4);
        for (int i = 0; i < 100; i++) {
            weights(SPACE, SPACE.random(random)).forEach((name, weight) -> {
                theirs.put("net." + name, weight.tensor().dims());
                if (weight.tensor().role().isParameter() && (SPACE.learnsBatchNorm() || !weight.tensor().role().name().startsWith("NORM"))) {
                    learned.add(name);
                }
            });
        }
        WeightImport planned = WeightImport.ofSupernet(SPACE, archive(theirs), mapping, Map.of("format", "any"));
        assertThat(planned.report().matched()).containsExactlyInAnyOrderElementsOf(learned);
        assertThat(planned.report().unmatched()).isEmpty();
        assertThat(planned.report().unused()).as("running statistics are known, but not needed").isEmpty();
        Path out = folder.resolve("supernet.safetensors");
        planned.write(out);
        assertThat(SafetensorsFile.open(out).metadata()).isEqualTo(Map.of("format", "any"));
        assertThat(SafetensorsFile.open(out).names()).containsExactlyInAnyOrderElementsOf(learned);
    }

    @Test
    void missingRunningStatisticsFailAndPartialImportGivesFirstValues() throws IOException {
        WeightMapping mapping = manual();
        Map<String, List<Integer>> theirs = theirs(SPACE, ARCHITECTURE, mapping);
        int all = theirs.size();
        theirs.keySet().removeIf(name -> name.endsWith("running_var") || name.equals("classifier.0.weight"));
        TensorArchive archive = archive(theirs);
        WeightImport planned = new WeightImport(SPACE, ARCHITECTURE, archive, mapping);
        int missing = all - theirs.size();
        assertThat(planned.report().unmatched()).hasSize(missing)
            .contains("classifier.linear.weight: classifier.0.weight (not in the file)");
        Path out = folder.resolve("out.safetensors");
        assertThatThrownBy(() -> planned.write(out)).isInstanceOf(InputException.class)
            .hasMessage(archive.file() + ": " + missing + " of " + all + " tensors without a counterpart,"
                + " the first stem.bn.variance: first_conv.1.running_var (not in the file)");
        assertThat(out).doesNotExist();
        RandomWeights first = new RandomWeights(3);
        planned.write(out, first);
        TensorFile read = TensorFile.open(out);
        Map<String, Weight> ours = weights(SPACE, ARCHITECTURE);
        assertThat(read.read(ours.get("stem.bn.variance"))).containsOnly(1);
        Weight classifier = ours.get("classifier.linear.weight");
        assertThat(read.read(classifier)).isEqualTo(first.read(classifier));
        assertThat(read.read(ours.get("stem.bn.mean"))).isEqualTo(values("first_conv.1.running_mean", 16));
    }

    @Test
    void otherExtentsAndTensorsUsedTwiceAreErrorsEvenInPart() throws IOException {
        WeightMapping mapping = manual();
        Map<String, List<Integer>> theirs = theirs(SPACE, ARCHITECTURE, mapping);
        theirs.put("classifier.0.weight", List.of(384, 10)); // the right number of values in another order
        TensorArchive archive = archive(theirs);
        WeightImport transposed = new WeightImport(SPACE, ARCHITECTURE, archive, mapping);
        assertThat(transposed.report().mismatched())
            .containsExactly("classifier.linear.weight: classifier.0.weight has [384, 10] (expected: [10, 384])");
        Path out = folder.resolve("out.safetensors");
        assertThatThrownBy(() -> transposed.write(out, new RandomWeights(1))).isInstanceOf(InputException.class)
            .hasMessageContaining(": 1 of ")
            .hasMessageContaining(" tensors that their counterpart cannot fill, the first classifier.linear.weight");
        assertThat(out).doesNotExist();
        WeightMapping careless = WeightMapping.of(YamlNode.parse("names.yaml", """
            tensors: {"layer{n}.*.expand.bn.mean": features.0.branch_main.1.running_mean}
            """));
        assertThat(new WeightImport(SPACE, ARCHITECTURE, archive, careless).report().mismatched()).first()
            .isEqualTo("layer2.k5.expand.bn.mean: features.0.branch_main.1.running_mean"
                + " (fills layer1.k3.expand.bn.mean already)");
    }

    @ParameterizedTest
    @CsvSource({"weight, NaN", "weight, -Infinity", "running_var, NaN", "running_var, -0.5"})
    void valuesThatNoNetworkComputesWithAreRefused(String ending, float wrong) throws IOException {
        WeightMapping mapping = manual();
        Map<String, List<Integer>> theirs = theirs(SPACE, ARCHITECTURE, mapping);
        String name = theirs.keySet().stream().filter(tensor -> tensor.endsWith(ending)).findFirst().orElseThrow();
        List<Entry> entries = new ArrayList<>();
        theirs.forEach((tensor, dims) -> entries.add(new Entry(tensor, dims, () -> {
            float[] values = values(tensor, dims.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact));
            values[values.length - 1] = tensor.equals(name) ? wrong : values[values.length - 1];
            return values;
        })));
        Path file = folder.resolve("wrong.safetensors");
        SafetensorsFile.write(file, Map.of(), entries);
        Path out = folder.resolve("out.safetensors");
        WeightImport wrongValues = new WeightImport(SPACE, ARCHITECTURE, TensorArchive.open(file), mapping);
        assertThatThrownBy(() -> wrongValues.write(out)).isInstanceOf(InputException.class)
            .hasMessage(file + ": " + name + ": " + wrong + " (expected: "
                + (ending.equals("weight") ? "finite numbers)" : "variances, finite and not negative)"));
        assertThat(folder).isDirectoryNotContaining("glob:**out*");
    }

    @Test
    void anEmptyMappingListsWhatThereIsToMap() {
        WeightMapping none = WeightMapping.of(YamlNode.parse("names.yaml", "tensors: {}"));
        ImportReport report = new WeightImport(SPACE, ARCHITECTURE, archive(Map.of("a", List.of(1))), none).report();
        assertThat(report.unmatched()).hasSameSizeAs(weights(SPACE, ARCHITECTURE).keySet())
            .startsWith("stem.conv.weight (not in the mapping)");
        assertThat(report.unused()).containsExactly("a");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void searchedWidthsComeFromASubnetOrFromASupernet(boolean supernet) throws IOException {
        Path file = folder.resolve("scaled.yaml");
        Files.writeString(file, SCALED);
        SearchSpace space = SpaceFile.load(file.toString());
        Architecture architecture = space.parse("k3:0.5");
        Map<String, Weight> weights = weights(space, architecture);
        String names = weights.keySet().stream().map(name -> "  " + name + ": " + name + "\n").collect(Collectors.joining());
        WeightMapping same = WeightMapping.of(YamlNode.parse("names.yaml", "tensors:\n" + names));
        Map<String, List<Integer>> theirs = new LinkedHashMap<>();
        weights.forEach((name, weight) -> theirs.put(name, supernet ? weight.tensor().dims() : weight.dims()));
        Weight expand = weights.get("layer1.k3.expand.weight");
        assertThat(expand.dims()).isNotEqualTo(expand.tensor().dims());
        Path out = folder.resolve("out.safetensors");
        new WeightImport(space, architecture, archive(theirs), same).write(out);
        float[] expected = supernet
            ? expand.cut(values("layer1.k3.expand.weight", expand.tensor().elements()))
            : values("layer1.k3.expand.weight", expand.elements());
        assertThat(TensorFile.open(out).read(expand)).isEqualTo(expected);
        Weight wide = weights(space, space.parse("k3:1.0")).get("layer1.k3.expand.weight");
        if (!supernet) {
            assertThatThrownBy(() -> TensorFile.open(out).read(wide)).isInstanceOf(InputException.class)
                .hasMessage(out + ": layer1.k3.expand.weight: [4, 8, 1, 1] (expected: [12, 8, 1, 1] or [8, 8, 1, 1])");
        }
        Weight gone = Weight.whole(new SharedTensor("gone", List.of(1), SharedTensor.Role.BIAS));
        assertThatThrownBy(() -> TensorFile.open(out).read(gone)).isInstanceOf(InputException.class)
            .hasMessage(out + ": no tensor 'gone'");
    }

    @Test
    void theManualsMappingNamesEveryTensorOfTheTwentyBlocksOnce() throws IOException {
        SearchSpace space = SpaceFile.load("spos-shufflenetv2");
        WeightMapping mapping = manual();
        Random random = new Random(4);
        for (int i = 0; i < 20; i++) {
            Set<String> theirs = new HashSet<>();
            weights(space, space.random(random)).keySet()
                .forEach(ours -> assertThat(theirs.add(mapping.theirs(ours).orElseThrow())).as(ours).isTrue());
        }
    }

    /** The whole way of a published network: PyTorch's file in, ONNX Runtime's outputs equal to PyTorch's. */
    @Test
    void importedNetworksComputeWhatPyTorchComputes() throws Exception {
        DebianPython.require("torch", "numpy");
        String script = DebianPython.script(WeightImportTest.class, "released_spos.py");
        DebianPython.run(script, folder, "0,1,2,3,3,2,1,0,2,3,0,1");
        TensorArchive released = TensorArchive.open(folder.resolve("released.npz"));
        WeightMapping mapping = manual();
        WeightImport planned = new WeightImport(SPACE, ARCHITECTURE, released, mapping);
        assertThat(planned.report().unused()).isEmpty();
        Path out = folder.resolve("out.safetensors");
        planned.write(out);
        TensorFile weights = TensorFile.open(out);
        weights(SPACE, ARCHITECTURE)
            .forEach((ours, weight) -> assertThat(weights.read(weight)).as(ours).isEqualTo(released.read(mapping.theirs(ours).orElseThrow())));

        float[] expected = TensorArchive.open(folder.resolve("logits.npy")).read("logits");
        float[] found = run(SPACE.build(ARCHITECTURE), weights, TensorArchive.open(folder.resolve("images.npy")).read("images"));
        assertThat(found).hasSameSizeAs(expected);
        float range = 0;
        for (float value : expected) {
            range = Math.max(range, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i]).isCloseTo(expected[i], within(1e-4f * range));
        }
    }

    private static float[] run(Network network, TensorFile weights, float[] images) throws Exception {
        OnnxOptions options = new OnnxOptions(true, OptionalInt.empty(), Map.of());
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(OnnxExporter.export(network, weights, options).toByteArray());
            OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), new long[]{2, 3, 32, 32});
            OrtSession.Result result = session.run(Map.of("input", input))) {
            FloatBuffer logits = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[logits.remaining()];
            logits.get(values);
            return values;
        }
    }
}
