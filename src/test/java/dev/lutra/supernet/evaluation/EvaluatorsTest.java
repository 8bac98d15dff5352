package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.Precision;
import dev.lutra.lowering.WeightRounding;
import dev.lutra.network.Bits;
import dev.lutra.network.Op;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.space.UniformBits;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Inference;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingListener;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several candidates at a time give what one at a time gives. */
class EvaluatorsTest {

    private static SearchSpace space;
    private static ImageData data;
    private static SupernetWeights weights;

    @BeforeAll
    static void open(@TempDir Path folder) throws Exception {
        space = TestNetworks.space(folder);
        data = ImageData.open(DataSpec.of(new Source.Synthetic(4, 60), 16, 1), folder.resolve("cache"), DataProgress.NONE);
        TrainingSettings settings = new TrainingSettings(2, 16, Curriculum.of(Sampling.uniform()), 0.05, 0, Schedule.COSINE, 0.9, 4e-5, 0, 3);
        weights = new Trainer(space, data, settings, EvaluationSettings.defaults(), folder.resolve("c.safetensors"), Device.cpu())
            .train(TrainingListener.NONE);
    }

    @AfterAll
    static void close() {
        weights.close();
        data.close();
    }

    private SubnetEvaluator evaluator(int evaluators) {
        return new SubnetEvaluator(space, weights, data, new EvaluationSettings(64, 200, 16, 1, evaluators));
    }

    private Front search(int evaluators, List<Architecture> order) {
        try (SubnetEvaluator subnets = evaluator(evaluators)) {
            CandidateEvaluator judge = new CandidateEvaluator(space, CheapMeasures.counted(space, Map.of()), List.of(),
                subnets::accuracies, CandidateLog.inMemory());
            return new Nsga2Search(judge, List.of(Objective.parse("accuracy"), Objective.parse("macs")),
                Nsga2Search.Settings.DEFAULT.withSize(12, 3)).run(new SearchListener() {
                    @Override
                    public void evaluated(dev.lutra.search.Candidate candidate, int done, int budget) {
                        order.add(candidate.architecture());
                    }
                });
        }
    }

    @Test
    void oneTwoAndEightFindTheSameFront() {
        List<Architecture> order = new ArrayList<>();
        Front front = search(1, order);
        assertThat(front.candidates()).hasSizeGreaterThan(2);
        for (int evaluators : new int[]{2, 8}) {
            List<Architecture> otherOrder = new ArrayList<>();
            assertThat(search(evaluators, otherOrder)).as("%d at a time", evaluators).isEqualTo(front);
            assertThat(otherOrder).containsExactlyInAnyOrderElementsOf(order);
        }
    }

    /** Outputs tell more than accuracies: a sum in another order shows in their last digits. */
    @Test
    void outputsAreTheSameToTheBitWhateverTheCallersThreadsAre() throws Exception {
        Random random = new Random(5);
        List<Architecture> architectures = Stream.generate(() -> space.random(random)).distinct().limit(8).toList();
        int before = JniUtils.getNumThreads();
        try (SubnetEvaluator one = evaluator(1); SubnetEvaluator eight = evaluator(8)) {
            Map<Architecture, float[]> expected = new LinkedHashMap<>();
            for (Architecture architecture : architectures) {
                expected.put(architecture, logits(one, architecture));
            }
            JniUtils.setNumThreads(3);
            List<FutureTask<float[]>> together = new ArrayList<>();
            for (Architecture architecture : architectures) {
                together.add(new FutureTask<>(() -> logits(eight, architecture)));
                new Thread(together.get(together.size() - 1)).start();
            }
            for (int i = 0; i < together.size(); i++) {
                assertThat(together.get(i).get()).isEqualTo(expected.get(architectures.get(i)));
            }
            assertThat(JniUtils.getNumThreads()).as("the caller's own").isEqualTo(3);
        } finally {
            JniUtils.setNumThreads(before);
        }
    }

    private float[] logits(SubnetEvaluator evaluator, Architecture architecture) {
        try (var batches = data.validation().inOrder(8, 8)) {
            return evaluator.logits(architecture, Precision.FLOAT32, batches.next());
        }
    }

    /** In place of two GPUs. */
    @Test
    void twoDevicesFindWhatOneFinds() {
        Random random = new Random(8);
        List<Architecture> architectures = Stream.generate(() -> space.random(random)).distinct().limit(6).toList();
        for (Recalibration recalibration : new Recalibration[]{Recalibration.MEAN, Recalibration.BATCH}) {
            EvaluationSettings settings = new EvaluationSettings(recalibration, 64, 200, 16, 1, 1, Optional.empty());
            Map<Architecture, Double> one = new LinkedHashMap<>();
            Map<Architecture, Double> two = new LinkedHashMap<>();
            List<float[]> logits = new ArrayList<>();
            try (SubnetEvaluator alone = new SubnetEvaluator(space, weights, data, settings);
                SubnetEvaluator both = new SubnetEvaluator(space, weights, data, settings, new Devices(List.of(Device.cpu(), Device.cpu())))) {
                alone.accuracies(architectures, one::put);
                both.accuracies(architectures, two::put);
                for (int turn = 0; turn < 3; turn++) { // by either in turn
                    logits.add(logits(both, architectures.get(0)));
                }
                assertThat(two).isEqualTo(one);
                assertThat(logits).allSatisfy(each -> assertThat(each).isEqualTo(logits(alone, architectures.get(0))));
            }
        }
    }

    @Test
    void aThreadsNumberIsItsOwn() throws Exception {
        int before = JniUtils.getNumThreads();
        FutureTask<List<Integer>> other = new FutureTask<>(() -> {
            IntraOpThreads.useOne();
            JniUtils.getNumThreads();
            int alone = JniUtils.getNumThreads();
            IntraOpThreads.useConfigured();
            return List.of(alone, JniUtils.getNumThreads());
        });
        JniUtils.setNumThreads(4);
        try {
            Thread thread = new Thread(other);
            thread.start();
            thread.join();
            assertThat(other.get()).containsExactly(1, before);
            assertThat(JniUtils.getNumThreads()).isEqualTo(4);
        } finally {
            JniUtils.setNumThreads(before);
        }
    }

    @Test
    void whatCannotReachAValueIsJudgedOnTheFirstImages() {
        Random random = new Random(6);
        List<Architecture> architectures = Stream.generate(() -> space.random(random)).distinct().limit(3).toList();
        Map<Architecture, Double> least = new LinkedHashMap<>();
        least.put(architectures.get(0), 2.0); // nothing does
        least.put(architectures.get(1), Double.NEGATIVE_INFINITY);
        least.put(architectures.get(2), 0.0);
        Map<Architecture, Judged> judged = new LinkedHashMap<>();
        int all = data.validation().size();
        EvaluationSettings stopping = new EvaluationSettings(Recalibration.MEAN, 64, 200, 4, 1, 2, Optional.of(new EarlyStopping(0.99)));
        try (SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, stopping)) {
            evaluator.judge(least, judged::put);
            assertThat(evaluator.hits(architectures.get(0)).images()).as("to the end").isEqualTo(all);
        }
        Judged stopped = judged.get(architectures.get(0));
        assertThat(all).isEqualTo(24);
        assertThat(stopped.hits().images()).as("the first batch after an eighth").isEqualTo(4);
        assertThat(stopped.atMost()).hasValue(new EarlyStopping(0.99).atMost(stopped.hits(), all));
        try (SubnetEvaluator first = new SubnetEvaluator(space, weights, data, new EvaluationSettings(64, 4, 4, 1, 1))) {
            assertThat(stopped.hits()).isEqualTo(first.hits(architectures.get(0)));
        }
        for (Architecture other : architectures.subList(1, 3)) {
            assertThat(judged.get(other).atMost()).isEmpty();
            assertThat(judged.get(other).hits().images()).isEqualTo(all);
        }
    }

    /** By the batch, which images are judged together matters, and which are there to recalibrate does not. */
    @Test
    void batchStatisticsAreThoseOfTheImagesThatAreJudged() {
        Architecture architecture = space.random(new Random(7));
        Map<Recalibration, List<Hits>> hits = new LinkedHashMap<>();
        for (Recalibration recalibration : Recalibration.values()) {
            for (int images : new int[]{16, 200}) {
                EvaluationSettings settings = new EvaluationSettings(recalibration, images, 200, 16, 1, 1, Optional.empty());
                try (SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, settings)) {
                    hits.computeIfAbsent(recalibration, key -> new ArrayList<>()).add(evaluator.hits(architecture));
                }
            }
        }
        assertThat(hits.get(Recalibration.BATCH).get(0)).isEqualTo(hits.get(Recalibration.BATCH).get(1));
        int correct = 0;
        try (NDManager manager = weights.newManager(); Batches batches = data.validation().inOrder(16, 200)) {
            while (batches.hasNext()) {
                Batch batch = batches.next();
                correct += Images.correct(Forward.inference(space.build(architecture), weight -> Views.detached(weights.tensor(
                    weight.tensor()), weight, manager), new BatchStatistics(manager), Images.of(batch, manager)), batch.shown());
            }
        }
        assertThat(hits.get(Recalibration.BATCH).get(0).correct()).isEqualTo(correct);
    }

    @Test
    void howAnAccuracyWasCalibratedIsPartOfWhatItFollowsFrom() {
        Set<String> fingerprints = new HashSet<>();
        for (Recalibration recalibration : Recalibration.values()) {
            EvaluationSettings settings = new EvaluationSettings(recalibration, 64, 200, 16, 1, 1, Optional.empty());
            fingerprints.add(settings.values().fingerprint("evaluation", 1));
            assertThat(settings.leaving().shown()).containsEntry("evaluation.recalibration",
                recalibration == Recalibration.BATCH ? "mean" : recalibration.key());
        }
        assertThat(fingerprints).hasSize(4).contains(new EvaluationSettings(64, 200, 16, 1, 1).values().fingerprint("evaluation", 1));
        assertThat(new EvaluationSettings(64, 200, 16, 1, 1).values().stored()).doesNotContainKey("evaluation.recalibration");
    }

    @Test
    void whatFailsEndsTheGenerationAndNothingRunsOn() {
        List<Architecture> told = new ArrayList<>();
        try (SubnetEvaluator evaluator = evaluator(2)) {
            List<Architecture> architectures = Stream.generate(() -> space.random(new Random(told.size()))).limit(1).toList();
            assertThatThrownBy(() -> evaluator.accuracies(architectures, (architecture, accuracy) -> {
                told.add(architecture);
                throw new IllegalStateException("no room in the log");
            })).hasMessage("no room in the log");
            assertThat(told).hasSize(1);
            evaluator.accuracies(architectures, (architecture, accuracy) -> told.add(architecture));
        }
        assertThat(told).hasSize(2);
    }

    /** What real numbers answer, 8-bit integers answer nearly, with grids by any method; a network of 2 bits would not. */
    @Test
    void quantizedAfterTrainingItAnswersNearlyTheSame() throws Exception {
        UniformBits bits = UniformBits.of(space, Bits.of("8"));
        Architecture architecture = space.random(new Random(7));
        try (SubnetEvaluator subnets = evaluator(1); Batches images = data.validation().inOrder(32, 32)) {
            Batch batch = images.next();
            float[] expected = subnets.logits(architecture, Precision.FLOAT32, batch);
            for (Calibration.Method method : Calibration.Method.values()) {
                assertThat(distance(expected, logits(subnets.subnet(architecture, bits, Calibration.by(method)), batch))).as(method.toString())
                    .isLessThan(0.05);
            }
            UniformBits few = UniformBits.of(space, Bits.of("2"));
            assertThat(distance(expected, logits(subnets.subnet(architecture, few, Calibration.by(Calibration.Method.MIN_MAX)), batch)))
                .isGreaterThan(0.1);
        }
    }

    /** Also where a layer's values go on to several nodes, and to the cell after the next. */
    @Test
    void cellsQuantizedAfterTrainingAnswerNearlyTheSame(@TempDir Path folder) throws Exception {
        SearchSpace cells = SpaceFile.parse("cells.yaml", """
            name: cells
            title: Two cells
            source: This test
            input: {channels: 3, size: 16}
            classes: 4
            choices:
              sep3: {block: separable, kernel: 3}
              max3: {block: pool, kind: max, kernel: 3}
              identity: {block: skip, project: true, activation: none}
            cells: {nodes: 3, operations: [sep3, max3, identity]}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 12, activation: none}
              - {cell: normal, channels: 8}
              - {cell: reduction, channels: 16}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        TrainingSettings settings = new TrainingSettings(2, 16, Curriculum.of(Sampling.uniform()), 0.05, 0, Schedule.COSINE, 0.9, 4e-5, 0, 3);
        EvaluationSettings judging = new EvaluationSettings(64, 200, 16, 1, 1);
        try (SupernetWeights trained = new Trainer(cells, data, settings, judging, folder.resolve("c.safetensors"), Device.cpu())
            .train(TrainingListener.NONE);
            SubnetEvaluator subnets = new SubnetEvaluator(cells, trained, data, judging);
            Batches images = data.validation().inOrder(32, 32)) {
            Batch batch = images.next();
            Architecture architecture = cells.random(new Random(5));
            float[] expected = subnets.logits(architecture, Precision.FLOAT32, batch);
            for (String bits : List.of("8", "2")) {
                Subnet subnet = subnets.subnet(architecture, UniformBits.of(cells, Bits.of(bits)), Calibration.by(Calibration.Method.MIN_MAX));
                double distance = distance(expected, logits(subnet, batch));
                if (bits.equals("8")) {
                    assertThat(distance).isLessThan(0.05);
                } else {
                    assertThat(distance).isGreaterThan(0.1);
                }
            }
        }
    }

    /** Steps that are sixteen times what they should be, as those of a choice that was hardly trained may be, are of no account any more. */
    @Test
    void rangesOfACandidateFollowFromItsValues(@TempDir Path folder) {
        SearchSpace bits = UniformBits.of(space, Bits.of("8")).space();
        TrainingSettings settings = new TrainingSettings(1, 16, Curriculum.of(Sampling.uniform()), 0.05, 0, Schedule.COSINE, 0.9, 4e-5, 0, 3);
        EvaluationSettings learned = new EvaluationSettings(64, 200, 16, 1, 1);
        try (SupernetWeights trained = new Trainer(bits, data, settings, learned, folder.resolve("c.safetensors"), Device.cpu())
            .train(TrainingListener.NONE)) {
            Architecture architecture = bits.random(new Random(7));
            bits.build(architecture).ops().stream().filter(Op.Quantize.class::isInstance).map(Op.Quantize.class::cast)
                .forEach(grid -> trained.tensor(grid.step().tensor()).muli(16));
            float[] expected = logits(space, space.parse(architecture.toString().replace("@8", "")), trained, learned);
            assertThat(distance(expected, logits(bits, architecture, trained, learned))).isGreaterThan(0.05);
            for (Calibration.Method method : Calibration.Method.values()) {
                EvaluationSettings ranged = learned.ranges(Optional.of(new Calibration(method, 64, 99.99)));
                assertThat(distance(expected, logits(bits, architecture, trained, ranged))).as(method.toString()).isLessThan(0.03);
                assertThat(ranged.values().fingerprint("evaluation", 1)).isNotEqualTo(learned.values().fingerprint("evaluation", 1));
                assertThat(ranged.alone().values().fingerprint("evaluation", 1)).as("a network alone has learned its own")
                    .isEqualTo(learned.values().fingerprint("evaluation", 1));
            }
        }
        assertThat(learned.values().stored().keySet()).noneMatch(name -> name.startsWith("evaluation.ranges"));
    }

    private float[] logits(SearchSpace from, Architecture architecture, SupernetWeights trained, EvaluationSettings settings) {
        try (SubnetEvaluator evaluator = new SubnetEvaluator(from, trained, data, settings); Batches images = data.validation().inOrder(24, 24)) {
            return evaluator.logits(architecture, Precision.FLOAT32, images.next());
        }
    }

    private static float[] logits(Subnet subnet, Batch batch) {
        try (Inference inference = new Inference(LoweredNetwork.of(subnet.network(), subnet.weights())
            .after(List.of(new BatchNormFolding(), new WeightRounding())), Device.cpu())) {
            return inference.logits(batch);
        }
    }

    /** Mean difference, in parts of the largest answer. */
    private static double distance(float[] expected, float[] found) {
        double sum = 0;
        double largest = 0;
        for (int i = 0; i < found.length; i++) {
            sum += Math.abs(found[i] - expected[i]);
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return sum / found.length / largest;
    }
}
