package dev.lutra.agent;

import static dev.lutra.agent.link.ScriptedServer.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.bench.InProcessBench;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.link.Backoff;
import dev.lutra.agent.link.LeaseKeeper;
import dev.lutra.agent.link.ScriptedServer;
import dev.lutra.agent.link.ServerAddress;
import dev.lutra.agent.link.ServerLink;
import dev.lutra.agent.rounds.Rounds;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Task;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On a board with little memory, a model that does not fit into it: a process of its own, whose memory really runs out. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SmallHeapTest {

    private static final int LARGE = 90 << 20;

    @TempDir
    Path state;

    @Test
    void aModelThatDoesNotFitFailsItsTaskAndTheAgentGoesOn() throws Exception {
        try (ScriptedServer server = new ScriptedServer()) {
            server.chunkBytes = 1 << 20;
            server.enqueue(new byte[LARGE], task("large"));
            server.enqueue(TinyOnnx.relu(3), task("small"));
            Process agent = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx96m",
                "-Dlogback.configurationFile=logback-agent.xml", "-cp",
                System.getProperty("java.class.path"), Small.class.getName(), Integer.toString(server.address().port()), state.toString())
                .inheritIO().start();
            try {
                eventually("both outcomes", () -> server.reported().size() == 2);
                assertThat(report(server, "large").getOutcome().getFailed().getReason()).contains("too large for the agent's memory");
                assertThat(report(server, "small").getOutcome().hasMeasured()).isTrue();
                assertThat(server.joins).hasSize(1);
                assertThat(agent.isAlive()).isTrue();
            } finally {
                agent.destroyForcibly().waitFor();
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

    /** An agent, but for the process that its models run in. */
    static final class Small {

        public static void main(String[] args) {
            ServerLink link = new ServerLink(new ServerAddress("localhost", Integer.parseInt(args[0])), ScriptedServer.TOKEN);
            Rounds rounds = new Rounds(new InProcessBench(), new ReferenceLevels(Path.of(args[1])), System::nanoTime, TimeUnit.NANOSECONDS::sleep,
                Clock.systemUTC(), new Random(1), new SystemWatch(), "dev");
            JoinRequest self = JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("board")).setAgentVersion("dev").build();
            new AgentLoop(link, self, rounds, 4, Runtime.getRuntime().maxMemory() / 4,
                () -> new Backoff(Duration.ofMillis(20), Duration.ofMillis(200), new Random(1)), LeaseKeeper::timer).run(Duration.ofSeconds(30));
        }
    }
}
