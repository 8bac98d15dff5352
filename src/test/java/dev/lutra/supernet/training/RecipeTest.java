package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.lutra.InputException;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.StochasticDepth;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Descent;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.weights.SafetensorsFile;
import dev.lutra.weights.TensorFile;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All that a training may do besides going down the gradient. */
class RecipeTest {

    private static final String EVERYTHING = """
        {ema: 0.9, mixup: 0.4, stochastic-depth: {rate: 0.3, rises: true}, auxiliary: 0.4, batch-norm-epoch: true,
         augmentation: [lighting, {rand-augment: {magnitude: 12}}, {cutout: {size: 6}}]}""";
    private static final String DESCENT = """
        {adamw: {lr: 0.004, warm-up: 0.1, schedule: {exponential: {factor: 0.8, smooth: true}}, lowest: 0.001, clip: {value: 1, norm: 5}}}""";
    private static final int EPOCHS = 3;

    @TempDir
    Path folder;

    private static TrainingSettings settings(SearchSpace space, Recipe recipe, Descent descent, int epochs) {
        return new TrainingSettings(epochs, 16, Curriculum.of(Sampling.fixed(architecture(space))), descent, 0.1, Guidance.NONE, recipe, 1);
    }

    private static Architecture architecture(SearchSpace space) {
        return space.parse("k3e2,k5e4");
    }

    private static SupernetWeights train(Path folder, Path checkpoint, TrainingListener listener) throws IOException {
        SearchSpace space = TestNetworks.elasticSpace(folder);
        try (ImageData data = data(folder)) {
            return new Trainer(space, data, settings(space, Recipe.read(YamlNode.parse("f", EVERYTHING), true),
                Descent.read(YamlNode.parse("f", DESCENT)), EPOCHS), EvaluationSettings.defaults(), checkpoint, Device.cpu()).train(listener);
        }
    }

    private static ImageData data(Path folder) {
        return ImageData.open(DataSpec.of(new Source.Synthetic(4, 40), 16, 1), folder.resolve("cache"), DataProgress.NONE);
    }

    /** Run by a process of its own, to be killed. */
    static final class Victim {

        private Victim() {}

        public static void main(String[] args) throws IOException {
            train(Path.of(args[0]), Path.of(args[1]), KilledProcess::tell).close();
        }
    }

    /** Averages, mean squares, step counts, mixes, draws of augmentations and of branches: all follow from the seed or are in the file. */
    @Test
    void endsTheSameAfterBeingKilledAnywhere() throws Exception {
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path killed = folder.resolve("killed.safetensors");
        int[] steps = new int[1];
        train(folder, unbroken, progress -> steps[0]++).close();
        int step = new Random().nextInt(1, steps[0]);
        KilledProcess.afterStep(step, Victim.class, folder, killed);
        train(folder, killed, TrainingListener.NONE).close();
        assertThat(Files.mismatch(unbroken, killed)).as("first byte that differs, killed after step %d of %d", step, steps[0]).isEqualTo(-1);
    }

    @Test
    void whatIsUsedIsTheMeanOfTheWeightsWithItsOwnBatchNorm() throws Exception {
        Path checkpoint = folder.resolve("c.safetensors");
        int[] batches = new int[1];
        SearchSpace space = TestNetworks.elasticSpace(folder);
        try (SupernetWeights weights = train(folder, checkpoint, new TrainingListener() {
            @Override
            public void step(Progress progress) {}

            @Override
            public void measured(int done, int of) {
                batches[0] = done;
            }
        }); ImageData data = data(folder); SubnetEvaluator judge = new SubnetEvaluator(space, weights, data, EvaluationSettings.defaults())) {
            assertThat(batches[0]).isEqualTo(data.train().batchesPerEpoch(16));
            SafetensorsFile stored = SafetensorsFile.open(checkpoint);
            TensorFile used = TensorFile.open(checkpoint);
            assertThat(judge.subnet(architecture(space)).network().ops()).allSatisfy(op -> op.weights().forEach(weight -> {
                float[] values = judge.subnet(architecture(space)).weights().read(weight);
                assertThat(values).as(weight.tensor().name()).isEqualTo(used.read(weight));
                if (weight.tensor().role() == SharedTensor.Role.CONV_WEIGHT) {
                    assertThat(values).isNotEqualTo(weight.cut(stored.read(weight.tensor().name())));
                }
            }));
            assertThat(stored.names()).contains("auxiliary.classifier.weight", "stem.conv.weight.average", "stem.conv.weight.square",
                "stem.conv.weight.steps", "stem.bn.mean");
            assertThat(judge.subnet(architecture(space)).network().ops()).noneMatch(op -> op.name().contains("auxiliary"));
        }
    }

    /** As widening gives them: what was averaged before was of channels that no path had used. */
    @Test
    void valuesThatATensorIsGivenAreWhatItsAverageBeginsWith() {
        SharedTensor tensor = new SharedTensor("bias", List.of(2), SharedTensor.Role.BIAS);
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu())) {
            weights.set(tensor, new float[]{1, 2});
            weights.average(0.9);
            weights.set(tensor, new float[]{3, 4});
            weights.average(0.9);
            weights.useAverages();
            assertThat(weights.read(Weight.whole(tensor))).containsExactly(3, 4);
        }
    }

    @Test
    void residualBranchesAreLeftOutInProportionToTheirDepth() throws Exception {
        SearchSpace space = TestNetworks.elasticSpace(folder);
        Map<Integer, Double> rates = new StochasticDepth(0.4, false).rates(space.build(architecture(space)), 0.5);
        assertThat(rates).hasSize(1).containsValue(0.4);
        assertThat(new StochasticDepth(0.4, true).rates(space.build(architecture(space)), 0.5)).containsValue(0.2);
        assertThat(rates.keySet()).allSatisfy(id -> assertThat(space.build(architecture(space)).ops())
            .filteredOn(op -> op.output().id() == id).singleElement().satisfies(op -> assertThat(op.name()).endsWith("project.bn")));
    }

    @Test
    void sharesOfAMixAreBetaDistributed() {
        for (double alpha : new double[]{0.2, 1, 3}) {
            double[] shares = new double[20_000];
            Arrays.setAll(shares, i -> new Mixup(alpha).draw(4, i).share());
            double mean = Arrays.stream(shares).average().orElseThrow();
            double variance = Arrays.stream(shares).map(share -> (share - mean) * (share - mean)).average().orElseThrow();
            assertThat(mean).as("mean of Beta(%s, %s)", alpha, alpha).isCloseTo(0.5, within(0.01));
            assertThat(variance).as("variance").isCloseTo(1 / (4 * (2 * alpha + 1)), within(0.005));
        }
        assertThat(new Mixup(0.4).draw(8, 3)).usingRecursiveComparison().isEqualTo(new Mixup(0.4).draw(8, 3));
        assertThat(new Mixup(0.4).draw(8, 3).partners()).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7);
    }

    @Test
    void whatIsNotUsedLeavesIdentitiesAsTheyWere() throws Exception {
        SearchSpace space = TestNetworks.elasticSpace(folder);
        Descent plain = Descent.sgd(0.1, 0.05, Schedule.COSINE, 0.9, 4e-5);
        assertThat(settings(space, Recipe.PLAIN, plain, 2).values(space).stored().keySet()).containsExactly("network", "retrain.batch",
            "retrain.epochs", "retrain.label-smoothing", "retrain.optimizer.lr", "retrain.optimizer.momentum", "retrain.optimizer.schedule",
            "retrain.optimizer.warm-up", "retrain.optimizer.weight-decay", "seed");
        Map<String, String> all = new HashMap<>(settings(space, Recipe.read(YamlNode.parse("f", EVERYTHING), true),
            Descent.read(YamlNode.parse("f", DESCENT)), 2).values(space).stored());
        assertThat(all).containsEntry("retrain.ema", "0.9").containsEntry("retrain.augmentation.2.magnitude", "12")
            .containsEntry("retrain.optimizer.kind", "adamw").containsEntry("retrain.optimizer.clip.norm", "5")
            .containsEntry("retrain.stochastic-depth.rises", "true");
    }

    @Test
    void mistakesAreNamed() {
        for (Map.Entry<String, String> mistake : Map.of(
            "augmentation: [cutoff]", "cutoff (expected: one of cutout, lighting, rand-augment)",
            "stochastic-depth: {rate: 1}", "a number from 0.001 to 0.9",
            "augmentation: {rand-augment: {magnitude: 31}}", "at most 30").entrySet()) {
            assertThatThrownBy(() -> Recipe.read(YamlNode.parse("f", mistake.getKey()), true)).as(mistake.getKey()).isInstanceOf(InputException.class)
                .hasMessageStartingWith("f:1: ").hasMessageContaining(mistake.getValue());
        }
        for (Map.Entry<String, String> mistake : Map.of(
            "{adam: {lr: 1}}", "unknown key", "{rmsprop: {beta: 1}}", "unknown key", "{schedule: sine}", "sine (expected: one of constant, cosine",
            "{schedule: {steps: {at: [3, 2]}}}", "ascending", "{clip: {}}", "neither value nor norm", "{lr: 0.1, lowest: 0.2}", "0.2").entrySet()) {
            assertThatThrownBy(() -> Descent.read(YamlNode.parse("f", mistake.getKey()))).as(mistake.getKey()).isInstanceOf(InputException.class)
                .hasMessageStartingWith("f:1: ").hasMessageContaining(mistake.getValue());
        }
    }
}
