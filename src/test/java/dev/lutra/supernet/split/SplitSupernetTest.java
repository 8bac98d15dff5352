package dev.lutra.supernet.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transition.PhaseEnd;
import dev.lutra.supernet.curriculum.Transitions;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingListener;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several supernets over a split of a space. */
class SplitSupernetTest {

    private static final String SPLIT = "[{share: 0.5, sampling: uniform, then: {split: {by: layer1.choice}}}, {sampling: uniform}]";

    @TempDir
    private Path folder;
    private SearchSpace whole;
    private SplitSpace split;

    @BeforeEach
    void load() throws IOException {
        whole = TestNetworks.space(folder);
        split = (SplitSpace) curriculum(SPLIT).trained(whole);
    }

    private static Curriculum curriculum(String phases) {
        return Curriculum.read(YamlNode.parse("f", phases), Samplings.ALL, Transitions.ALL.with(Split.NAME, Split::of));
    }

    private static TrainingSettings settings(String phases, int epochs) {
        return new TrainingSettings(epochs, 8, curriculum(phases), 0.05, 0, Schedule.COSINE, 0.9, 4e-5, 0, 3);
    }

    private Network network(String architecture) {
        return split.build(split.parse(architecture));
    }

    private static Set<SharedTensor> tensors(Network network) {
        return network.ops().stream().flatMap(op -> op.weights().stream()).map(Weight::tensor).collect(Collectors.toSet());
    }

    @Test
    void weightsAreSharedWithinAPartAlone() {
        Network one = network("k3:1.0,k3:1.0,k3:1.0,k3:1.0");
        assertThat(tensors(one)).as("another gene differs").anyMatch(tensors(network("k3:1.0,k5:1.0,k3:1.0,k3:1.0"))::contains);
        assertThat(tensors(one)).as("the gene that splits").noneMatch(tensors(network("k5:1.0,k3:1.0,k3:1.0,k3:1.0"))::contains);
        assertThat(split.parts(Options.all(split))).containsExactly("@layer1.choice:k3", "@layer1.choice:k5", "@layer1.choice:xception");
        assertThat(tensors(one)).allMatch(tensor -> tensor.name().endsWith("@layer1.choice:k3"));
    }

    @Test
    void nothingElseDiffers() {
        for (String text : new String[]{"k3:1.0,k5:0.5,xception:1.0,k3:1.0", "xception:0.5,k3:1.0,k3:0.5,k5:1.0"}) {
            Architecture architecture = whole.parse(text);
            assertThat(split.parse(text)).isEqualTo(architecture);
            Network before = whole.build(architecture);
            Network after = split.build(architecture);
            assertThat(Cost.of(after)).isEqualTo(Cost.of(before));
            assertThat(after.segments()).extracting(Segment::key).isEqualTo(before.segments().stream().map(Segment::key).toList());
        }
        assertThat(split.fingerprint()).isNotEqualTo(whole.fingerprint());
        Set<SharedTensor> all = tensors(whole);
        int own = (int) all.stream().filter(tensor -> tensor.name().startsWith("layer1.")).count();
        assertThat(own).isPositive();
        assertThat(tensors(split)).as("three of each, but of what is in one part alone").hasSize(3 * (all.size() - own) + own);
    }

    private static Set<SharedTensor> tensors(SearchSpace space) {
        return space.everyOption().stream().flatMap(network -> tensors(network).stream()).collect(Collectors.toSet());
    }

    @Test
    void everyPartGoesOnFromTheWeightsAndMomentaOfTheWhole() {
        Architecture path = whole.parse("k3:1.0,k5:1.0,k3:1.0,k3:1.0");
        TrainingSettings settings = settings(SPLIT, 2);
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu()); Learner learner = new Learner(weights, settings, false)) {
            learner.step(List.of(whole.build(path)), TestNetworks.randomBatch(8, 16, 4, 1), 0.1, 1);
            Map<String, float[]> learned = new TreeMap<>();
            weights.momenta().keySet().forEach(name -> learned.put(name, weights.learned(name).toFloatArray()));
            Map<String, float[]> momenta = new TreeMap<>();
            weights.momenta().forEach((name, momentum) -> momenta.put(name, momentum.toFloatArray()));
            Phase phase = settings.curriculum().phases().get(0);
            Options two = Options.all(whole).without(0, 2);
            phase.then().get(0).apply(new PhaseEnd(phase, two, two, weights, architectures -> Map.of(), network -> null, 1));
            assertThat(weights.momenta()).as("of the options that are left").hasSize(2 * learned.size());
            learned.forEach((name, values) -> {
                for (String part : split.parts(two)) {
                    assertThat(weights.learned(name + part).toFloatArray()).isEqualTo(values);
                    assertThat(weights.momenta().get(name + part).toFloatArray()).isEqualTo(momenta.get(name));
                }
            });

            learner.step(List.of(split.build(path)), TestNetworks.randomBatch(8, 16, 4, 2), 0.1, 2);
            learned.forEach((name, values) -> {
                assertThat(weights.learned(name + "@layer1.choice:k5").toFloatArray()).as("another part").isEqualTo(values);
                assertThat(weights.learned(name + "@layer1.choice:k3").toFloatArray()).as("its own").isNotEqualTo(values);
            });
        }
    }

    @Test
    void anArchitectureIsJudgedByThePartThatHasIt() {
        Path checkpoint = folder.resolve("c.safetensors");
        try (ImageData data = ImageData.open(DataSpec.of(new Source.Synthetic(4, 20), 16, 1), folder.resolve("cache"), DataProgress.NONE);
            SupernetWeights weights = new Trainer(whole, data, settings(SPLIT, 4), EvaluationSettings.defaults(), checkpoint, Device.cpu())
                .train(TrainingListener.NONE);
            SubnetEvaluator evaluator = new SubnetEvaluator(split, weights, data, new EvaluationSettings(16, 8, 8, 1, 1));
            var images = data.validation().inOrder(8, 8)) {
            var batch = images.next();
            Architecture own = split.parse("k3:1.0,k3:1.0,k3:1.0,k3:1.0");
            Architecture other = split.parse("k5:1.0,k3:1.0,k3:1.0,k3:1.0");
            float[] before = evaluator.logits(own, Precision.FLOAT32, batch);
            float[] ofOther = evaluator.logits(other, Precision.FLOAT32, batch);
            tensors(split.build(other)).stream().filter(tensor -> tensor.role().isParameter())
                .forEach(tensor -> weights.set(tensor, new float[Math.toIntExact(tensor.elements())]));
            assertThat(evaluator.logits(own, Precision.FLOAT32, batch)).isEqualTo(before);
            assertThat(evaluator.logits(other, Precision.FLOAT32, batch)).isNotEqualTo(ofOther);
            try (SupernetWeights read = Checkpoint.load(checkpoint, split, Device.cpu())) {
                assertThat(read.momenta().keySet()).isNotEmpty().allMatch(name -> name.matches("[^@]+@layer1\\.choice:[^@]+"));
            }
            assertThatThrownBy(() -> Checkpoint.load(checkpoint, whole, Device.cpu())).isInstanceOf(InputException.class)
                .hasMessageContaining("trained on another space than tiny");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[{sampling: uniform, then: {split: {by: layer1}}}] | split after the last phase (expected: before another phase)",
        "[{share: 0.5, sampling: uniform, then: {split: {by: layer1}}}, {share: 0.2, sampling: first-path, then: inherit}, {sampling: fair}] "
            + "| split before a phase that trains one path (expected: after it)",
        "[{share: 0.5, sampling: uniform, then: {split: {by: layer1}}}, {share: 0.2, sampling: uniform, then: widen}, {sampling: fair}] "
            + "| split before weights are handed on or split again (expected: once, after that)",
        "[{share: 0.5, sampling: uniform, then: [{split: {by: layer1}}, shrink]}, {sampling: fair}] "
            + "| split before something else at the end of one phase (expected: last there)",
        "[{share: 0.5, sampling: uniform, then: {split: {by: layer1}}}, {share: 0.2, sampling: uniform, then: {shrink: {by: angle}}}, "
            + "{sampling: fair}] | shrink by angle after split, which gives weights other first values (expected: rebase between them)"})
    void whatMakesNoSenseIsRefused(String phases, String problem) {
        assertThatThrownBy(() -> curriculum(phases)).isInstanceOf(InputException.class).hasMessageContaining(problem);
    }

    @Test
    void itIsByGenesOrLayersOfTheSpaceAndIntoFewParts() {
        curriculum(SPLIT).requireFits(whole);
        curriculum(SPLIT.replace("layer1.choice", "[layer1, layer2.choice]")).requireFits(whole);
        assertThatThrownBy(() -> curriculum(SPLIT.replace("layer1.choice", "layer9")).requireFits(whole)).isInstanceOf(InputException.class)
            .hasMessage("supernet.phases[0].then: split by layer9 (expected: genes or layers of tiny, such as layer1.choice)");
        assertThatThrownBy(() -> curriculum(SPLIT.replace("layer1.choice", "[layer1, layer2, layer3]")).requireFits(whole))
            .hasMessage("supernet.phases[0].then: split into 216 supernets (expected: 2 to 64)");
    }
}
