package dev.lutra.supernet.blockwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.RunningStatistics;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transitions;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.evaluation.EvaluationSettings.By;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.split.Split;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingListener;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stages that learn from a teacher, each by itself, held against what that means. */
class BlockWiseTest {

    /** Neither momentum nor decay, so that a step is the rate times the gradient. */
    private static final TrainingSettings PLAIN = new TrainingSettings(1, 16, Curriculum.of(new LargestSampling()), 0.5, 0,
        Schedule.COSINE, 0, 0, 0, 3);
    private static final EvaluationSettings JUDGING = new EvaluationSettings(128, 40, 128, 1, 2);

    @TempDir
    private Path folder;
    private SearchSpace space;
    private ImageData data;
    private SupernetWeights weights;
    private BlockTeacher teacher;
    /** What the largest network, trained by itself, answers to {@link #batch}, and its values. */
    private float[] answers;
    private Map<SharedTensor, float[]> trained;

    @BeforeEach
    void trainTeacher() throws Exception {
        space = SpaceFile.load(Files.writeString(folder.resolve("staged.yaml"), """
            name: staged
            title: Two stages of two layers
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            choices:
              k3e2: {block: mb, kernel: 3, expand: 2}
              k5e3: {block: mb, kernel: 5, expand: 3}
              skip: {block: skip}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 6}
              - {choices: [k3e2, k5e3, skip], channels: 8, repeat: 2, stride: 2}
              - {choices: [k3e2, k5e3, skip], channels: 12, repeat: 2, stride: 2}
              - {block: conv, kernel: 1, channels: 16}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """).toString());
        data = ImageData.open(DataSpec.of(new Source.Synthetic(4, 60), 16, 1), folder.resolve("cache"), DataProgress.NONE);
        weights = new Trainer(space, data, PLAIN, EvaluationSettings.defaults(), folder.resolve("c.safetensors"), Device.cpu())
            .train(TrainingListener.NONE);
        teacher = new BlockTeacher(space);
        trained = new LinkedHashMap<>();
        teacher.trained().ops().stream().flatMap(op -> op.weights().stream()).map(Weight::tensor)
            .filter(tensor -> tensor.role().isParameter()).forEach(tensor -> trained.put(tensor, weights.read(Weight.whole(tensor))));
        try (SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, JUDGING)) {
            answers = evaluator.logits(teacher.architecture(), Precision.FLOAT32, batch());
            Teach.enter(space, weights, network -> evaluator.subnet(network).weights());
        }
    }

    @AfterEach
    void close() {
        weights.close();
        data.close();
    }

    private static Batch batch() {
        return TestNetworks.randomBatch(16, 16, 4, 5);
    }

    private Network network(String text) {
        return space.build(space.parse(text));
    }

    private Learner.Step step(SupernetWeights on, String path, double rate) {
        try (Learner learner = new Learner(on, PLAIN, false)) {
            return learner.step(List.of(network(path)), batch(), rate, 1, teacher);
        }
    }

    /** Hashes of all values of tensors that some stage of some network reads, by name. */
    private Map<String, Integer> values(int stage) {
        Map<String, Integer> values = new HashMap<>();
        space.everyOption().forEach(network -> teacher.stages().all().get(stage).of(network).ops().stream()
            .flatMap(op -> op.weights().stream()).filter(weight -> weight.tensor().role().isParameter())
            .forEach(weight -> values.put(weight.tensor().name(), Arrays.hashCode(weights.read(Weight.whole(weight.tensor()))))));
        return values;
    }

    @Test
    void stagesBeginWhereImagesGetSmaller() {
        assertThat(teacher.stages().all()).containsExactly(new Stages.Stage(1, 3, List.of(0, 1)), new Stages.Stage(3, 5, List.of(2, 3)));
        assertThat(teacher.architecture().toString()).isEqualTo("k5e3,k5e3,k5e3,k5e3");
    }

    @Test
    void aTeacherAnswersAsTheNetworkThatItWas() {
        try (NDManager manager = weights.newManager()) {
            List<NDArray> features = teacher.features(parameters(weights, manager), Images.of(batch(), manager));
            assertThat(features).extracting(feature -> feature.getShape().get(1)).containsExactly(6L, 8L, 12L);
            float[] own = teacher.logits(parameters(weights, manager), features.get(2)).toFloatArray();
            assertThat(own).usingComparatorWithPrecision(1e-4f).containsExactly(answers);
        }
    }

    private static Parameters parameters(SupernetWeights from, NDManager owner) {
        return weight -> Views.detached(from.tensor(weight.tensor()), weight, owner);
    }

    @Test
    void stagesBeginAnewAndWhatIsNoStageStays() {
        trained.forEach((tensor, value) -> {
            boolean isShared = tensor.name().startsWith("layer") && tensor.name().contains("k5e3");
            assertThat(weights.read(Weight.whole(tensor))).as(tensor.name()).isEqualTo(isShared ? weights.first(tensor) : value);
        });
        assertThat(trained.keySet()).anyMatch(tensor -> tensor.name().startsWith("stem"));
    }

    /** End to end, what stands in the first stage has a part in every gradient after it. */
    @Test
    void aStageLearnsAlikeWhateverStandsInTheOthers() throws Exception {
        Map<String, Map<Integer, Map<String, Integer>>> after = new LinkedHashMap<>();
        for (String path : List.of("k3e2,k3e2,k3e2,skip", "k3e2,skip,k3e2,skip", "k3e2,k3e2,k3e2,k5e3")) {
            try (SupernetWeights fresh = copy()) {
                SupernetWeights before = weights;
                weights = fresh;
                step(fresh, path, 0.1);
                after.put(path, Map.of(0, values(0), 1, values(1)));
                weights = before;
            }
        }
        Map<Integer, Map<String, Integer>> one = after.get("k3e2,k3e2,k3e2,skip");
        Map<Integer, Map<String, Integer>> otherFirst = after.get("k3e2,skip,k3e2,skip");
        Map<Integer, Map<String, Integer>> otherSecond = after.get("k3e2,k3e2,k3e2,k5e3");
        assertThat(otherFirst.get(1)).isEqualTo(one.get(1));
        assertThat(otherSecond.get(0)).isEqualTo(one.get(0));
        assertThat(otherFirst.get(0)).isNotEqualTo(one.get(0));
        assertThat(otherSecond.get(1)).isNotEqualTo(one.get(1));
    }

    private SupernetWeights copy() {
        SupernetWeights copy = new SupernetWeights(3, Device.cpu());
        Map<SharedTensor, float[]> all = new LinkedHashMap<>();
        teacherTensors().forEach(tensor -> all.put(tensor, weights.read(Weight.whole(tensor))));
        trained.keySet().forEach(tensor -> all.put(tensor, weights.read(Weight.whole(tensor))));
        all.forEach(copy::set);
        return copy;
    }

    /** The teacher's own, by what a pass of it reads. */
    private List<SharedTensor> teacherTensors() {
        List<SharedTensor> tensors = new ArrayList<>();
        try (NDManager manager = weights.newManager()) {
            Parameters noting = weight -> {
                tensors.add(weight.tensor());
                return Views.detached(weights.tensor(weight.tensor()), weight, manager);
            };
            List<NDArray> features = teacher.features(noting, Images.of(batch(), manager));
            teacher.logits(noting, features.get(2));
        }
        return tensors;
    }

    @Test
    void noStepMovesTheTeacherOrWhatIsNoStage() {
        Map<String, float[]> before = new HashMap<>();
        teacherTensors().forEach(tensor -> before.put(tensor.name(), weights.read(Weight.whole(tensor))));
        trained.keySet().stream().filter(tensor -> !tensor.name().startsWith("layer"))
            .forEach(tensor -> before.put(tensor.name(), weights.read(Weight.whole(tensor))));
        Map<String, Integer> first = values(0);
        assertThat(step(weights, "k3e2,k3e2,k3e2,k3e2", 0.1).moved()).isTrue();
        assertThat(values(0)).isNotEqualTo(first);
        before.forEach((name, value) -> assertThat(weights.learned(name).toFloatArray()).as(name).isEqualTo(value));
        assertThat(before.keySet()).anyMatch(name -> name.endsWith("@teacher")).anyMatch(name -> name.startsWith("classifier"));
    }

    @Test
    void theLossIsTheSumOfSquaredErrorsInPartsOfTheTeachersVariance() {
        String path = "k3e2,skip,k5e3,k3e2";
        double expected = 0;
        try (NDManager manager = weights.newManager()) {
            List<NDArray> features = teacher.features(parameters(weights, manager), Images.of(batch(), manager));
            List<Network> stages = teacher.stages().of(network(path));
            for (int stage = 0; stage < 2; stage++) {
                float[] given = Forward.training(stages.get(stage), parameters(weights, manager), new BatchStatistics(manager), features.get(stage))
                    .toFloatArray();
                float[] wanted = features.get(stage + 1).toFloatArray();
                double mean = 0;
                double squares = 0;
                for (int i = 0; i < given.length; i++) {
                    mean += wanted[i] / (double) wanted.length;
                    squares += Math.pow(given[i] - (double) wanted[i], 2) / given.length;
                }
                double variance = 0;
                for (float value : wanted) {
                    variance += Math.pow(value - mean, 2) / wanted.length;
                }
                expected += squares / variance;
            }
        }
        assertThat(step(weights, path, 0).loss()).isCloseTo(expected, within(1e-4 * expected));
    }

    /** By central differences of the loss, of which a stage's part counts as often as it has channels. */
    @ParameterizedTest
    @CsvSource({"layer1.k3e2.project.weight, 8", "layer3.k5e3.project.weight, 12"})
    void aStepIsTheGradientOfTheStagesError(String name, int channels) {
        String path = "k3e2,skip,k5e3,k3e2";
        SharedTensor tensor = network(path).ops().stream().flatMap(op -> op.weights().stream()).map(Weight::tensor)
            .filter(one -> one.name().equals(name)).findFirst().orElseThrow();
        float[] value = weights.read(Weight.whole(tensor));
        double rate = 1e-3;
        for (int place : new int[]{0, value.length / 2, value.length - 1}) {
            weights.set(tensor, value);
            double slope = (lossWith(tensor, value, place, 1e-2f, path) - lossWith(tensor, value, place, -1e-2f, path)) / 2e-2;
            weights.set(tensor, value);
            step(weights, path, rate);
            double moved = (value[place] - weights.read(Weight.whole(tensor))[place]) / rate;
            assertThat(moved).isCloseTo(channels * slope, within(Math.max(2e-2, 0.05 * Math.abs(moved))));
        }
    }

    private double lossWith(SharedTensor tensor, float[] value, int place, float change, String path) {
        float[] changed = value.clone();
        changed[place] += change;
        weights.set(tensor, changed);
        return step(weights, path, 0).loss();
    }

    private Map<String, Double> scores(String... paths) {
        Map<String, Double> scores = new LinkedHashMap<>();
        try (SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, JUDGING.by(By.STAGES))) {
            evaluator.accuracies(List.of(paths).stream().map(space::parse).toList(),
                (architecture, score) -> scores.put(architecture.toString(), score));
        }
        return scores;
    }

    @Test
    void aScoreIsTheSumOfItsStagesErrors() {
        step(weights, "k3e2,k3e2,k3e2,k3e2", 0.1);
        Map<String, Double> scores = scores("k3e2,skip,k3e2,k5e3", "k5e3,k3e2,k3e2,k5e3", "k3e2,skip,k5e3,skip", "k5e3,k3e2,k5e3,skip");
        assertThat(scores).hasSize(4);
        assertThat(Math.log(scores.get("k3e2,skip,k3e2,k5e3")) + Math.log(scores.get("k5e3,k3e2,k5e3,skip")))
            .isCloseTo(Math.log(scores.get("k5e3,k3e2,k3e2,k5e3")) + Math.log(scores.get("k3e2,skip,k5e3,skip")), within(1e-9));
        double error = error(0, "k3e2,skip,k3e2,k5e3") + error(1, "k3e2,skip,k3e2,k5e3");
        assertThat(-Math.log(scores.get("k3e2,skip,k3e2,k5e3"))).isCloseTo(error, within(1e-4 * error));
    }

    /** Mean absolute difference over the standard deviation, of the whole validation images at once. */
    private double error(int stage, String path) {
        Network own = teacher.stages().of(network(path)).get(stage);
        try (NDManager manager = weights.newManager()) {
            RunningStatistics statistics = new RunningStatistics(manager);
            try (Batches batches = data.train().sample(128, 128, 1)) {
                batches.forEachRemaining(batch -> {
                    statistics.nextBatch(batch.size());
                    Forward.inference(own, parameters(weights, manager), statistics, teacher.features(parameters(weights, manager),
                        Images.of(batch, manager)).get(stage));
                });
            }
            List<Float> given = new ArrayList<>();
            List<Float> wanted = new ArrayList<>();
            try (Batches batches = data.validation().inOrder(128, 40)) {
                batches.forEachRemaining(batch -> {
                    List<NDArray> features = teacher.features(parameters(weights, manager), Images.of(batch, manager));
                    for (float value : Forward.inference(own, parameters(weights, manager), RunningStatistics.given(statistics), features.get(stage))
                        .toFloatArray()) {
                        given.add(value);
                    }
                    for (float value : features.get(stage + 1).toFloatArray()) {
                        wanted.add(value);
                    }
                });
            }
            double mean = wanted.stream().mapToDouble(value -> value).average().orElseThrow();
            double variance = wanted.stream().mapToDouble(value -> (value - mean) * (value - mean)).average().orElseThrow();
            double absolute = 0;
            for (int i = 0; i < given.size(); i++) {
                absolute += Math.abs(given.get(i) - wanted.get(i)) / given.size();
            }
            return absolute / Math.sqrt(variance);
        }
    }

    /** One batch measures batch norm as it is in use, so that stages see what they were measured on. */
    @Test
    void theTeacherHasAScoreOfOne() {
        assertThat(scores("k5e3,k5e3,k5e3,k5e3").values()).allSatisfy(score -> assertThat(score).isBetween(0.0, 0.99));
        trained.forEach(weights::set);
        Map<String, Double> scores = scores("k5e3,k5e3,k5e3,k5e3", "k5e3,k5e3,k5e3,skip");
        assertThat(scores.get("k5e3,k5e3,k5e3,k5e3")).isGreaterThan(0.999);
        assertThat(scores.get("k5e3,k5e3,k5e3,skip")).isLessThan(0.99);
    }

    @Test
    void learningRaisesTheScore() {
        double before = scores("k3e2,k3e2,k3e2,k3e2").values().iterator().next();
        for (int i = 0; i < 40; i++) {
            try (Learner learner = new Learner(weights, PLAIN, false); Batches batches = data.train().shuffled(16, 1, i, 0, List.of())) {
                batches.forEachRemaining(batch -> learner.step(List.of(network("k3e2,k3e2,k3e2,k3e2")), batch, 0.05, 1, teacher));
            }
        }
        assertThat(scores("k3e2,k3e2,k3e2,k3e2").values().iterator().next()).isGreaterThan(before + 0.1);
    }

    @Test
    void weightsWithoutATeacherAreNotJudgedSo() {
        weights.forget();
        assertThatThrownBy(() -> scores("k3e2,k3e2,k3e2,k3e2")).isInstanceOf(InputException.class)
            .hasMessageStartingWith("evaluation.by: stages, of weights without a teacher (expected: ");
    }

    @Test
    void aSpaceWithoutStagesIsRefused() throws Exception {
        assertThat(new BlockWiseSampling(Sampling.uniform()).problemIn(SpaceFile.load("nao-cell")))
            .hasValue("block-wise in nao-cell: genes that shape segments all over the network (expected: a space of layers)");
        assertThat(new BlockWiseSampling(Sampling.uniform()).problemIn(TestNetworks.elasticSpace(folder)))
            .hasValue("block-wise in elastic: 1 stage (expected: at least two, each of which begins by making images smaller)");
        assertThat(new BlockWiseSampling(Sampling.uniform()).problemIn(SpaceFile.load("shufflenetv2-cifar"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        [{share: 0.5, sampling: first-path, then: teach}, {sampling: block-wise}] | teach after a phase that trains another network (expected: after sampling largest)
        [{share: 0.5, sampling: uniform, then: teach}, {sampling: block-wise}] | teach after uniform (expected: after a phase that trains one path)
        [{share: 0.5, sampling: largest, then: teach}, {sampling: uniform}] | teach with nobody to learn (expected: before a phase with sampling block-wise)
        [{share: 0.5, sampling: largest, then: [teach, inherit]}, {sampling: block-wise}] | teach before something else at the end of one phase (expected: last there)
        [{share: 0.5, sampling: largest, then: teach}, {share: 0.2, sampling: block-wise, then: independent}, {sampling: block-wise}] | teach before other first values (expected: no inherit, widen, split, re-initialise or independent after it)
        [{sampling: {block-wise: {sampling: first-path}}}] | within block-wise (expected: a sampling that draws from many paths)
        """)
    void whatMakesNoSenseTogetherIsRefused(String phases, String problem) {
        assertThatThrownBy(() -> curriculum(phases)).isInstanceOf(InputException.class).hasMessageContaining(problem);
    }

    private static Curriculum curriculum(String phases) {
        return Curriculum.read(YamlNode.parse("f", phases), Samplings.ALL.with(BlockWiseSampling.NAME, BlockWiseSampling::of)
            .with(LargestSampling.NAME, settings -> new LargestSampling()),
            Transitions.ALL.with(Split.NAME, Split::of).with(Teach.NAME, settings -> new Teach()));
    }

    @Test
    void aTeacherIsTrainedOrGivenAndNotBoth() {
        Curriculum alone = curriculum("[{sampling: block-wise}]");
        Curriculum taught = curriculum("[{share: 0.5, sampling: largest, then: teach}, {sampling: block-wise}]");
        assertThat(BlockWiseSampling.problemIn(alone, true)).isEmpty();
        assertThat(BlockWiseSampling.problemIn(taught, false)).isEmpty();
        assertThat(BlockWiseSampling.problemIn(alone, false)).get().asString().startsWith("block-wise without a teacher (expected: ");
        assertThat(BlockWiseSampling.problemIn(taught, true)).get().asString().startsWith("other first values than those beside a given teacher");
        assertThat(BlockWiseSampling.problemIn(curriculum("[{sampling: uniform}]"), true)).get().asString()
            .startsWith("a teacher with nobody to learn");
        assertThat(BlockWiseSampling.isLast(taught)).isTrue();
    }
}
