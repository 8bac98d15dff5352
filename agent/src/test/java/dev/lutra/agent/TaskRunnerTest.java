package dev.lutra.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Real models in the real ONNX Runtime. */
class TaskRunnerTest {

    private static final Instant TODAY = Instant.parse("2026-11-22T10:00:00Z");

    private final TaskRunner runner = new TaskRunner(System::nanoTime, Clock.fixed(TODAY, ZoneOffset.UTC), "1.2.3");

    private static Task.Builder task(ModelInput... inputs) {
        return Task.newBuilder().setId("t").setProvider("cpu").setThreads(1).addAllInputs(List.of(inputs));
    }

    private static ModelInput input(String name, List<Long> shape, float... values) {
        return ModelInput.newBuilder().setName(name).addAllShape(shape).setLittleEndianFloats(bytes(values)).build();
    }

    private static ByteString bytes(float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return ByteString.copyFrom(buffer.flip());
    }

    private Outcome run(byte[] onnx, Task.Builder task) {
        return runner.run(task.build(), onnx, () -> false).orElseThrow();
    }

    private String failure(byte[] onnx, Task.Builder task) {
        Outcome outcome = run(onnx, task);
        assertThat(outcome.hasFailed()).isTrue();
        return outcome.getFailed().getReason();
    }

    @Test
    void returnsTheOutputsOfOneRunWhenThereAreNoRules() {
        Measured measured = run(TinyOnnx.relu(3), task(input("x", List.of(2L, 3L), -1, 2, -3, 4, -5, 6)).setReturnOutputs(true))
                .getMeasured();

        assertThat(measured.getOutputsList()).containsExactly(ModelOutput.newBuilder()
                .setName("y").addShape(2).addShape(3).setLittleEndianFloats(bytes(0, 2, 0, 4, 0, 6)).build());
        assertThat(measured.hasLatency()).isFalse();
        assertThat(measured.hasCircumstances()).isFalse();
        assertThat(measured.getRuntime().getName()).isEqualTo("onnxruntime");
        assertThat(measured.getRuntime().getVersion()).startsWith("1.");
        assertThat(measured.getRuntime().getProvider()).isEqualTo("cpu");
        assertThat(measured.getRuntime().getThreads()).isEqualTo(1);
    }

    @Test
    void aSeedStandsForGaussianInputs() {
        ModelInput seeded = ModelInput.newBuilder().setName("x").addShape(1).addShape(3).setRandomSeed(11).build();
        Random random = new Random(11);
        float[] values = {(float) random.nextGaussian(), (float) random.nextGaussian(), (float) random.nextGaussian()};

        Measured measured = run(TinyOnnx.add(3), task(seeded, input("z", List.of(1L, 3L), 0, 0, 0)).setReturnOutputs(true))
                .getMeasured();

        assertThat(measured.getOutputs(0).getLittleEndianFloats()).isEqualTo(bytes(values));
    }

    @Test
    void measuresAndSaysUnderWhichCircumstances() {
        MeasureRules rules = MeasureRules.newBuilder().setMinWarmupRuns(5).setMaxWarmupNanos(50_000_000)
                .setMinSamples(20).setMaxMeasureNanos(50_000_000).setTargetRelativeHalfWidth(0.5).build();

        Measured measured = run(TinyOnnx.relu(3), task(input("x", List.of(1L, 3L), 1, 2, 3)).setRules(rules)).getMeasured();

        assertThat(measured.getLatency().getSamples()).isGreaterThanOrEqualTo(20);
        assertThat(measured.getLatency().getMinNanos()).isPositive();
        assertThat(measured.getLatency().getMaxNanos()).isGreaterThanOrEqualTo(measured.getLatency().getP50Nanos());
        assertThat(measured.getCircumstances().getMeasuredAtMillis()).isEqualTo(TODAY.toEpochMilli());
        assertThat(measured.getCircumstances().getAgentVersion()).isEqualTo("1.2.3");
        assertThat(measured.getCircumstances().getRules()).isEqualTo(rules);
        assertThat(measured.getOutputsList()).isEmpty();
    }

    @Test
    void anAbandonedTaskHasNoOutcome() {
        Task task = task(input("x", List.of(1L, 3L), 1, 2, 3)).setRules(MeasureRules.newBuilder()
                .setMaxWarmupNanos(1).setMaxMeasureNanos(1).setTargetRelativeHalfWidth(1)).build();

        assertThat(runner.run(task, TinyOnnx.relu(3), () -> true)).isEmpty();
    }

    @Test
    void aBrokenModelFailsInOneLine() {
        assertThat(failure("not a model".getBytes(), task())).startsWith("model: ").doesNotContain("\n");
        assertThat(failure(new byte[0], task())).doesNotContain("\n");
    }

    @Test
    void inputsThatDoNotFitTheModelFailWithNameAndExpectation() {
        byte[] relu = TinyOnnx.relu(3);
        ModelInput x = input("x", List.of(1L, 3L), 1, 2, 3);

        assertThat(failure(relu, task())).isEqualTo("input x: missing (expected: float32 of shape [-1, 3])");
        assertThat(failure(relu, task(input("image", List.of(1L, 3L), 1, 2, 3))))
                .isEqualTo("input image: not an input of the model (expected: x)");
        assertThat(failure(relu, task(x, x))).isEqualTo("input x: given twice");
        assertThat(failure(relu, task(input("x", List.of(3L), 1, 2, 3))))
                .isEqualTo("input x: shape [3] (expected: [-1, 3], -1 is any size)");
        assertThat(failure(relu, task(input("x", List.of(1L, 4L), 1, 2, 3, 4))))
                .isEqualTo("input x: shape [1, 4] (expected: [-1, 3], -1 is any size)");
        assertThat(failure(relu, task(input("x", List.of(-1L, 3L)))))
                .isEqualTo("input x: shape [-1, 3] (expected: [-1, 3], -1 is any size)");
        assertThat(failure(relu, task(input("x", List.of(1L, 3L), 1, 2))))
                .isEqualTo("input x: 8 bytes (expected: 12 for shape [1, 3])");
        assertThat(failure(relu, task(ModelInput.newBuilder().setName("x").addShape(1).addShape(3).build())))
                .isEqualTo("input x: no content (expected: values or a seed)");
        ModelInput huge = ModelInput.newBuilder().setName("x").addShape(1L << 40).addShape(3).setRandomSeed(1).build();
        assertThat(failure(relu, task(huge)))
                .isEqualTo("input x: shape [1099511627776, 3] (expected: less than 2 GiB)");
    }

    @Test
    void outputsThatAreNotFloatsFailOnlyWhenAskedFor() {
        byte[] cast = TinyOnnx.toInt64(3);
        Task.Builder task = task(input("x", List.of(1L, 3L), 1, 2, 3));

        assertThat(run(cast, task).hasMeasured()).isTrue();
        assertThat(failure(cast, task.setReturnOutputs(true))).startsWith("output y: ").endsWith("(expected: a float32 tensor)");
    }

    @Test
    void aProviderThatIsNotHereFailsWithTheOnesThatAre() {
        assertThat(failure(TinyOnnx.relu(3), task().setProvider("frobnicator")))
                .matches("provider frobnicator: not offered by onnxruntime 1\\.\\S+ here \\(offered: .*cpu.*\\)");
        assertThat(failure(TinyOnnx.relu(3), task().setThreads(0))).isEqualTo("threads: 0 (expected: 1 or more)");
    }
}
