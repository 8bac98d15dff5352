package dev.lutra.server.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.run.SaidLines;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RunFleetTest {

    private static final Duration LEASE = Duration.ofMillis(300);
    /** An ONNX file without an operator. */
    private static final byte[] EMPTY_GRAPH = {0x3a, 0};

    @TempDir
    Path folder;

    private final SaidLines progress = new SaidLines();

    /** The lid of a laptop in the middle of a run: whoever looks at the terminal is to know, and not by waiting for minutes. */
    @Test
    void aDeviceThatGoesAndComesBackIsToldOnceEach() throws Exception {
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), LEASE);
            ModelStore models = new ModelStore(folder.resolve("models"));
            RunFleet fleet = new RunFleet(new LocalFleet(queue, models), progress, List.of(), Map.of(), "lutra agent --server here:1");
            Task task = Task.newBuilder().setId("t").setThreads(1).setModelSha256(fleet.putModel(EMPTY_GRAPH)).build();
            String session = queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("box")).build());
            CompletableFuture<Void> run = CompletableFuture.runAsync(() -> fleet.run("box", List.of(task), outcome -> {}));
            List<LeaseName> leases = List.of();
            for (int i = 0; i < 30 || leases.isEmpty(); i++) {
                if (leases.isEmpty()) {
                    leases = queue.lease(session, 1).stream().map(RunFleetTest::name).toList();
                }
                queue.renew(session, leases, TaskQueue.Progress.NONE);
                Thread.sleep(50);
            }
            assertThat(progress.lines()).as("while it is there").isEmpty();

            long gone = System.nanoTime();
            while (progress.lines().isEmpty()) {
                Thread.sleep(10);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - gone)).as("far below the 20 s of a device that never came")
                .isLessThan(Duration.ofSeconds(10));
            Thread.sleep(1500);
            for (int i = 0; i < 30; i++) {
                queue.renew(session, leases, TaskQueue.Progress.NONE);
                Thread.sleep(50);
            }
            queue.report(session, leases.get(0), Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("done")).build());
            run.get(30, TimeUnit.SECONDS);
            assertThat(progress.lines()).hasSize(2);
            assertThat(progress.lines().get(0)).matches("device box: not heard of for \\d s, waiting until it is back");
            assertThat(progress.lines().get(1)).isEqualTo("device box: is back");
        }
    }

    @Test
    void aDatabaseThatSomebodyElseHasIsWaitedFor() throws Exception {
        Path file = folder.resolve("lutra.db");
        try (Database database = Database.open(file, progress::say)) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
            ModelStore models = new ModelStore(folder.resolve("models"));
            RunFleet fleet = new RunFleet(new LocalFleet(queue, models, database.patience()), progress, List.of(), Map.of(), "join");
            Task task = Task.newBuilder().setId("t").setThreads(1).setModelSha256(fleet.putModel(EMPTY_GRAPH)).build();
            String session = queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("box")).build());
            CompletableFuture<Void> run = CompletableFuture.runAsync(() -> fleet.run("box", List.of(task), outcome -> {}));
            List<LeasedTask> leased = List.of();
            while (leased.isEmpty()) {
                leased = queue.lease(session, 1);
            }
            try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file); Statement lock = other.createStatement()) {
                lock.execute("BEGIN EXCLUSIVE");
                while (progress.lines().isEmpty()) {
                    Thread.sleep(10);
                }
                lock.execute("ROLLBACK");
            }
            queue.report(session, name(leased.get(0)), Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("done")).build());
            run.get(30, TimeUnit.SECONDS);
            while (storage().size() < 2) { // of who was refused and did not come back
                database.requireWritable();
                Thread.sleep(50);
            }
            assertThat(storage()).containsExactly(
                "storage: waiting, " + file + ": in use by another process; goes on by itself once that is over",
                "storage: works again, going on");
        }
    }

    private List<String> storage() {
        return progress.lines().stream().filter(line -> line.startsWith("storage: ")).toList();
    }

    private static LeaseName name(LeasedTask leased) {
        return LeaseName.newBuilder().setTaskId(leased.getTask().getId()).setEpoch(leased.getEpoch()).build();
    }
}
