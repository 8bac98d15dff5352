package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.lutra.InputException;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.latency.LatencyModel;
import dev.lutra.network.SharedTensor;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingListener;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        try (ImageData data = ImageData.open(DataSpec.of(new Source.Synthetic(4, 80), 16, 1), folder.resolve("cache"), DataProgress.NONE)) {
            return new Trainer(space, data, settings(epochs, yaml), EvaluationSettings.defaults(), checkpoint, Device.cpu())
                .with(Map.of("box", () -> NestedSpaces.slow(space))).train(listener);
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

    @Test
    @Tag("slow")
    void aTargetIsMetAndItsCourseTold() {
        SearchSpace space = NestedSpaces.plain(4);
        LatencyModel model = NestedSpaces.slow(space);
        Architecture largest = NestedRow.largest(space, NestedRow.of(space));
        long target = model.predict(space.build(largest)).nanos() / 2;
        List<Decisions> course = new ArrayList<>();
        String yaml = "{target: {box: " + target + " ns}}";
        try (SupernetWeights weights = train(space, folder, folder.resolve("target.safetensors"), EPOCHS, yaml, new TrainingListener() {
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
