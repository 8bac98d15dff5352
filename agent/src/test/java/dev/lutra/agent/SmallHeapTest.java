package dev.lutra.agent;

import static dev.lutra.agent.link.ScriptedServer.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.link.ScriptedServer;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a board with little memory, a model that does not fit into it: a process of its own, whose memory really runs out. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SmallHeapTest {

    private static final int LARGE = 90 << 20;

    @TempDir
    Path state;

    /** With so little that it may run out anywhere, in the agent's own threads as well as in the network's. */
    @ParameterizedTest
    @ValueSource(ints = {96, 24})
    void aModelThatDoesNotFitEndsItsTaskOrTheAgentWithOneLine(int megabytes) throws Exception {
        Path said = state.resolve("said.txt");
        try (ScriptedServer server = new ScriptedServer()) {
            server.chunkBytes = 1 << 20;
            server.enqueue(new byte[LARGE], task("large"));
            server.enqueue(TinyOnnx.relu(3), task("small"));
            Process agent = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + megabytes + "m",
                "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), Main.class.getName(), "--server", server.address().toString(),
                "--token", ScriptedServer.TOKEN, "--device", "board", "--state", state.toString())
                .redirectErrorStream(true).redirectOutput(said.toFile()).start();
            try {
                eventually("both outcomes or the end", () -> server.reported().size() == 2 || !agent.isAlive());
                if (agent.isAlive()) {
                    assertThat(report(server, "large").getOutcome().getFailed().getReason()).contains("too large for the agent's memory");
                    assertThat(report(server, "small").getOutcome().hasMeasured()).isTrue();
                } else {
                    assertThat(agent.exitValue()).isEqualTo(1);
                    assertThat(Files.readString(said)).contains("agent: java.lang.OutOfMemoryError").doesNotContain("\tat ");
                }
                assertThat(agent.isAlive() || megabytes < 96).isTrue();
            } finally {
                agent.destroy();
                agent.waitFor();
            }
        }
    }

    private static ReportRequest report(ScriptedServer server, String task) {
        Optional<ReportRequest> report = server.reports.stream().filter(one -> one.getLease().getTaskId().equals(task)).findFirst();
        return report.orElseThrow();
    }

    private static Task.Builder task(String id) {
        return Task.newBuilder().setId(id).setProvider("cpu").setThreads(1)
            .setRules(MeasureRules.newBuilder().setMinWarmupRuns(3).setMaxWarmupNanos(20_000_000).setMinSamples(10)
                .setMaxMeasureNanos(20_000_000).setTargetRelativeHalfWidth(0.5))
            .addInputs(ModelInput.newBuilder().setName("x").addShape(1).addShape(3).setRandomSeed(1));
    }
}
