package dev.lutra.agent.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/**
 * Another provider than the CPU, for real, on a machine that has one: the environment variable names it. docs/reference/providers.md
 * says how to get WebGPU without a GPU.
 */
@EnabledIfEnvironmentVariable(named = "LUTRA_TEST_PROVIDER", matches = ".+")
class OtherProviderTest {

    private static final String PROVIDER = System.getenv("LUTRA_TEST_PROVIDER");
    private static final MeasureRules RULES = MeasureRules.newBuilder().setMinWarmupRuns(2).setMaxWarmupNanos(50_000_000)
        .setMinSamples(3).setSliceNanos(50_000_000).setMaxMeasureNanos(50_000_000).setTargetRelativeHalfWidth(0.5).build();
    private static final ProcessBench BENCH = new ProcessBench(List.of());

    @AfterAll
    static void close() {
        BENCH.close();
    }

    private static Task.Builder task(String provider) {
        return Task.newBuilder().setProvider(provider).setThreads(1).addInputs(ModelInput.newBuilder()
            .setName("x").addShape(4).addShape(3).setRandomSeed(1));
    }

    private static Slice slice(byte[] onnx, Task.Builder task) throws InterruptedException {
        return BENCH.slice(task.build(), onnx, () -> false);
    }

    @Test
    void isOfferedAndRunsEveryNode() throws InterruptedException {
        assertThat(ProviderOffer.working(BENCH.runtime().getProvidersList(), BENCH)).contains("cpu", PROVIDER);

        Slice here = slice(TinyOnnx.relu(3), task(PROVIDER).setReturnOutputs(true));
        assertThat(here.getOutputsList()).isEqualTo(slice(TinyOnnx.relu(3), task("cpu").setReturnOutputs(true)).getOutputsList());
        assertThat(here.getNodesByProviderMap()).containsOnlyKeys(PROVIDER);
    }

    @Test
    void timesTheResidentModelAndGivesTheOutputsOfTheModelItself() throws InterruptedException {
        Slice slice = slice(TinyOnnx.relu(3), task(PROVIDER).setRules(RULES).setReturnOutputs(true));

        assertThat(slice.getSamplesNanosCount()).isPositive();
        assertThat(slice.getNodesByProviderMap()).containsOnlyKeys(PROVIDER);
        assertThat(slice.getNodesByProviderOrThrow(PROVIDER)).isGreaterThanOrEqualTo(3);
        assertThat(slice.getOutputs(0).getShapeList()).containsExactly(4L, 3L);
    }

    /** WebGPU's own option leaves nodes to the CPU, as an operator would that it does not have. */
    @Test
    void failsRatherThanLeaveANodeToTheCpu() throws Exception {
        assumeThat(PROVIDER).isEqualTo("webgpu");
        ModelProto relu = ModelProto.parseFrom(TinyOnnx.relu(3));
        GraphProto named = relu.getGraph().toBuilder().setNode(0, relu.getGraph().getNode(0).toBuilder().setName("left")).build();
        byte[] onnx = relu.toBuilder().setGraph(named).build().toByteArray();
        Task.Builder task = task(PROVIDER).putProviderOptions("forceCpuNodeNames", "left").setRules(RULES);

        assertThatThrownBy(() -> slice(onnx, task)).isInstanceOf(TaskFailure.class)
            .message().matches("provider webgpu: 1 of \\d+ nodes were left to the CPU \\(1 Relu\\); .*");
        Slice allowed = slice(onnx, task.putProviderOptions("allow_cpu_nodes", "true"));
        assertThat(allowed.getNodesByProviderMap()).containsEntry("cpu", 1).containsKey("webgpu");
        assertThat(allowed.getSamplesNanosCount()).isPositive();
    }
}
