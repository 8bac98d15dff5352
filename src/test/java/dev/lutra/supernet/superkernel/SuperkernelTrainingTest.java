package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.Relaxation;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.descent.Descent;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Guidance;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.Recipe;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingListener;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What superkernels come to in a whole training, of a space whose largest network takes 4.6 times as long as the smallest. */
class SuperkernelTrainingTest {

    private static final String LARGEST = "k5e4,k5e4,k5e4,k5e4";
    private static final String SMALLEST = "skip,skip,k3e2,skip";
    private static final int STEPS_PER_EPOCH = 18;
    private static final int EPOCHS = 24;

    @TempDir
    Path folder;

    private static SuperkernelSampling sampling(String yaml) {
        return SuperkernelSampling.of(new LayeredSettings(List.of(YamlNode.parse("test.yaml", yaml))));
    }

    private static TrainingSettings settings(int epochs, String yaml) {
        return new TrainingSettings(epochs, 16, Curriculum.of(sampling(yaml)), 0.1, 0.1, Schedule.COSINE, 0.9, 4e-5, 0.1, 1);
    }

    private static SupernetWeights train(SearchSpace space, Path folder, Path checkpoint, int epochs, String yaml, TrainingListener listener) {
        return train(space, folder, checkpoint, settings(epochs, yaml), () -> NestedSpaces.slow(space), listener);
    }

    private static SupernetWeights train(SearchSpace space, Path folder, Path checkpoint, TrainingSettings settings, Supplier<LatencyModel> box,
        TrainingListener listener) {
        try (ImageData data = ImageData.open(DataSpec.of(new Source.Synthetic(4, 80), 16, 1), folder.resolve("cache"), DataProgress.NONE)) {
            return new Trainer(space, data, settings, EvaluationSettings.defaults(), checkpoint, Device.cpu())
                .with(Map.of("box", box)).train(listener);
        }
    }

    private Architecture decoded(int epochs, String yaml) {
        try (SupernetWeights weights = train(NestedSpaces.plain(), folder, folder.resolve("trained.safetensors"), epochs, yaml,
            TrainingListener.NONE)) {
            return sampling(yaml).decode(NestedSpaces.plain(), weights);
        }
    }

    @Test
    void withoutARunTimeLossTheKernelsStayLarge() {
        assertThat(decoded(4, "{lambda: 0}")).hasToString(LARGEST);
    }

    /** Thresholds that begin right below their norms: a little weight of latency gives parts up, images alone do not. */
    @ParameterizedTest
    @CsvSource({"0, false", "1, true"})
    void whatKeepsThemLargeIsThatLatencyWeighsNothing(String lambda, boolean falls) {
        SearchSpace space = NestedSpaces.plain();
        List<NestedRow> rows = NestedRow.of(space);
        Architecture largest = NestedRow.largest(space, rows);
        SuperkernelSampling settings = sampling("{warm-up: 0, lambda: " + lambda + "}");
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, settings(1, "{lambda: 0}"), true)) {
            Superkernel superkernel = new Superkernel(settings, space, Map.of("box", RowLatencies.of(space, NestedSpaces.slow(space))),
                Optional.empty());
            superkernel.at(1, 0, 1).learned().forEach(threshold -> weights.set(threshold.tensor(), new float[]{0.8f}));
            assertThat(settings.decode(space, weights)).isEqualTo(largest);
            for (int step = 0; step < 12; step++) {
                assertThat(learner.step(List.of(space.build(largest)), TestNetworks.randomBatch(16, 16, 4, step), 0.05, 0, step,
                    superkernel.at(1, step, 12)).moved()).isTrue();
            }
            assertThat(settings.decode(space, weights).equals(largest)).isNotEqualTo(falls);
        }
    }

    @Test
    void withAVeryLargeOneTheSmallestNetworkIsLeft() {
        assertThat(decoded(4, "{lambda: 1000}")).hasToString(SMALLEST);
    }

    @Test
    void thePublishedLossIsAThousandTimesTheLogarithm() {
        Map<String, float[]> published = trained("{lambda: 0.0005, warm-up: 0, loss: published}");
        Map<String, float[]> logarithm = trained("{lambda: 0.5, warm-up: 0}");
        assertThat(published.keySet()).isEqualTo(logarithm.keySet()).isNotEmpty();
        assertThat(published).allSatisfy((name, values) -> assertThat(values).as(name).isEqualTo(logarithm.get(name)));
        assertThat(trained("{lambda: 0.0005, warm-up: 0}")).anySatisfy((name, values) -> assertThat(values).isNotEqualTo(logarithm.get(name)));
    }

    /** Kernels of the largest network after an epoch. */
    private Map<String, float[]> trained(String yaml) {
        SearchSpace space = NestedSpaces.plain();
        Map<String, float[]> values = new TreeMap<>();
        try (SupernetWeights weights = train(space, folder, folder.resolve(yaml.length() + ".safetensors"), 1, yaml, TrainingListener.NONE)) {
            space.build(NestedRow.largest(space, NestedRow.of(space))).ops().stream().flatMap(op -> op.weights().stream())
                .filter(weight -> weight.tensor().role() == SharedTensor.Role.CONV_WEIGHT)
                .forEach(weight -> values.put(weight.tensor().name(), weights.tensor(weight.tensor()).toFloatArray()));
        }
        return values;
    }

    /** Thresholds move by the optimizer that weights do. */
    @ParameterizedTest
    @ValueSource(strings = {"{sgd: {lr: 0.1, warm-up: 0.1}}", "{rmsprop: {lr: 0.01, warm-up: 0.1}}"})
    @Tag("slow")
    void aTargetIsMetAndItsCourseTold(String optimizer) {
        SearchSpace space = NestedSpaces.plain(4);
        LatencyModel model = NestedSpaces.slow(space);
        Architecture largest = NestedRow.largest(space, NestedRow.of(space));
        long target = model.predict(space.build(largest)).nanos() / 2;
        List<Decisions> course = new ArrayList<>();
        String yaml = "{target: {box: " + target + " ns}}";
        TrainingSettings settings = new TrainingSettings(EPOCHS, 16, Curriculum.of(sampling(yaml)),
            Descent.read(YamlNode.parse("test.yaml", optimizer)), 0.1, Guidance.NONE, Recipe.PLAIN, 1);
        try (SupernetWeights weights = train(space, folder, folder.resolve("target.safetensors"), settings, () -> model, new TrainingListener() {
            @Override
            public void step(Progress progress) {}

            @Override
            public void decided(Decisions decisions) {
                course.add(decisions);
            }
        })) {
            Architecture decoded = sampling(yaml).decode(space, weights);
            long latency = model.predict(space.build(decoded)).nanos();
            assertThat((double) latency / target).as(decoded.toString()).isBetween(0.9, 1.1);
        }
        int warm = (int) Math.ceil(0.4 * EPOCHS * STEPS_PER_EPOCH);
        assertThat(course).hasSize(EPOCHS * STEPS_PER_EPOCH);
        assertThat(course.get(0).architecture()).isEqualTo(largest.toString());
        assertThat(course.subList(0, warm)).allSatisfy(decisions -> assertThat(decisions.lambda()).isZero());
        assertThat(course.get(warm).lambda()).isPositive();
        assertThat(course).allSatisfy(decisions -> assertThat(decisions.nanos().get("box"))
            .isEqualTo(model.predict(space.build(space.parse(decisions.architecture()))).nanos()));
    }

    /** Run by a process of its own, to be killed. */
    static final class Victim {

        static final String YAML = "{target: {box: 9000 s}, warm-up: 0.2}";

        private Victim() {}

        public static void main(String[] args) {
            train(NestedSpaces.plain(), Path.of(args[0]), Path.of(args[1]), 4, YAML, progress -> {
                System.out.println("step " + progress.step());
                System.out.flush();
            }).close();
        }
    }

    @Test
    void endsTheSameAfterBeingKilled() throws Exception {
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path killed = folder.resolve("killed.safetensors");
        train(NestedSpaces.plain(), folder, unbroken, 4, Victim.YAML, TrainingListener.NONE).close();
        killAfter(2 * STEPS_PER_EPOCH + 7, killed);
        assertThat(Checkpoint.read(killed).epochs()).isEqualTo(2);
        train(NestedSpaces.plain(), folder, killed, 4, Victim.YAML, TrainingListener.NONE).close();
        assertThat(Files.mismatch(unbroken, killed)).as("first byte that differs").isEqualTo(-1);
        assertThatThrownBy(() -> train(NestedSpaces.plain(), folder, killed, 4, "{target: {box: 9001 s}, warm-up: 0.2}", TrainingListener.NONE))
            .isInstanceOf(InputException.class).hasMessageContaining("supernet.sampling.target.box");
    }

    /** As where others measure into the same table while this training is away. */
    @Test
    void aTrainingKeepsTheLatenciesThatItBeganWith() throws IOException {
        SearchSpace space = NestedSpaces.plain();
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path broken = folder.resolve("broken.safetensors");
        TrainingSettings settings = settings(3, Victim.YAML);
        train(space, folder, unbroken, settings, () -> NestedSpaces.slow(space), TrainingListener.NONE).close();
        assertThatThrownBy(() -> train(space, folder, broken, settings, () -> NestedSpaces.slow(space), new TrainingListener() {
            @Override
            public void step(Progress progress) {}

            @Override
            public void saved(Checkpoint checkpoint) {
                throw new Stopped();
            }
        })).isInstanceOf(Stopped.class);
        Supplier<LatencyModel> moved = () -> NestedSpaces.slow(space, nanos -> 2 * nanos + nanos % 977);
        assertThat(Checkpoint.read(broken).latencies()).containsOnly(Map.entry("box", RowLatencies.of(space, NestedSpaces.slow(space))));
        train(space, folder, broken, settings, moved, TrainingListener.NONE).close();
        assertThat(Files.mismatch(unbroken, broken)).as("first byte that differs").isEqualTo(-1);
        train(space, folder, broken, settings, () -> {
            throw new AssertionError("nothing is left to be learned of it");
        }, TrainingListener.NONE).close();
        assertThatThrownBy(() -> train(space, folder, folder.resolve("broken.safetensors"), settings(3, "{lambda: 1}"), moved, TrainingListener.NONE))
            .isInstanceOf(InputException.class).hasMessageContaining("supernet.sampling.lambda");
    }

    private static final class Stopped extends RuntimeException {

        private static final long serialVersionUID = 1;
    }

    /** A space whose options have weights of their own, not all of them on offer; with squeeze-and-excite as a choice. */
    @Test
    void squeezeAndExciteIsLearnedToo() {
        SearchSpace space = NestedSpaces.partial();
        String yaml = "{warm-up: 0.1, lambda: 2}";
        try (SupernetWeights weights = train(space, folder, folder.resolve("trained.safetensors"), 3, yaml, TrainingListener.NONE)) {
            SearchSpace shared = sampling(yaml).trained(space);
            Architecture decoded = sampling(yaml).decode(shared, weights);
            assertThat(space.parse(decoded.toString())).as("one of those on offer").hasToString(decoded.toString());
            List<NestedRow> rows = NestedRow.of(shared);
            List<Weight> thresholds = new RowKernel(shared, rows.get(2), NestedRow.largest(shared, rows), Norm.RELATIVE, RowKernel.Gate.OUTPUT)
                .thresholds();
            assertThat(weights.read(thresholds.get(thresholds.size() - 1))[0]).as("of squeeze-and-excite").isNotZero();
        }
    }

    /**
     * Libtorch reads again backwards what it was given forwards, which must not be memory of Java that is given back by then. Here such memory
     * holds other values before the gradient is asked for.
     */
    @Test
    void aStepDoesNotFollowFromWhenGarbageIsCollected() throws Exception {
        List<ByteBuffer> others = new ArrayList<>();
        Map<String, float[]> quiet = afterAStep(() -> null);
        Map<String, float[]> disturbed = afterAStep(() -> others.addAll(inThePlaceOfGarbage()));
        assertThat(others).isNotEmpty();
        assertThat(disturbed.keySet()).isEqualTo(quiet.keySet()).isNotEmpty();
        assertThat(disturbed).allSatisfy((name, values) -> assertThat(values).as(name).isEqualTo(quiet.get(name)));
    }

    /** @param between what is done after decisions are taken */
    private static Map<String, float[]> afterAStep(Callable<?> between) {
        SuperkernelSampling settings = sampling("{warm-up: 0, lambda: 2}");
        SearchSpace space = settings.trained(NestedSpaces.partial());
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, settings(1, "{lambda: 0}"), true)) {
            Relaxation decided = new Superkernel(settings, space, Map.of("box", RowLatencies.of(space, NestedSpaces.slow(space))), Optional.empty())
                .at(1, 0, 1);
            learner.step(List.of(space.build(NestedRow.largest(space, NestedRow.of(space)))), TestNetworks.randomBatch(16, 16, 4, 1), 0.05, 0, 1,
                new Relaxation() {
                    @Override
                    public List<Weight> learned() {
                        return decided.learned();
                    }

                    @Override
                    public Relaxed begin(Parameters parameters, NDManager step) {
                        Relaxed relaxed = decided.begin(parameters, step);
                        assertThatCode(between::call).doesNotThrowAnyException();
                        return relaxed;
                    }
                });
            Map<String, float[]> values = new TreeMap<>();
            weights.state().arrays().forEach((name, part) -> values.put(name, part.values()));
            return values;
        }
    }

    /** New memory, after all that nobody has any more was given back: what the first collection finds is, before the second's end is told. */
    private static List<ByteBuffer> inThePlaceOfGarbage() throws InterruptedException {
        for (int collection = 0; collection < 2; collection++) {
            ReferenceQueue<Object> taken = new ReferenceQueue<>();
            Reference<Object> garbage = new WeakReference<>(new Object(), taken);
            System.gc();
            assertThat(taken.remove()).isSameAs(garbage);
        }
        List<ByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(Float.BYTES * (1 + i % 40)).order(ByteOrder.nativeOrder());
            while (buffer.hasRemaining()) {
                buffer.putFloat(1e5f);
            }
            buffers.add(buffer);
        }
        return buffers;
    }

    /** The table in lut/ as a second target: of a phone that nobody here has. */
    @Test
    void aTargetOnAPublishedPhoneIsAimedAt() {
        SearchSpace space = SpaceFile.load("single-path-nas");
        Architecture largest = NestedRow.largest(space, NestedRow.of(space));
        LatencyModel pixel = new LatencyModel(LookupTable.load(Path.of("../lut/pixel1-singlepath.json")));
        SuperkernelSampling settings = sampling("{target: {pixel1: 80 ms}, warm-up: 0}");
        settings.requireReachable(space, Map.of("pixel1", pixel));
        List<Double> lambdas = new ArrayList<>();
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, settings(1, "{lambda: 0}"), true)) {
            Superkernel superkernel = new Superkernel(settings, space, Map.of("pixel1", RowLatencies.of(space, pixel)), Optional.empty());
            for (int step = 0; step < 3; step++) {
                Batch images = TestNetworks.randomBatch(2, space.input().height(), space.classes(), step);
                assertThat(learner.step(List.of(space.build(largest)), images, 0.01, 0, step, superkernel.at(1, step, 10)).moved()).isTrue();
                Decisions decisions = superkernel.decided().orElseThrow();
                assertThat(decisions.nanos()).containsOnly(
                    Map.entry("pixel1", (double) pixel.predict(space.build(space.parse(decisions.architecture()))).nanos()));
                lambdas.add(decisions.lambda());
            }
            superkernel.at(1, 0, 1).learned().forEach(
                threshold -> assertThat(weights.read(threshold)[0]).as(threshold.tensor().name()).isNotZero());
        }
        assertThat(lambdas).as("while what is aimed at falls").isSorted().doesNotHaveDuplicates().first()
            .satisfies(first -> assertThat(first).isCloseTo(0.1, within(1e-12)));
    }

    private void killAfter(int step, Path checkpoint) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC", "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-cp", System.getProperty("java.class.path"),
            Victim.class.getName(), folder.toString(), checkpoint.toString()).redirectError(folder.resolve("errors").toFile()).start();
        try (BufferedReader steps = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = steps.readLine();
            while (line != null && !line.equals("step " + step)) {
                line = steps.readLine();
            }
            assertThat(line).as(Files.readString(folder.resolve("errors"))).isNotNull();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
