package dev.lutra.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Device;
import dev.lutra.proto.FleetServiceGrpc;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.ListAgentsRequest;
import dev.lutra.proto.OutcomesReply;
import dev.lutra.proto.OutcomesRequest;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.SubmitRequest;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.EnrolledDevice;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.fleet.WaitingCalls;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.web.WebServer;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Callers that belong to a server and ask for more than their share: they are refused, and the others served. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GreedyCallersTest {

    private static final String TOKEN = "the-token-of-this-test";

    @TempDir
    Path folder;
    private Database database;
    private Access access;
    private TaskQueue queue;
    private ModelStore models;
    private LutraServer server;
    private final List<ManagedChannel> channels = new ArrayList<>();

    @BeforeEach
    void start() {
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofMinutes(5));
        models = new ModelStore(folder.resolve("models"));
        access = Access.open(database, Clock.systemUTC(), TOKEN);
        server = LutraServer.start("127.0.0.1", 0, Optional.empty(), access, queue, models);
    }

    @AfterEach
    void stop() {
        channels.forEach(ManagedChannel::shutdownNow);
        server.close();
        database.close();
    }

    private ManagedChannel channel() {
        ManagedChannel channel = new ServerAddress("127.0.0.1", server.port()).channel().build();
        channels.add(channel);
        return channel;
    }

    private AgentServiceBlockingStub agent(String name) {
        return AgentServiceGrpc.newBlockingStub(channel())
            .withInterceptors(TokenHeader.showing(EnrolledDevice.enrolled(access, name).bearer()));
    }

    private static JoinRequest.Builder box(String name) {
        return JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(name));
    }

    @Test
    void aDeviceDescribesItselfInFewWords() {
        AgentServiceBlockingStub agent = agent("box");
        JoinRequest.Builder huge = box("box");
        huge.getDeviceBuilder().setCpu("x".repeat(40_000));
        assertThatThrownBy(() -> agent.join(huge.build()))
            .hasMessage("FAILED_PRECONDITION: device.cpu: 40000 characters (expected: at most 500)");
        JoinRequest.Builder many = box("box");
        IntStream.range(0, 1000).forEach(i -> many.addRuntimes(RuntimeOffer.getDefaultInstance()));
        assertThatThrownBy(() -> agent.join(many.build())).hasMessage("FAILED_PRECONDITION: runtimes: 1000 items (expected: at most 64)");
        JoinRequest.Builder control = box("box");
        control.getDeviceBuilder().putEnergyOfModels("cpu", "\u001b[2J");
        assertThatThrownBy(() -> agent.join(control.build())).hasMessageContaining("expected: no control characters");
        assertThat(queue.agents()).isEmpty();
    }

    @Test
    void theListOfDevicesComesInPages() {
        for (int i = 0; i < 250; i++) {
            queue.join(box("device" + i).build());
        }
        assertThat(FleetServiceGrpc.newBlockingStub(channel()).withInterceptors(TokenHeader.showing(TOKEN))
            .listAgents(ListAgentsRequest.getDefaultInstance()).getAgentsCount()).isEqualTo(100);
        try (RemoteFleet fleet = RemoteFleet.connect(ServerAddress.parse("127.0.0.1:" + server.port()), TOKEN)) {
            assertThat(fleet.agents()).extracting(AgentState::getDevice).extracting(Device::getName).hasSize(250).doesNotHaveDuplicates();
            assertThat(fleet.agent("device17")).isPresent();
            assertThat(fleet.agent("device250")).isEmpty();
        }
    }

    @Test
    void aCallNamesNoMoreThanOthersCanWaitFor() {
        AgentServiceBlockingStub agent = agent("box");
        String session = agent.join(box("box").build()).getSession();
        RenewRequest.Builder millions = RenewRequest.newBuilder().setSession(session);
        LeaseName name = LeaseName.newBuilder().setTaskId("t").setEpoch(1).build();
        IntStream.range(0, 4_000_000).forEach(i -> millions.addLeases(name));
        assertThatThrownBy(() -> agent.renew(millions.build()))
            .hasMessage("RESOURCE_EXHAUSTED: request: more than 1048576 bytes (expected: at most so many of this call)");
        millions.clearLeases();
        IntStream.range(0, 1025).forEach(i -> millions.addLeases(name));
        assertThatThrownBy(() -> agent.renew(millions.build()))
            .hasMessage("FAILED_PRECONDITION: leases: 1025 (expected: at most 1024 in a call)");
        var fleet = FleetServiceGrpc.newBlockingStub(channel()).withInterceptors(TokenHeader.showing(TOKEN));
        OutcomesRequest.Builder tasks = OutcomesRequest.newBuilder();
        IntStream.range(0, 10_001).forEach(i -> tasks.addTaskIds("t" + i));
        assertThatThrownBy(() -> fleet.outcomes(tasks.build())).hasMessageContaining("task_ids: 10001 (expected: at most 10000 in a call)");
        assertThatThrownBy(() -> fleet.submit(SubmitRequest.newBuilder().setDevice("box").setPriority(101).build()))
            .hasMessageContaining("priority: 101 (expected: -100 to 100)");
        assertThatThrownBy(() -> fleet.submit(SubmitRequest.newBuilder().setDevice("../box").build())).hasMessageContaining("expected: a name");
        String model = models.put(new byte[]{0x3a, 0});
        assertThatThrownBy(() -> fleet.submit(SubmitRequest.newBuilder().setDevice("box")
            .addTasks(Task.newBuilder().setId("t".repeat(2001)).setThreads(1).setModelSha256(model)).build()))
            .hasMessageContaining("id: 2001 characters");
    }

    @Test
    void waitingCallsOfOneSessionAreFewAndHoldNoThreads() throws Exception {
        String bearer = EnrolledDevice.enrolled(access, "box").bearer();
        String session = AgentServiceGrpc.newBlockingStub(channel()).withInterceptors(TokenHeader.showing(bearer))
            .join(box("box").build()).getSession();
        LeaseRequest lease = LeaseRequest.newBuilder().setSession(session).setMaxTasks(1).setWaitMillis(30_000).build();
        List<CompletableFuture<LeaseReply>> replies = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            var stub = AgentServiceGrpc.newStub(channel()).withInterceptors(TokenHeader.showing(bearer));
            for (int call = 0; call < 100; call++) {
                CompletableFuture<LeaseReply> reply = new CompletableFuture<>();
                replies.add(reply);
                stub.lease(lease, completing(reply));
            }
        }
        while (replies.stream().filter(CompletableFuture::isDone).count() < replies.size() - 4) {
            Thread.sleep(10);
        }
        assertThat(threads("lutra-call")).isLessThanOrEqualTo(64);
        String model = models.put(new byte[]{0x3a, 0});
        queue.submit("box", List.of(Task.newBuilder().setId("t").setModelSha256(model).build()));
        while (replies.stream().noneMatch(reply -> reply.isDone() && reply.join().getTasksCount() == 1)) {
            Thread.sleep(10);
        }
    }

    @Test
    void aConnectionHasSoManyCallsAtATime() throws Exception {
        String model = models.put(new byte[]{0x3a, 0});
        queue.submit("box", List.of(Task.newBuilder().setId("t").setModelSha256(model).build()));
        OutcomesRequest waits = OutcomesRequest.newBuilder().addTaskIds("t").setWaitMillis(30_000).build();
        var greedy = FleetServiceGrpc.newStub(channel()).withInterceptors(TokenHeader.showing(TOKEN));
        List<CompletableFuture<OutcomesReply>> replies = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            replies.add(new CompletableFuture<>());
            greedy.outcomes(waits, completing(replies.get(i)));
        }
        WaitingCalls.await(queue, 256);
        var other = FleetServiceGrpc.newBlockingStub(channel()).withInterceptors(TokenHeader.showing(TOKEN));
        for (int i = 0; i < 20; i++) {
            assertThat(other.outcomes(waits.toBuilder().clearWaitMillis().build()).getDoneCount()).as("another connection").isZero();
        }
        WaitingCalls.await(queue, 256);
        queue.cancel(List.of("t"));
        for (CompletableFuture<OutcomesReply> reply : replies) {
            assertThat(reply.get().getDoneCount()).as("the others have their turn").isEqualTo(1);
        }
    }

    private static <R> StreamObserver<R> completing(CompletableFuture<R> reply) {
        return new StreamObserver<>() {
            @Override
            public void onNext(R value) {
                reply.complete(value);
            }

            @Override
            public void onError(Throwable problem) {
                reply.completeExceptionally(problem);
            }

            @Override
            public void onCompleted() {
                // the reply has come
            }
        };
    }

    private static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals(name)).count();
    }

    /** Streams that are begun and reset at once (CVE-2023-44487) end the connection, and nobody else's. */
    @Test
    void aConnectionThatResetsWhatItBeginsIsClosed() throws Exception {
        ManagedChannel greedy = channel();
        String bearer = EnrolledDevice.enrolled(access, "box").bearer();
        AgentServiceBlockingStub other = AgentServiceGrpc.newBlockingStub(channel()).withInterceptors(TokenHeader.showing(bearer));
        String session = other.join(box("box").build()).getSession();
        LeaseRequest lease = LeaseRequest.newBuilder().setSession(session).setMaxTasks(1).setWaitMillis(30_000).build();
        var stub = AgentServiceGrpc.newStub(greedy).withInterceptors(TokenHeader.showing(bearer));
        while (greedy.getState(true) != ConnectivityState.READY) {
            Thread.sleep(5);
        }
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        greedy.notifyWhenStateChanged(ConnectivityState.READY, () -> closed.complete(true));
        for (int i = 0; i < 2000 && !closed.isDone(); i++) {
            Context.CancellableContext call = Context.current().withCancellation();
            call.run(() -> stub.lease(lease, completing(new CompletableFuture<>())));
            Thread.sleep(0, 200_000); // so that each is on its way before it is given up
            call.cancel(null);
        }
        assertThat(closed.get(30, TimeUnit.SECONDS)).isTrue();
        assertThat(other.renew(RenewRequest.newBuilder().setSession(session).build()).getHeldCount()).isZero();
    }

    @Test
    void agentsGoOnWhilePagesAreFlooded() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try (WebServer pages = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), Optional.empty(), access,
            queue, models)) {
            for (int i = 0; i < 300; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), pages.port());
                socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: loca".getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            AgentServiceBlockingStub agent = agent("box");
            String session = agent.join(box("box").build()).getSession();
            assertThat(agent.renew(RenewRequest.newBuilder().setSession(session).build()).getHeldCount()).isZero();
            assertThat(threads("lutra-page")).isLessThanOrEqualTo(256);
            assertThat(System.getProperty("sun.net.httpserver.maxReqTime")).as("after which what comes is closed").isEqualTo("60");
            slow.get(0).setSoTimeout(40_000); // it takes 10 s to 11 s
            assertThat(slow.get(0).getInputStream().read()).as("what does not come is closed before").isEqualTo(-1);
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    /** Who is refused may send what is left, but not for ever. */
    @Test
    void whoDoesNotSendWhatWasAnnouncedIsCutOff() throws Exception {
        try (WebServer pages = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), Optional.empty(), access, queue, models);
            Socket refused = new Socket(InetAddress.getLoopbackAddress(), pages.port());
            Socket stranger = new Socket(InetAddress.getLoopbackAddress(), pages.port())) {
            refused.getOutputStream().write(post("/api/join-code", 1 << 20));
            stranger.getOutputStream().write(post("/api/access/challenge", 1 << 9));
            refused.setSoTimeout(40_000);
            assertThat(new String(refused.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 401");
            stranger.setSoTimeout(40_000);
            assertThat(stranger.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** Also one who may call: what it sends slowly is its own share of the threads, and not another's. */
    @Test
    void oneAddressHasAShareOfThePages() throws Exception {
        List<Socket> held = new ArrayList<>();
        try (WebServer pages = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), Optional.empty(), access, queue, models)) {
            byte[] slow = post("/api/join-code", 1 << 10, "Authorization: Bearer " + TOKEN + "\r\n");
            for (int i = 0; i < 64; i++) {
                held.add(new Socket(InetAddress.getLoopbackAddress(), pages.port()));
                held.get(i).getOutputStream().write(slow);
            }
            while (!page(pages, "127.0.0.1").startsWith("HTTP/1.1 503")) {
                Thread.sleep(20); // until all of them are being read
            }
            assertThat(page(pages, "127.0.0.2")).startsWith("HTTP/1.1 200");
            held.remove(0).close();
            while (!page(pages, "127.0.0.1").startsWith("HTTP/1.1 200")) {
                Thread.sleep(20);
            }
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    private static String page(WebServer pages, String from) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), pages.port(), InetAddress.getByName(from), 0)) {
            socket.getOutputStream().write("GET /agent HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readNBytes(15), StandardCharsets.US_ASCII);
        }
    }

    private static byte[] post(String path, int bytes) {
        return post(path, bytes, "");
    }

    private static byte[] post(String path, int bytes, String header) {
        return ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + header
            + "Content-Type: application/json\r\nlutra-protocol: 1\r\nContent-Length: " + bytes
            + "\r\n\r\n{").getBytes(StandardCharsets.US_ASCII);
    }

    /** All that the pages take may be connected for nothing: for seconds, not for half a minute. */
    @Test
    void aConnectionToThePagesThatSaysNothingIsClosed() throws Exception {
        try (WebServer pages = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), Optional.empty(), access,
            queue, models); Socket idle = new Socket(InetAddress.getLoopbackAddress(), pages.port())) {
            idle.setSoTimeout(20_000); // it takes 5 s to 6 s
            assertThat(idle.getInputStream().read()).as("closed").isEqualTo(-1);
        }
    }
}
