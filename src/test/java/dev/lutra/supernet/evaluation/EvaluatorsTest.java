package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.lowering.Precision;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingListener;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
}
