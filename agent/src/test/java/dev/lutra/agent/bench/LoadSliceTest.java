package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.agent.runtime.OrtModel;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Load;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A load offered in a real process. */
class LoadSliceTest {

    private static final MeasureRules RULES = MeasureRules.newBuilder().setMinWarmupRuns(5).setMaxWarmupNanos(50_000_000)
        .setMaxMeasureNanos(50_000_000).setTargetRelativeHalfWidth(0.5).build();

    private final Bench bench = new OfferedBench().with(new ProcessBench(List.of()), List.of("cpu"));

    @AfterEach
    void close() {
        bench.close();
    }

    private static Task.Builder task() {
        return Task.newBuilder().setId("t").setProvider("cpu").setThreads(1).setRules(RULES)
            .addInputs(ModelInput.newBuilder().setName("x").addShape(1).addShape(3).setRandomSeed(1));
    }

    private Slice slice(Task.Builder task) throws InterruptedException {
        return bench.slice(task.build(), TinyOnnx.relu(3), () -> false);
    }

    @Test
    void everyRequestIsASample() throws InterruptedException {
        Slice slice = slice(task().setLoad(Load.newBuilder().setRequestsPerSecond(500).setDurationNanos(100_000_000)));

        assertThat(slice.getSamplesNanosList()).hasSize(50).allSatisfy(nanos -> assertThat(nanos).isPositive());
        assertThat(slice.getWarmupRuns()).isGreaterThanOrEqualTo(5);
        assertThat(slice.getSamplingNanos()).as("the last is due then").isGreaterThanOrEqualTo(98_000_000);
        assertThat(slice.getNodesByProviderMap()).containsExactly(Map.entry("cpu", 1));
    }

    @Test
    void whatTheAgentDoesNotOfferIsNotTried() {
        assertThatThrownBy(() -> slice(task().setProvider("cuda"))).isInstanceOf(TaskFailure.class)
            .hasMessage("provider cuda: not offered by this agent (offered: cpu)");
    }

    @Test
    void theRecordSaysWhatWasTimed() {
        assertThat(OrtModel.timing(task().setLoad(Load.newBuilder().setRequestsPerSecond(50)).build()))
            .isEqualTo("load 50/s, from when a request was due; wall");
    }
}
