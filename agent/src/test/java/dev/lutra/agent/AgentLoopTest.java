package dev.lutra.agent;

import static dev.lutra.agent.ScriptedServer.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Task;
import io.grpc.Status;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The agent's loop against a server on a real socket. */
class AgentLoopTest {

    private static final byte[] RELU = TinyOnnx.relu(3);
    private static final MeasureRules QUICK = MeasureRules.newBuilder().setMinWarmupRuns(3).setMaxWarmupNanos(20_000_000)
            .setMinSamples(10).setMaxMeasureNanos(20_000_000).setTargetRelativeHalfWidth(0.5).build();
    private static final MeasureRules ENDLESS = QUICK.toBuilder()
            .setSliceNanos(60_000_000_000L).setMaxMeasureNanos(60_000_000_000L).setMinSamples(1 << 30).build();

    private final ScriptedServer server = new ScriptedServer();
    private final List<AgentLoop> loops = new ArrayList<>();
    private final List<CompletableFuture<Void>> runs = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        loops.forEach(AgentLoop::stop);
        for (CompletableFuture<Void> run : runs) {
            run.exceptionally(e -> null).get(20, TimeUnit.SECONDS);
        }
        server.close();
    }

    private CompletableFuture<Void> start(String token, Duration joinTimeout) {
        return start(server.address(), token, joinTimeout);
    }

    private CompletableFuture<Void> start(ServerAddress address, String token, Duration joinTimeout) {
        ServerLink link = new ServerLink(address, token);
        JoinRequest self = JoinRequest.newBuilder()
                .setDevice(Device.newBuilder().setName("bench")).setAgentVersion("dev").build();
        AgentLoop loop = new AgentLoop(link, self, new TaskRunner(System::nanoTime, Clock.systemUTC(), "dev"), 4, 1 << 20,
                () -> new Backoff(Duration.ofMillis(20), Duration.ofMillis(200), new Random(1)));
        loops.add(loop);
        CompletableFuture<Void> run = CompletableFuture.runAsync(() -> {
            try (link) {
                loop.run(joinTimeout);
            }
        });
        runs.add(run);
        return run;
    }

    private void start() {
        start(ScriptedServer.TOKEN, Duration.ZERO);
    }

    private static Task.Builder relu(String id, MeasureRules rules) {
        return Task.newBuilder().setId(id).setProvider("cpu").setThreads(1).setRules(rules)
                .addInputs(ModelInput.newBuilder().setName("x").addShape(1).addShape(3).setRandomSeed(1));
    }

    private ReportRequest report(int index) throws InterruptedException {
        eventually("report " + index, () -> server.reports.size() > index);
        return server.reports.get(index);
    }

    private static void assertRefused(CompletableFuture<Void> run, String line) {
        assertThatThrownBy(() -> run.get(20, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
                .cause().isInstanceOf(InputException.class).hasMessage(line);
    }

    @Test
    void measuresWhatItLeasesAndFetchesEachModelOnce() throws Exception {
        server.enqueue(RELU, relu("a", QUICK));
        server.enqueue(RELU, relu("b", QUICK));
        start();

        assertThat(report(0).getLease().getTaskId()).isEqualTo("a");
        assertThat(report(0).getLease().getEpoch()).isEqualTo(1);
        assertThat(report(0).getSession()).isEqualTo("session-1");
        assertThat(report(0).getOutcome().getMeasured().getLatency().getSamples()).isGreaterThanOrEqualTo(10);
        assertThat(report(1).getLease().getTaskId()).isEqualTo("b");
        assertThat(report(1).getOutcome().hasMeasured()).isTrue();
        assertThat(server.joins).singleElement().satisfies(join -> assertThat(join.getDevice().getName()).isEqualTo("bench"));
        assertThat(server.fetches).containsExactly(ModelCache.sha256(RELU));
        assertThat(server.leases.get(0).getMaxTasks()).isEqualTo(4);
    }

    @Test
    void aWrongTokenEndsTheAgentWithOneLine() {
        assertRefused(start("wrong", Duration.ofMinutes(1)),
                server.address() + ": the server refuses the token (expected: the one it was started with)");
        assertThat(server.joins).isEmpty();
    }

    @Test
    void aServerThatRefusesTheDeviceEndsTheAgentWithItsReason() {
        server.onJoin = () -> {
            throw Status.INVALID_ARGUMENT.withDescription("device: a/b (expected: no slash)").asRuntimeException();
        };

        assertRefused(start(ScriptedServer.TOKEN, Duration.ofMinutes(1)),
                server.address() + ": the server refuses this agent: device: a/b (expected: no slash)");
    }

    @Test
    void aServerThatIsNotThereEndsTheAgentAfterItsPatience() throws Exception {
        server.stop();
        for (Duration patience : List.of(Duration.ZERO, Duration.ofMillis(300))) {
            assertThatThrownBy(() -> start(ScriptedServer.TOKEN, patience).get(20, TimeUnit.SECONDS))
                    .cause().isInstanceOf(InputException.class)
                    .hasMessageStartingWith(server.address() + ": no server answers there (Connection refused");
        }
    }

    @Test
    void aServerThatComesLaterIsJoined() throws Exception {
        server.stop();
        start(ScriptedServer.TOKEN, Duration.ofMinutes(1));
        Thread.sleep(300);
        server.start();

        eventually("join", () -> server.joins.size() == 1);
    }

    @Test
    void somethingElseThatListensThereIsNotTakenForAServer() throws Exception {
        try (ServerSocket other = new ServerSocket(0)) {
            ServerAddress address = new ServerAddress("localhost", other.getLocalPort());
            CompletableFuture<Void> run = start(address, "t", Duration.ZERO);
            try (Socket connection = other.accept()) {
                connection.getOutputStream().write("SSH-2.0-OpenSSH_9.2\r\n".repeat(10).getBytes());
            }
            assertThatThrownBy(() -> run.get(20, TimeUnit.SECONDS)).cause().isInstanceOf(InputException.class)
                    .hasMessageStartingWith(address + ": ").hasMessageNotContaining("\n");
        }
    }

    @Test
    void leasesAreRenewedWhileATaskRuns() throws Exception {
        server.enqueue(RELU, relu("long", ENDLESS));
        start();

        eventually("renewals", () -> server.renewals.stream().filter(renewal -> renewal.getLeasesList().stream()
                .anyMatch(lease -> lease.getTaskId().equals("long") && lease.getEpoch() == 1)).count() >= 5);
        assertThat(server.reports).isEmpty();
    }

    @Test
    void aLostLeaseDropsItsTaskUnreportedAndOnlyThat() throws Exception {
        server.onRenew = request -> RenewReply.newBuilder().addAllHeld(
                request.getLeasesList().stream().filter(lease -> !lease.getTaskId().equals("lost")).toList()).build();
        server.enqueue(RELU, relu("lost", ENDLESS));
        server.enqueue(RELU, relu("kept", QUICK));
        start();

        assertThat(report(0).getLease().getTaskId()).isEqualTo("kept");
        eventually("next lease", () -> server.leases.size() >= 2);
        assertThat(server.reports).hasSize(1);
    }

    @Test
    void aReportWithoutAnAnswerIsRepeatedUnchanged() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        server.onReport = request -> {
            if (calls.incrementAndGet() < 3) {
                throw Status.UNAVAILABLE.withDescription("stored, but the answer got lost").asRuntimeException();
            }
            return ReportReply.newBuilder().setAccepted(true).build();
        };
        server.enqueue(RELU, relu("a", QUICK));
        start();

        eventually("lease after the report", () -> server.leases.size() >= 2);
        assertThat(server.reports).hasSize(3);
        assertThat(server.reports).containsOnly(server.reports.get(0));
    }

    @Test
    void aReportThatDoesNotCountIsNotRepeated() throws Exception {
        server.onReport = request -> ReportReply.getDefaultInstance();
        server.enqueue(RELU, relu("a", QUICK));
        start();

        eventually("lease after the report", () -> server.leases.size() >= 2);
        assertThat(server.reports).hasSize(1);
    }

    @Test
    void anOutcomeThatTheServerDoesNotTakeIsReportedAsFailed() throws Exception {
        server.onReport = request -> {
            if (request.getOutcome().hasMeasured()) {
                throw Status.RESOURCE_EXHAUSTED.withDescription("message too large").asRuntimeException();
            }
            return ReportReply.newBuilder().setAccepted(true).build();
        };
        server.enqueue(RELU, relu("a", QUICK));
        start();

        assertThat(report(1).getOutcome().getFailed().getReason()).isEqualTo("the server refuses the outcome: message too large");
        eventually("lease after the report", () -> server.leases.size() >= 2);
        assertThat(server.reports).hasSize(2);
    }

    /** The test's server takes gRPC's usual 4 MiB a message. */
    @Test
    void outputsThatAreTooLargeForTheServerAreReportedAsFailed() throws Exception {
        server.enqueue(RELU, relu("large", QUICK).clearRules().clearInputs().setReturnOutputs(true).addInputs(
                ModelInput.newBuilder().setName("x").addShape(500_000).addShape(3).setRandomSeed(1)));
        start();

        assertThat(reason(0)).startsWith("the server refuses the outcome: ").contains("exceeds maximum size");
    }

    @Test
    void tasksThatFailDoNotEndTheAgent() throws Exception {
        server.enqueue("no model".getBytes(), relu("broken", QUICK));
        server.enqueue(RELU, relu("inputs", QUICK).clearInputs());
        server.queue.add(LeasedTask.newBuilder().setEpoch(1).setTask(relu("unknown", QUICK).setModelSha256("00")).build());
        server.models.put("11", RELU);
        server.queue.add(LeasedTask.newBuilder().setEpoch(1).setTask(relu("corrupt", QUICK).setModelSha256("11")).build());
        server.enqueue(RELU, relu("good", QUICK));
        start();

        assertThat(reason(0)).startsWith("model: ");
        assertThat(reason(1)).isEqualTo("input x: missing (expected: float32 of shape [-1, 3])");
        assertThat(reason(2)).isEqualTo("model 00: nothing of that name");
        assertThat(reason(3)).isEqualTo(
                "model 11: the " + RELU.length + " bytes received have SHA-256 " + ModelCache.sha256(RELU));
        assertThat(report(4).getOutcome().getKindCase()).isEqualTo(Outcome.KindCase.MEASURED);
        assertThat(server.joins).hasSize(1);
    }

    private String reason(int index) throws InterruptedException {
        return report(index).getOutcome().getFailed().getReason();
    }

    @Test
    void aRestartedServerIsJoinedAgainAndWorkGoesOn() throws Exception {
        start();
        eventually("join", () -> server.joins.size() == 1);
        server.stop();
        Thread.sleep(300);
        server.start();
        server.enqueue(RELU, relu("after", QUICK));

        assertThat(report(0).getLease().getTaskId()).isEqualTo("after");
        assertThat(report(0).getSession()).isEqualTo("session-2");
    }

    @Test
    void aTaskUnderWayWhenTheServerForgetsTheSessionIsDropped() throws Exception {
        server.enqueue(RELU, relu("under way", ENDLESS));
        start();
        eventually("renewal", () -> server.renewals.stream().anyMatch(renewal -> renewal.getLeasesCount() == 1));
        server.stop();
        server.start();

        eventually("second join", () -> server.joins.size() == 2);
        assertThat(server.reports).isEmpty();
    }

    @Test
    void aResultThatMeetsALostSessionIsOfferedOnceMoreUnderTheNext() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        server.leaseMillis = 60_000;
        server.onReport = request -> {
            if (calls.incrementAndGet() == 1) {
                server.sessions.clear();
                throw Status.NOT_FOUND.withDescription("unknown session").asRuntimeException();
            }
            return ReportReply.newBuilder().setAccepted(true).build();
        };
        server.enqueue(RELU, relu("a", QUICK));
        start();

        assertThat(report(1).getSession()).isEqualTo("session-2");
        assertThat(report(1).getLease()).isEqualTo(report(0).getLease());
        assertThat(report(1).getOutcome()).isEqualTo(report(0).getOutcome());
        eventually("lease after the report", () -> server.leases.size() >= 2);
        assertThat(server.reports).hasSize(2);
    }

    @Test
    void aSessionLostWhileAModelIsFetchedIsNoFailureOfTheTask() throws Exception {
        server.leaseMillis = 60_000;
        server.onFetch = server.sessions::clear;
        server.enqueue(RELU, relu("a", QUICK));
        start();

        eventually("second join", () -> server.joins.size() >= 2);
        eventually("lease after it", () -> server.leases.size() >= 2);
        assertThat(server.reports).isEmpty();
    }

    @Test
    void stoppingInTheMiddleOfATaskEndsTheLoopSoon() throws Exception {
        server.enqueue(RELU, relu("long", ENDLESS));
        CompletableFuture<Void> run = start(ScriptedServer.TOKEN, Duration.ZERO);
        eventually("renewal", () -> server.renewals.stream().anyMatch(renewal -> renewal.getLeasesCount() == 1));

        loops.get(0).stop();

        run.get(10, TimeUnit.SECONDS);
        assertThat(server.reports).isEmpty();
    }

    @Test
    void stoppingWhileTheServerIsAwayEndsTheLoopSoon() throws Exception {
        CompletableFuture<Void> run = start(ScriptedServer.TOKEN, Duration.ZERO);
        eventually("join", () -> server.joins.size() == 1);
        server.stop();
        Thread.sleep(200);

        loops.get(0).stop();

        run.get(10, TimeUnit.SECONDS);
    }
}
