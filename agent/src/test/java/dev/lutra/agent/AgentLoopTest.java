package dev.lutra.agent;

import static dev.lutra.agent.link.ScriptedServer.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.agent.bench.InProcessBench;
import dev.lutra.agent.bench.WrappedBench;
import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.link.Backoff;
import dev.lutra.agent.link.Reports;
import dev.lutra.agent.link.ScriptedServer;
import dev.lutra.agent.link.DeviceKey;
import dev.lutra.agent.link.Passport;
import dev.lutra.agent.link.ServerLink;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.agent.rounds.Rounds;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.task.InputException;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import dev.lutra.proto.content.Sha256;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import dev.lutra.proto.onnx.TensorProto;
import io.grpc.Status;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent's loop against a server on a real socket. The time limit only ends a test that would hang. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AgentLoopTest {

    private static final byte[] RELU = TinyOnnx.relu(3);
    private static final MeasureRules QUICK = MeasureRules.newBuilder().setMinWarmupRuns(3).setMaxWarmupNanos(20_000_000)
        .setMinSamples(10).setMaxMeasureNanos(20_000_000).setTargetRelativeHalfWidth(0.5).build();

    /** Renews as often as it gets to, whatever period is asked for. */
    private final class Timer extends ScheduledThreadPoolExecutor {

        private Timer() {
            super(1);
        }

        @Override
        public ScheduledFuture<?> scheduleWithFixedDelay(Runnable renewal, long first, long period, TimeUnit unit) {
            periods.add(Duration.of(period, unit.toChronoUnit()));
            return super.scheduleWithFixedDelay(renewal, 10, 10, TimeUnit.MILLISECONDS);
        }
    }

    @TempDir
    private Path state;
    private final InProcessBench bench = new InProcessBench();
    private final ScriptedServer server = new ScriptedServer();
    private final List<AgentLoop> loops = new ArrayList<>();
    private final List<CompletableFuture<Void>> runs = new ArrayList<>();
    private final List<Duration> periods = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() throws Exception {
        loops.forEach(AgentLoop::stop);
        for (CompletableFuture<Void> run : runs) {
            run.exceptionally(e -> null).join();
        }
        server.close();
    }

    private CompletableFuture<Void> start(String token, Duration joinTimeout) {
        return start(server.address(), token, joinTimeout);
    }

    private CompletableFuture<Void> start(ServerAddress address, String token, Duration joinTimeout) {
        return start(address, token, joinTimeout, bench);
    }

    private CompletableFuture<Void> start(ServerAddress address, String token, Duration joinTimeout, Bench with) {
        ServerLink link = new ServerLink(address);
        DeviceKey key = DeviceKey.find(state, address, "bench").orElseGet(() -> DeviceKey.make(state, address, "bench"));
        link.show(new Passport("bench", key, Optional.of(token)));
        JoinRequest self = JoinRequest.newBuilder()
            .setDevice(Device.newBuilder().setName("bench")).setAgentVersion("dev").build();
        Rounds rounds = new Rounds(with, new ReferenceLevels(state), System::nanoTime, TimeUnit.NANOSECONDS::sleep,
            Clock.systemUTC(), new Random(1), new SystemWatch(), "dev");
        AgentLoop loop = new AgentLoop(link, () -> self, rounds, 4, 1 << 20,
            () -> new Backoff(Duration.ofMillis(20), Duration.ofMillis(200), new Random(1)), Timer::new);
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

    private static Task.Builder endless(String id) {
        return relu(id, QUICK).setLabel(InProcessBench.ENDLESS);
    }

    private ReportRequest report(int index) throws InterruptedException {
        eventually("report " + index, () -> server.reports.size() > index);
        return server.reports.get(index);
    }

    /** Reports are delivered in turn: what was not repeated before that of another task will not be. */
    private List<ReportRequest> reportsUpToAnother() throws InterruptedException {
        eventually("report", () -> !server.reports.isEmpty());
        server.enqueue(RELU, relu("another", QUICK));
        outcome("another");
        return server.reports.stream().filter(report -> !report.getLease().getTaskId().equals("another")).toList();
    }

    private static void assertRefused(CompletableFuture<Void> run, String line) {
        assertThatThrownBy(() -> run.get()).isInstanceOf(ExecutionException.class)
            .cause().isInstanceOf(InputException.class).hasMessage(line);
    }

    @Test
    void measuresWhatItLeasesAndFetchesEachModelOnce() throws Exception {
        server.enqueue(RELU, relu("a", QUICK));
        server.enqueue(RELU, relu("b", QUICK));
        start();

        eventually("two reports", () -> server.reports.size() == 2);
        assertThat(server.reports).extracting(report -> report.getLease().getTaskId()).containsExactlyInAnyOrder("a", "b");
        assertThat(server.reports).allSatisfy(report -> {
            assertThat(report.getLease().getEpoch()).isEqualTo(1);
            assertThat(report.getSession()).isEqualTo("session-1");
            assertThat(report.getOutcome().getMeasured().getLatency().getSamples()).isGreaterThanOrEqualTo(10);
        });
        assertThat(server.joins).singleElement().satisfies(join -> assertThat(join.getDevice().getName()).isEqualTo("bench"));
        assertThat(server.fetches).containsExactly(Sha256.of(RELU));
        assertThat(server.leases.get(0).getMaxTasks()).isEqualTo(4);
    }

    @Test
    void aWrongTokenEndsTheAgentWithOneLine() {
        assertRefused(start("wrong", Duration.ofMinutes(1)),
            server.address() + ": the server does not let this device in: wrong token");
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
    void aServerOfAnOlderProtocolEndsTheAgentWithWhatToUpdate() {
        server.protocol = null;
        assertRefused(start(ScriptedServer.TOKEN, Duration.ZERO), server.address().shown() + ": the server refuses this agent: protocol of the"
            + " server: none told (expected: 1, which the caller speaks; the server's Lutra is older and has to be updated)");
        assertThat(server.joins).isEmpty();
    }

    @Test
    void aServerOfANewerProtocolThatServesTheAgentIsJoined() throws Exception {
        server.protocol = "2";
        server.enqueue(RELU, relu("a", QUICK));
        start();
        eventually("a report", () -> server.reports.size() == 1);
    }

    @Test
    void aServerThatIsNotThereEndsTheAgentAfterItsPatience() throws Exception {
        server.stop();
        for (Duration patience : List.of(Duration.ZERO, Duration.ofMillis(300))) {
            long begin = System.nanoTime();
            assertThatThrownBy(() -> start(ScriptedServer.TOKEN, patience).get())
                .cause().isInstanceOf(InputException.class)
                .hasMessageStartingWith(server.address() + ": no server answers there (Connection refused");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(patience);
        }
    }

    @Test
    void aServerThatComesLaterIsJoined() throws Exception {
        server.stop();
        try (ServerSocket nobody = server.nobody()) {
            start(ScriptedServer.TOKEN, Duration.ofMinutes(10));
            nobody.accept().close();
        }
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
            assertThatThrownBy(() -> run.get()).cause().isInstanceOf(InputException.class)
                .hasMessageStartingWith(address + ": ").hasMessageNotContaining("\n");
        }
    }

    @Test
    void leasesAreRenewedWhileATaskRuns() throws Exception {
        server.enqueue(RELU, endless("long"));
        start();

        eventually("renewals", () -> server.renewals.stream().filter(renewal -> renewal.getLeasesList().stream()
            .anyMatch(lease -> lease.getTaskId().equals("long") && lease.getEpoch() == 1)).count() >= 5);
        assertThat(periods).containsExactly(Duration.ofMillis(server.leaseMillis / 4));
        assertThat(server.reports).isEmpty();
    }

    @Test
    void renewalsTellHowFarMeasuringHasCome() throws Exception {
        // By rounds it never comes to an end, by time in a minute.
        MeasureRules rules = QUICK.toBuilder().setTargetRelativeHalfWidth(1e-9).setMaxMeasureNanos(60_000_000_000L).build();
        server.enqueue(RELU, relu("long", rules));
        server.enqueue(RELU, relu("as long", rules));
        start();

        eventually("progress", () -> server.renewals.stream().anyMatch(renewal -> renewal.getUnderWay() > 0));
        assertThat(server.renewals).allSatisfy(renewal -> assertThat(renewal.getUnderWay()).isBetween(0.0, 1.0));
    }

    @Test
    void aLostLeaseDropsItsTaskUnreportedAndOnlyThat() throws Exception {
        server.onRenew = request -> RenewReply.newBuilder().addAllHeld(
            request.getLeasesList().stream().filter(lease -> !lease.getTaskId().equals("lost")).toList()).build();
        server.enqueue(RELU, endless("lost"));
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

        assertThat(reportsUpToAnother()).hasSize(3).containsOnly(server.reports.get(0));
    }

    @Test
    void aReportThatDoesNotCountIsNotRepeated() throws Exception {
        server.onReport = request -> ReportReply.getDefaultInstance();
        server.enqueue(RELU, relu("a", QUICK));
        start();

        assertThat(reportsUpToAnother()).hasSize(1);
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
        assertThat(reportsUpToAnother()).hasSize(2);
    }

    /** The test's server takes gRPC's usual 4 MiB a message. */
    @Test
    void outputsThatAreTooLargeForTheServerAreReportedAsFailed() throws Exception {
        server.enqueue(RELU, relu("large", QUICK).clearRules().clearInputs().setReturnOutputs(true).addInputs(
            ModelInput.newBuilder().setName("x").addShape(500_000).addShape(3).setRandomSeed(1)));
        start();

        assertThat(report(0).getOutcome().getFailed().getReason())
            .startsWith("the server refuses the outcome: ").contains("exceeds maximum size");
    }

    @Test
    void tasksThatFailDoNotEndTheAgent() throws Exception {
        server.enqueue("no model".getBytes(), relu("broken", QUICK));
        server.enqueue(RELU, relu("inputs", QUICK).clearInputs());
        server.queue.add(LeasedTask.newBuilder().setEpoch(1).setTask(relu("unknown", QUICK).setModelSha256("00")).build());
        server.models.put("11", RELU);
        server.queue.add(LeasedTask.newBuilder().setEpoch(1).setTask(relu("corrupt", QUICK).setModelSha256("11")).build());
        server.enqueue(ModelProto.newBuilder().setGraph(GraphProto.newBuilder().addInitializer(TensorProto.newBuilder().setDataLocation(1)
            .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("../../etc/passwd")))).build().toByteArray(),
            relu("reader", QUICK));
        server.enqueue(RELU, relu("many", QUICK).setThreads(100_000));
        server.enqueue(RELU, relu("good", QUICK));
        start();

        assertThat(reason("broken")).startsWith("model: cannot be read as an ONNX file");
        assertThat(reason("reader")).isEqualTo("model: a tensor's values lie in another file (expected: one self-contained file)");
        assertThat(reason("many")).isEqualTo("threads: 100000 (expected: 1 to 1024)");
        assertThat(bench.slices).doesNotContain("broken", "reader", "many");
        assertThat(reason("inputs")).isEqualTo("input x: missing (expected: float32 of shape [-1, 3])");
        assertThat(reason("unknown")).isEqualTo("model 00: nothing of that name");
        assertThat(reason("corrupt")).isEqualTo(
            "model 11: the " + RELU.length + " bytes received have SHA-256 " + Sha256.of(RELU));
        assertThat(outcome("good").getKindCase()).isEqualTo(Outcome.KindCase.MEASURED);
        assertThat(server.reports).hasSize(7);
        assertThat(server.joins).hasSize(1);
    }

    private Outcome outcome(String task) throws InterruptedException {
        Supplier<Optional<ReportRequest>> report = () -> server.reports.stream().filter(candidate -> candidate.getLease().getTaskId().equals(task))
            .findFirst();
        eventually("report of " + task, () -> report.get().isPresent());
        return report.get().get().getOutcome();
    }

    private String reason(String task) throws InterruptedException {
        return outcome(task).getFailed().getReason();
    }

    @Test
    void aRestartedServerIsJoinedAgainAndWorkGoesOn() throws Exception {
        start();
        eventually("join", () -> server.joins.size() == 1);
        server.stopUntilItIsMissed();
        server.start();
        server.enqueue(RELU, relu("after", QUICK));

        assertThat(report(0).getLease().getTaskId()).isEqualTo("after");
        assertThat(report(0).getSession()).isEqualTo("session-2");
    }

    @Test
    void aTaskUnderWayWhenTheServerForgetsTheSessionIsDropped() throws Exception {
        server.enqueue(RELU, endless("under way"));
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
        assertThat(reportsUpToAnother()).hasSize(2);
    }

    @Test
    void aSessionLostWhileAModelIsFetchedIsNoFailureOfTheTask() throws Exception {
        server.onFetch = server.sessions::clear;
        server.enqueue(RELU, relu("a", QUICK));
        start();

        eventually("second join", () -> server.joins.size() >= 2);
        eventually("lease after it", () -> server.leases.size() >= 2);
        assertThat(server.reports).isEmpty();
    }

    @Test
    void theNextModelsAreFetchedWhileABatchIsMeasured() throws Exception {
        byte[] next = TinyOnnx.relu(4);
        server.enqueue(RELU, endless("under way"));
        start();
        eventually("first slice", () -> bench.slices.contains("under way"));
        server.enqueue(next, relu("next", QUICK).clearInputs().addInputs(
            ModelInput.newBuilder().setName("x").addShape(1).addShape(4).setRandomSeed(1)));

        eventually("the next model", () -> server.fetches.contains(Sha256.of(next)));
        eventually("its lease kept as well", () -> server.leases.size() == 2);
        assertThat(bench.slices).containsExactly("under way");
        assertThat(server.reports).isEmpty();
    }

    @Test
    void aTaskLeasedAheadWhoseLeaseIsLostIsNeverRun() throws Exception {
        AtomicReference<String> lost = new AtomicReference<>("none");
        server.onRenew = request -> RenewReply.newBuilder().addAllHeld(
            request.getLeasesList().stream().filter(lease -> !lease.getTaskId().equals(lost.get())).toList()).build();
        server.enqueue(RELU, endless("under way"));
        start();
        eventually("first slice", () -> bench.slices.contains("under way"));
        server.enqueue(RELU, relu("ahead", QUICK));
        server.enqueue(RELU, relu("beside", QUICK));
        eventually("renewal of the tasks leased ahead", () -> renewed("ahead"));
        lost.set("ahead");
        eventually("renewal without it", () -> !renewed("ahead"));
        lost.set("under way");

        assertThat(report(0).getLease().getTaskId()).isEqualTo("beside");
        eventually("next lease", () -> server.leases.size() >= 3);
        assertThat(bench.slices).doesNotContain("ahead");
        assertThat(server.reports).hasSize(1);
    }

    private boolean renewed(String task) {
        int renewals = server.renewals.size();
        return renewals > 0 && server.renewals.get(renewals - 1).getLeasesList().stream()
            .anyMatch(lease -> lease.getTaskId().equals(task));
    }

    @Test
    void tasksLeasedAheadAreDroppedWithTheirSession() throws Exception {
        server.enqueue(RELU, endless("under way"));
        start();
        eventually("first slice", () -> bench.slices.contains("under way"));
        server.enqueue(RELU, relu("ahead", QUICK));
        eventually("renewal of the task leased ahead", () -> renewed("ahead"));
        server.stop();
        server.start();
        eventually("second join", () -> server.joins.size() == 2);
        server.enqueue(RELU, relu("after", QUICK));

        assertThat(report(0).getLease().getTaskId()).isEqualTo("after");
        assertThat(bench.slices).doesNotContain("ahead");
    }

    @Test
    void measuringGoesOnWhileTheServerIsAwayAndNothingIsLost() throws Exception {
        CountDownLatch away = new CountDownLatch(1);
        server.onReport = request -> {
            if (away.getCount() > 0) {
                throw Status.UNAVAILABLE.withDescription("the network is cut").asRuntimeException();
            }
            return ReportReply.newBuilder().setAccepted(true).build();
        };
        List.of("a", "b", "c").forEach(id -> server.enqueue(RELU, relu(id, QUICK)));
        start();

        eventually("a slice of each", () -> bench.slices.containsAll(List.of("a", "b", "c")));
        eventually("the next question for work", () -> server.leases.size() >= 2);
        away.countDown();
        server.enqueue(RELU, relu("d", QUICK));
        outcome("d");
        List<String> accepted = server.reports.stream().map(report -> report.getLease().getTaskId()).distinct().toList();
        assertThat(accepted).containsExactlyInAnyOrder("a", "b", "c", "d").endsWith("d");
    }

    @Test
    void stoppingInTheMiddleOfATaskEndsTheLoopSoon() throws Exception {
        server.enqueue(RELU, endless("long"));
        CompletableFuture<Void> run = start(ScriptedServer.TOKEN, Duration.ZERO);
        eventually("renewal", () -> server.renewals.stream().anyMatch(renewal -> renewal.getLeasesCount() == 1));

        loops.get(0).stop();

        run.get();
        assertThat(server.reports).isEmpty();
    }

    /** Whatever ends it: by a signal, or with the run that had started it. */
    @Test
    void whatAStoppedAgentLeavesUndoneIsGivenBack() throws Exception {
        server.enqueue(RELU, endless("long"));
        CompletableFuture<Void> run = start(ScriptedServer.TOKEN, Duration.ZERO);
        eventually("first slice", () -> bench.slices.contains("long"));
        server.enqueue(RELU, relu("ahead", QUICK));
        eventually("renewal of the task leased ahead", () -> renewed("ahead"));

        loops.get(0).stop();
        run.get();
        assertThat(server.renewals).filteredOn(renewal -> renewal.getReturnedCount() > 0).singleElement().satisfies(last -> assertThat(
            last.getReturnedList()).extracting(LeaseName::getTaskId).containsExactlyInAnyOrder("long", "ahead"));
    }

    /** A task may be to blame for an agent's death only while it is measured. */
    @Test
    void renewalsTellWhatIsMeasuredAndWhatLiesReady() throws Exception {
        server.enqueue(RELU, endless("under way"));
        start();
        eventually("first slice", () -> bench.slices.contains("under way"));
        server.enqueue(RELU, relu("ahead", QUICK));
        eventually("renewal of both", () -> renewed("ahead"));
        RenewRequest last = server.renewals.get(server.renewals.size() - 1);
        assertThat(last.getLeasesList()).extracting(LeaseName::getTaskId).containsExactlyInAnyOrder("under way", "ahead");
        assertThat(last.getBegunList()).extracting(LeaseName::getTaskId).containsExactly("under way");
    }

    /** As a measuring process that never comes up ends it: what was found out before is delivered first, also over a bad network. */
    @Test
    void whatEndsTheAgentTakesNoFinishedFiguresWithIt() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        List<String> accepted = new CopyOnWriteArrayList<>();
        server.onReport = request -> {
            if (ended.getCount() > 0) {
                throw Status.UNAVAILABLE.withDescription("the network is cut").asRuntimeException();
            }
            accepted.add(request.getLease().getTaskId());
            return ReportReply.newBuilder().setAccepted(true).build();
        };
        server.enqueue(RELU, relu("a", QUICK));
        CompletableFuture<Void> run = start(server.address(), ScriptedServer.TOKEN, Duration.ZERO,
            new DeadlyBench(bench, "deadly", ended));
        eventually("an attempt to deliver it", () -> !server.reports.isEmpty());
        server.enqueue(RELU, relu("deadly", QUICK));

        assertThatThrownBy(run::get).cause().isInstanceOf(IllegalStateException.class).hasMessage("the measuring process does not start");
        assertThat(accepted).containsExactly("a");
    }

    /** A bench that ends the agent when a certain task is measured. */
    private static final class DeadlyBench extends WrappedBench {

        private final String deadly;
        private final CountDownLatch ended;

        DeadlyBench(Bench bench, String deadly, CountDownLatch ended) {
            super(bench);
            this.deadly = deadly;
            this.ended = ended;
        }

        @Override
        public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
            if (task.getId().equals(deadly)) {
                ended.countDown();
                throw new IllegalStateException("the measuring process does not start");
            }
            return super.slice(task, onnx, keepOpen, abandoned);
        }
    }

    @Test
    void stoppingWhileTheServerIsAwayEndsTheLoopSoon() throws Exception {
        CompletableFuture<Void> run = start(ScriptedServer.TOKEN, Duration.ZERO);
        eventually("join", () -> server.joins.size() == 1);
        server.stopUntilItIsMissed();

        loops.get(0).stop();

        run.get();
    }
}
