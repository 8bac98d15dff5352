package dev.lutra.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.proto.content.Sha256;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import dev.lutra.proto.CreateTokenRequest;
import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.FleetServiceGrpc;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ListAgentsReply;
import dev.lutra.proto.ListAgentsRequest;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.PutModelReply;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.EnrolledDevice;
import dev.lutra.server.fleet.ServerException;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.fleet.WaitingCalls;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import io.grpc.CallCredentials;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Over real sockets. The time limit only ends a test that would hang. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LutraServerTest {

    private static final String TOKEN = "the-token-of-this-test";
    /** An ONNX file without an operator. */
    private static final byte[] EMPTY_GRAPH = {0x3a, 0};

    /** Short, because a lease whose reply was lost with the server has to run out. */
    private static final Duration LEASE = Duration.ofSeconds(5);

    @TempDir
    Path folder;
    private final List<AutoCloseable> open = new ArrayList<>();
    private Database database;
    private Access access;
    private LutraServer server;
    private TaskQueue queue;
    /** By name, with their keys. */
    private final Map<String, EnrolledDevice> devices = new ConcurrentHashMap<>();

    @BeforeEach
    void start() {
        start(0);
    }

    private void start(int port) {
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, Clock.systemUTC(), LEASE);
        access = Access.open(database, Clock.systemUTC(), TOKEN);
        server = LutraServer.start("127.0.0.1", port, Optional.empty(), access, queue, new ModelStore(folder.resolve("models")));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        server.close();
        database.close();
    }

    @Test
    void refusesAWrongTokenInOneLine() {
        assertThatThrownBy(() -> RemoteFleet.connect(ServerAddress.parse(address()), "a-wrong-token"))
            .isInstanceOf(InputException.class).hasMessage("server " + address() + ": wrong token");
        assertThatThrownBy(() -> join(showing(() -> "a-wrong-token"), "pi")).hasMessage("UNAUTHENTICATED: wrong token");
        assertThat(fleet().agents()).isEmpty();
    }

    @Test
    void refusesACallWithoutAToken() {
        AgentServiceBlockingStub anonymous = AgentServiceGrpc.newBlockingStub(channel());
        assertThatThrownBy(() -> join(anonymous, "pi"))
            .hasMessage("UNAUTHENTICATED: no token (expected: Authorization: Bearer <token>)");
    }

    @Test
    void saysThatNoServerIsThere() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        assertThatThrownBy(() -> RemoteFleet.connect(new ServerAddress("127.0.0.1", free), TOKEN)).isInstanceOf(InputException.class)
            .hasMessage("server 127.0.0.1:" + free + ": cannot be reached (Connection refused)");
    }

    /** One that answers as servers did before they told their version. */
    @Test
    void saysThatTheServerIsToBeUpdated() throws Exception {
        Server older = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)).addService(new FleetServiceGrpc.FleetServiceImplBase() {
            @Override
            public void listAgents(ListAgentsRequest request, StreamObserver<ListAgentsReply> reply) {
                reply.onNext(ListAgentsReply.getDefaultInstance());
                reply.onCompleted();
            }
        }).build().start();
        open.add(older::shutdownNow);
        assertThatThrownBy(() -> RemoteFleet.connect(new ServerAddress("127.0.0.1", older.getPort()), TOKEN)).isInstanceOf(InputException.class)
            .hasMessage("server 127.0.0.1:" + older.getPort() + ": protocol of the server: none told (expected: 1, which the caller speaks; the"
                + " server's Lutra is older and has to be updated)");
    }

    @Test
    void saysThatItCannotListen() {
        assertThatThrownBy(this::secondServer).isInstanceOf(InputException.class)
            .hasMessage("cannot listen on " + address() + " (Address already in use)");
    }

    private LutraServer secondServer() {
        return LutraServer.start("127.0.0.1", server.port(), Optional.empty(), access,
            new TaskQueue(database, Clock.systemUTC(), LEASE), new ModelStore(folder.resolve("models")));
    }

    @Test
    void carriesAModelBothWays() {
        byte[] model = new byte[5_000_003];
        new Random(1).nextBytes(model);
        RemoteFleet fleet = fleet();
        String sha256 = fleet.putModel(model);
        assertThat(sha256).isEqualTo(Sha256.of(model)).isEqualTo(fleet.putModel(model));
        AgentServiceBlockingStub agent = agent("pi");
        String session = join(agent, "pi").getSession();

        ByteArrayOutputStream fetched = new ByteArrayOutputStream();
        agent.fetchModel(FetchModelRequest.newBuilder().setSession(session).setSha256(sha256).build())
            .forEachRemaining(chunk -> fetched.writeBytes(chunk.getData().toByteArray()));
        assertThat(fetched.toByteArray()).isEqualTo(model);

        assertThatThrownBy(() -> agent.fetchModel(
            FetchModelRequest.newBuilder().setSession(session).setSha256("../" + sha256).build()).hasNext())
            .hasMessageStartingWith("FAILED_PRECONDITION: model ../").hasMessageEndingWith("is not stored");
        assertThatThrownBy(() -> agent.fetchModel(
            FetchModelRequest.newBuilder().setSession("who").setSha256(sha256).build()).hasNext())
            .hasMessageStartingWith("NOT_FOUND");
    }

    @Test
    void keepsNothingOfAnUploadThatBreaksOff() throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        StreamObserver<ModelChunk> upload = FleetServiceGrpc.newStub(channel())
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers(TOKEN)))
            .putModel(new StreamObserver<PutModelReply>() {
                @Override
                public void onNext(PutModelReply reply) {
                    ended.completeExceptionally(new AssertionError("stored: " + reply));
                }

                @Override
                public void onError(Throwable problem) {
                    ended.complete(problem);
                }

                @Override
                public void onCompleted() {
                    // with a reply only
                }
            });
        upload.onNext(ModelChunk.newBuilder().setData(ByteString.copyFrom(new byte[100_000])).build());
        while (folder.resolve("models").toFile().list().length == 0) {
            Thread.sleep(5);
        }
        upload.onError(new IllegalStateException("the experiment is gone"));
        assertThat(Status.fromThrowable(ended.get()).getCode()).isEqualTo(Status.Code.CANCELLED);
        while (folder.resolve("models").toFile().list().length > 0) {
            Thread.sleep(5);
        }
    }

    @Test
    void runsTasksOfTwoDevicesApart() {
        RemoteFleet fleet = fleet();
        String model = fleet.putModel(EMPTY_GRAPH);
        AgentServiceBlockingStub agent = agent("pi");
        AgentServiceBlockingStub other = agent("phone");
        String pi = join(agent, "pi").getSession();
        String phone = join(other, "phone").getSession();
        fleet.submit("pi", tasks(model, "pi", 20));
        fleet.submit("phone", tasks(model, "phone", 20));

        assertThat(workOff(other, phone, 20)).allMatch(id -> id.startsWith("phone")).hasSize(20);
        assertThat(fleet.agents()).extracting(state -> state.getDevice().getName() + " " + state.getQueuedTasks())
            .containsExactly("phone 0", "pi 20");
        assertThat(workOff(agent, pi, 20)).allMatch(id -> id.startsWith("pi")).hasSize(20);
        List<String> all = IntStream.range(0, 20).boxed().flatMap(i -> List.of("pi" + i, "phone" + i).stream()).toList();
        assertThat(fleet.outcomes(all, 39, Duration.ofMinutes(1)))
            .extracting(TaskOutcome::getTaskId, outcome -> outcome.getOutcome().getFailed().getReason())
            .containsExactlyElementsOf(all.stream().map(id -> tuple(id, "done " + id)).toList());
    }

    @Test
    void tellsAnExperimentWhatItDidWrong() {
        RemoteFleet fleet = fleet();
        Task lost = Task.newBuilder().setId("t1").setThreads(1).setModelSha256("0".repeat(64)).build();
        assertThatThrownBy(() -> fleet.submit("pi", List.of(lost))).isInstanceOf(InputException.class)
            .hasMessage("server " + address() + ": task t1: model " + "0".repeat(64) + " is not stored");
        assertThatThrownBy(() -> fleet.outcomes(List.of("t1"), 0, Duration.ofMinutes(1))).isInstanceOf(InputException.class)
            .hasMessage("server " + address() + ": task t1: not known (expected: submitted before)");
    }

    /** Nothing of it reaches a device: neither a task that asks for too much nor a model that reads what lies beside it. */
    @Test
    void refusesWhatWouldHarmADevice() {
        RemoteFleet fleet = fleet();
        String model = fleet.putModel(EMPTY_GRAPH);
        List<Task> tasks = new ArrayList<>(tasks(model, "t", 2));
        tasks.set(1, tasks.get(1).toBuilder().setThreads(100_000).build());
        assertThatThrownBy(() -> fleet.submit("pi", tasks)).isInstanceOf(InputException.class)
            .hasMessage("server " + address() + ": task t1: threads: 100000 (expected: 1 to 1024)");
        String reader = fleet.putModel(ModelProto.newBuilder().setGraph(GraphProto.newBuilder().addInitializer(TensorProto.newBuilder()
            .setDataLocation(1).addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("../../etc/passwd"))))
            .build().toByteArray());
        assertThatThrownBy(() -> fleet.submit("pi", tasks(reader, "r", 1))).isInstanceOf(InputException.class)
            .hasMessage("server " + address() + ": task r0: model " + reader
                + ": a tensor's values lie in another file (expected: one self-contained file)");
        AgentServiceBlockingStub agent = agent("pi");
        assertThat(lease(agent, join(agent, "pi").getSession(), 9)).isEmpty();
    }

    @Test
    void tellsAnAgentToJoinAgain() {
        AgentServiceBlockingStub agent = agent("pi");
        String older = join(agent, "pi").getSession();
        join(agent, "pi");
        LeaseRequest lease = LeaseRequest.newBuilder().setSession(older).setMaxTasks(1).setWaitMillis(60_000).build();
        assertThatThrownBy(() -> agent.lease(lease)).hasMessage("NOT_FOUND: unknown session: join again");
        assertThatThrownBy(() -> agent.renew(RenewRequest.newBuilder().setSession(older).build()))
            .hasMessageStartingWith("NOT_FOUND");
    }

    @Test
    void waitingAgentsDoNotHoldUpOthersAndGetWhatComes() throws Exception {
        RemoteFleet fleet = fleet();
        String model = fleet.putModel(EMPTY_GRAPH);
        List<Future<Integer>> waiting = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            AgentServiceBlockingStub agent = agent("device" + i);
            LeaseRequest request = LeaseRequest.newBuilder().setMaxTasks(1).setWaitMillis(30_000)
                .setSession(join(agent, "device" + i).getSession()).build();
            waiting.add(CompletableFuture.supplyAsync(() -> agent.lease(request).getTasksCount(),
                task -> new Thread(task, "waiting agent").start()));
        }
        WaitingCalls.await(queue, 40);
        assertThat(fleet.agents()).hasSize(40);
        for (int i = 0; i < 40; i++) {
            fleet.submit("device" + i, tasks(model, "device" + i + ".", 1));
        }
        for (Future<Integer> each : waiting) {
            assertThat(each.get()).isEqualTo(1);
        }
    }

    @Test
    void aWaitingCallThatIsGivenUpTakesNoTask() throws Exception {
        RemoteFleet fleet = fleet();
        String model = fleet.putModel(EMPTY_GRAPH);
        AgentServiceBlockingStub agent = agent("pi");
        LeaseRequest request = LeaseRequest.newBuilder().setMaxTasks(1).setWaitMillis(30_000)
            .setSession(join(agent, "pi").getSession()).build();
        Context.CancellableContext patience = Context.current().withCancellation();
        Future<?> given = CompletableFuture.runAsync(patience.wrap((Runnable) () -> assertThatThrownBy(() -> agent.lease(request))
            .isInstanceOf(StatusRuntimeException.class)));
        WaitingCalls.await(queue, 1);
        patience.cancel(null);
        given.get();
        WaitingCalls.await(queue, 0);
        fleet.submit("pi", tasks(model, "t", 1));
        assertThat(agent.lease(request).getTasksList()).extracting(LeasedTask::getEpoch).containsExactly(1L);
    }

    @Test
    void outcomesNeedNotFitInOneMessage() {
        RemoteFleet fleet = fleet();
        ValueInfoProto y = ValueInfoProto.newBuilder().setName("y").build();
        String model = fleet.putModel(ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.getDefaultInstance())
            .setGraph(GraphProto.newBuilder().addOutput(y)).build().toByteArray());
        AgentServiceBlockingStub agent = agent("pi");
        String session = join(agent, "pi").getSession();
        fleet.submit("pi", tasks(model, "t", 5).stream().map(task -> task.toBuilder().setReturnOutputs(true).build()).toList());
        ByteString large = ByteString.copyFrom(new byte[15 << 20]);
        Outcome outcome = Outcome.newBuilder().setMeasured(Measured.newBuilder().setRuntime(Runtime.newBuilder().setThreads(1))
            .addOutputs(ModelOutput.newBuilder().setName("y").addShape(large.size() / 4).setLittleEndianFloats(large))).build();
        for (LeasedTask task : lease(agent, session, 9)) {
            assertThat(report(agent, session, task, outcome).getAccepted()).isTrue();
        }
        assertThat(fleet.outcomes(List.of("t0", "t1", "t2", "t3", "t4"), 0, Duration.ZERO))
            .extracting(TaskOutcome::getTaskId, TaskOutcome::getOutcome)
            .containsExactlyElementsOf(IntStream.range(0, 5)
                .mapToObj(i -> tuple("t" + i, outcome)).toList());
    }

    @Test
    void agentsAndExperimentsGoOnWithAServerThatIsStartedAgain() throws Exception {
        RemoteFleet fleet = fleet();
        String model = fleet.putModel(EMPTY_GRAPH);
        fleet.submit("pi", tasks(model, "t", 60));
        List<String> ids = IntStream.range(0, 60).mapToObj(i -> "t" + i).toList();
        Future<List<TaskOutcome>> experiment = CompletableFuture.supplyAsync(
            () -> fleet.outcomes(ids, 59, Duration.ofMinutes(1)), task -> new Thread(task, "experiment").start());

        AgentServiceBlockingStub agent = agent("pi");
        String session = join(agent, "pi").getSession();
        List<String> accepted = Collections.synchronizedList(new ArrayList<>());
        Thread worker = new Thread(() -> {
            while (accepted.size() < 60) {
                for (LeasedTask task : untilAnswered(() -> lease(agent, session, 3))) {
                    Outcome outcome = done(task.getTask().getId());
                    if (untilAnswered(() -> report(agent, session, task, outcome)).getAccepted()) {
                        accepted.add(task.getTask().getId());
                    }
                }
            }
        }, "scripted agent");
        worker.start();

        int port = server.port();
        for (int restart = 1; restart <= 3; restart++) {
            while (accepted.size() < 15 * restart) {
                Thread.sleep(2);
            }
            server.close();
            database.close();
            start(port);
        }
        worker.join();
        assertThat(accepted).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(experiment.get()).extracting(TaskOutcome::getTaskId, TaskOutcome::getOutcome)
            .containsExactlyElementsOf(ids.stream().map(id -> tuple(id, done(id))).toList());
    }

    /** For longer than a call waits by itself; what was acknowledged before is there afterwards, and both sides say what they wait for. */
    @Test
    void agentsAndExperimentsWaitForADatabaseThatSomebodyElseHas() throws Exception {
        List<String> said = new CopyOnWriteArrayList<>();
        RemoteFleet fleet = RemoteFleet.connect(ServerAddress.parse(address()), TOKEN, said::add);
        open.add(fleet);
        String model = fleet.putModel(EMPTY_GRAPH);
        fleet.submit("pi", tasks(model, "t", 4));
        AgentServiceBlockingStub agent = agent("pi");
        String session = join(agent, "pi").getSession();
        List<LeasedTask> leased = lease(agent, session, 4);
        assertThat(report(agent, session, leased.get(0), done("t0")).getAccepted()).isTrue();
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lutra.db"));
            Statement lock = other.createStatement()) {
            lock.execute("BEGIN EXCLUSIVE");
            Future<List<TaskOutcome>> experiment = CompletableFuture.supplyAsync(
                () -> fleet.outcomes(List.of("t0", "t1", "t2", "t3"), 3, Duration.ofMinutes(1)), task -> new Thread(task, "experiment").start());
            assertThatThrownBy(() -> report(agent, session, leased.get(1), done("t1")))
                .hasMessage("UNAVAILABLE: " + folder.resolve("lutra.db") + ": in use by another process");
            while (said.isEmpty()) {
                Thread.sleep(5);
            }
            lock.execute("ROLLBACK");
            for (LeasedTask task : leased) {
                assertThat(untilAnswered(() -> report(agent, session, task, done(task.getTask().getId()))).getAccepted()).isTrue();
            }
            assertThat(experiment.get()).hasSize(4);
        }
        assertThat(said).containsExactly(
            "waiting for server " + address() + ": " + folder.resolve("lutra.db") + ": in use by another process",
            "server " + address() + ": is back");
    }

    /** Who is there to read it: an operator's call is not made again. */
    @Test
    void anOperatorIsToldAtOnceThatNothingCanBeStored() throws Exception {
        try (RemoteFleet fleet = RemoteFleet.connect(ServerAddress.parse(address()), TOKEN);
            Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lutra.db"));
            Statement lock = other.createStatement()) {
            lock.execute("BEGIN EXCLUSIVE");
            assertThatThrownBy(() -> fleet.access(stub -> stub.createToken(CreateTokenRequest.newBuilder().setRole(Role.VIEWER).build())))
                .isInstanceOf(ServerException.class)
                .hasMessage("server " + address() + ": " + folder.resolve("lutra.db") + ": in use by another process");
        }
    }

    /** Also before a call begins, where its caller is looked up. */
    @Test
    void aServerThatFailsSaysSo() {
        try (RemoteFleet fleet = RemoteFleet.connect(ServerAddress.parse(address()), TOKEN)) {
            database.close();
            assertThatThrownBy(fleet::agents).isInstanceOf(ServerException.class)
                .hasMessage("server " + address() + ": the server failed; its log says why");
        }
    }

    private interface Call<R> {
        R make() throws StatusRuntimeException;
    }

    private static <R> R untilAnswered(Call<R> call) {
        while (true) {
            try {
                return call.make();
            } catch (StatusRuntimeException e) {
                assertThat(e.getStatus().getCode()).isIn(Status.Code.UNAVAILABLE, Status.Code.CANCELLED);
            }
        }
    }

    private List<String> workOff(AgentServiceBlockingStub agent, String session, int tasks) {
        List<String> ids = new ArrayList<>();
        while (ids.size() < tasks) {
            for (LeasedTask task : lease(agent, session, 7)) {
                assertThat(report(agent, session, task, done(task.getTask().getId())).getAccepted()).isTrue();
                ids.add(task.getTask().getId());
            }
        }
        assertThat(agent.lease(LeaseRequest.newBuilder().setSession(session).setMaxTasks(1).build()).getTasksList()).isEmpty();
        return ids;
    }

    private static List<LeasedTask> lease(AgentServiceBlockingStub agent, String session, int max) {
        return agent.lease(LeaseRequest.newBuilder().setSession(session).setMaxTasks(max).setWaitMillis(500).build())
            .getTasksList();
    }

    private static ReportReply report(AgentServiceBlockingStub agent, String session, LeasedTask task, Outcome outcome) {
        LeaseName lease = LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build();
        return agent.report(ReportRequest.newBuilder().setSession(session).setLease(lease).setOutcome(outcome).build());
    }

    private static Outcome done(String id) {
        return Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("done " + id)).build();
    }

    private static List<Task> tasks(String model, String prefix, int count) {
        return IntStream.range(0, count)
            .mapToObj(i -> Task.newBuilder().setId(prefix + i).setThreads(1).setModelSha256(model).build()).toList();
    }

    private static JoinReply join(AgentServiceBlockingStub agent, String device) {
        return agent.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build());
    }

    private String address() {
        return "127.0.0.1:" + server.port();
    }

    private RemoteFleet fleet() {
        RemoteFleet fleet = RemoteFleet.connect(ServerAddress.parse(address()), TOKEN);
        open.add(fleet);
        return fleet;
    }

    /** The agent of a device, which shows its key again whenever it calls. */
    private AgentServiceBlockingStub agent(String device) {
        EnrolledDevice enrolled = devices.computeIfAbsent(device, name -> EnrolledDevice.enrolled(access, name));
        return showing(() -> new EnrolledDevice(access, device, enrolled.key()).bearer());
    }

    private AgentServiceBlockingStub showing(Supplier<String> token) {
        return AgentServiceGrpc.newBlockingStub(channel()).withCallCredentials(new CallCredentials() {
            @Override
            public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
                executor.execute(() -> applier.apply(headers(token.get())));
            }
        }).withWaitForReady();
    }

    private static Metadata headers(String token) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        return headers;
    }

    private ManagedChannel channel() {
        ManagedChannel channel = new ServerAddress("127.0.0.1", server.port()).channel().build();
        open.add(channel::shutdownNow);
        return channel;
    }
}
