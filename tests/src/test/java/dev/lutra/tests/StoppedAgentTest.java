package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.Shape;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.access.Access;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lid of a laptop: a real agent that is stopped for several of its leases goes on, and nothing that it has measured is lost. */
@Tag("faults")
class StoppedAgentTest {

    private static final String TOKEN = "the-token-of-this-test";
    private static final Duration LEASE = Duration.ofSeconds(4);
    /** Longer than a lease of a run's own agent. */
    private static final Duration SLEEP = Duration.ofSeconds(40);
    private static final int TASKS = 12;
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    @TempDir
    private Path folder;

    @Test
    void resultsOfAnAgentThatSleptCount() throws Exception {
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), LEASE);
            ModelStore models = new ModelStore(folder.resolve("models"));
            LocalFleet fleet = new LocalFleet(queue, models);
            try (
                LutraServer server = LutraServer.start("127.0.0.1", 0, Optional.empty(), Access.open(database, Clock.systemUTC(), TOKEN), queue,
                    models);
                LutraProcess agent = LutraProcess.start(folder, "agent", "--server", "127.0.0.1:" + server.port(), "--token", TOKEN,
                    "--device", "laptop", "--lease", "4")) {
                String model = fleet.putModel(relu());
                List<Task> tasks = IntStream.range(0, TASKS).mapToObj(i -> task("t" + i, model)).toList();
                List<String> ids = tasks.stream().map(Task::getId).toList();
                fleet.submit("laptop", tasks);
                assertThat(agent.awaitLine(line -> line.contains(": p50 "), PATIENCE)).as("%s", agent.errors()).isTrue();
                agent.signalAll("STOP");
                Thread.sleep(LEASE.multipliedBy(3).toMillis());
                assertThat(queue.agents().get(0).getLeasedTasks()).as("its leases have run out").isZero();
                assertThat(queue.agents().get(0).getOnline()).isFalse();
                agent.signalAll("CONT");

                List<TaskOutcome> done = fleet.outcomes(ids, TASKS - 1, PATIENCE);
                assertThat(done).hasSize(TASKS).allMatch(outcome -> outcome.getOutcome().hasMeasured())
                    .allSatisfy(outcome -> assertThat(outcome.getOutcome().getMeasured().getLatency().getMaxNanos()).as("no run spans the sleep")
                        .isLessThan(LEASE.toNanos()));
                assertThat(attempts(database)).as("charged to a task").isZero();
            }
        }
    }

    /**
     * First the process of the run, in which its server is, then all of them, the one that measures among them: what was under way is measured
     * again, and no table tells of the time that was slept.
     */
    @Test
    void aRunWhoseMachineSleptEndsAsAnyOther() throws Exception {
        SmallJob job = new SmallJob(folder);
        Path experiment = job.experiment("slept", SmallJob.SYNTHETIC, SmallJob.LOCAL);
        try (LutraProcess run = LutraProcess.start(folder, "run", experiment.toString())) {
            assertThat(run.awaitLine(line -> line.contains("profile local: "), PATIENCE)).as("%s", run.errors()).isTrue();
            run.signal("STOP");
            Thread.sleep(SLEEP.toMillis());
            run.signal("CONT");
            Thread.sleep(2_000);
            run.signalAll("STOP");
            Thread.sleep(SLEEP.toMillis());
            run.signalAll("CONT");
            LutraProcess.Result finished = run.await(PATIENCE);
            assertThat(finished.code()).as("%s", finished.errors()).isZero();
        }
        job.assertComplete("slept");
        try (Stream<Path> tables = Files.list(folder.resolve("runs/slept/lut"))) {
            JsonNode table = new JsonMapper().readTree(tables.filter(file -> file.toString().endsWith(".json")).findFirst().orElseThrow().toFile());
            assertThat(table.path("entries")).isNotEmpty().allSatisfy(entry -> assertThat(entry.path("latency").path("maxNanos").asLong())
                .as("%s", entry.path("label")).isLessThan(SLEEP.toNanos() / 4));
        }
        try (Database database = Database.open(folder.resolve("runs/slept/lutra.db"))) {
            assertThat(attempts(database)).as("charged to a task").isZero();
        }
    }

    private static int attempts(Database database) {
        return database.transaction(handle -> handle.createQuery("SELECT sum(attempts) FROM tasks").mapTo(Integer.class).one());
    }

    private static Task task(String id, String model) {
        return Task.newBuilder().setId(id).setLabel(id).setModelSha256(model).setProvider("cpu").setThreads(1)
            .addInputs(ModelInput.newBuilder().setName("input").addAllShape(List.of(1L, 4L, 8L, 8L)).setRandomSeed(1))
            .setRules(MeasureRules.newBuilder().setMinWarmupRuns(3).setMaxWarmupNanos(50_000_000).setMinSamples(15).setSliceNanos(20_000_000)
                .setMaxMeasureNanos(200_000_000).setTargetRelativeHalfWidth(0.5).setMinRounds(2))
            .build();
    }

    private static byte[] relu() {
        NetworkBuilder graph = new NetworkBuilder("relu", Shape.image(4, 8, 8), 1e-5);
        graph.segment("relu");
        Network network = graph.build(graph.activation("relu", graph.input(), Function.RELU));
        return OnnxExporter.export(network, new RandomWeights(1), new OnnxOptions(true, OptionalInt.of(1), Map.of())).toByteArray();
    }
}
