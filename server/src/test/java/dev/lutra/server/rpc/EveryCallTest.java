package dev.lutra.server.rpc;

import static dev.lutra.proto.Role.AGENT;
import static dev.lutra.proto.Role.ANYONE;
import static dev.lutra.proto.Role.JOINING;
import static dev.lutra.proto.Role.OPERATOR;
import static dev.lutra.proto.Role.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.lutra.proto.Device;
import dev.lutra.proto.Role;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.server.access.Credentials;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.schedule.RunCalls;
import dev.lutra.server.schedule.RunStore;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every call that a running server has, with whatever a caller may show. A call that is new has to be put here before this passes. */
class EveryCallTest {

    /** Who may call, written down a second time. */
    private static final Map<String, Set<Role>> MAY = Map.ofEntries(
        Map.entry("AgentService/Join", Set.of(AGENT)), Map.entry("AgentService/Lease", Set.of(AGENT)),
        Map.entry("AgentService/Renew", Set.of(AGENT)), Map.entry("AgentService/FetchModel", Set.of(AGENT)),
        Map.entry("AgentService/Report", Set.of(AGENT)),
        Map.entry("FleetService/CompareDevices", Set.of(VIEWER, OPERATOR)),
        Map.entry("FleetService/ListAgents", Set.of(VIEWER, OPERATOR)), Map.entry("FleetService/PutModel", Set.of(OPERATOR)),
        Map.entry("FleetService/Submit", Set.of(OPERATOR)), Map.entry("FleetService/Outcomes", Set.of(VIEWER, OPERATOR)),
        Map.entry("AccessService/Challenge", Set.of(ANYONE)), Map.entry("AccessService/Authenticate", Set.of(ANYONE)),
        Map.entry("AccessService/Enroll", Set.of(JOINING, OPERATOR)), Map.entry("AccessService/CreateToken", Set.of(OPERATOR)),
        Map.entry("AccessService/ListTokens", Set.of(OPERATOR)), Map.entry("AccessService/RevokeToken", Set.of(OPERATOR)),
        Map.entry("AccessService/RemoveDevice", Set.of(OPERATOR)), Map.entry("AccessService/CancelTasks", Set.of(OPERATOR)),
        Map.entry("RunService/SubmitRun", Set.of(OPERATOR)), Map.entry("RunService/ListRuns", Set.of(VIEWER, OPERATOR)),
        Map.entry("RunService/GetRun", Set.of(VIEWER, OPERATOR)), Map.entry("RunService/PauseRun", Set.of(OPERATOR)),
        Map.entry("RunService/ResumeRun", Set.of(OPERATOR)), Map.entry("RunService/CancelRun", Set.of(OPERATOR)),
        Map.entry("RunService/PrioritizeRun", Set.of(OPERATOR)));

    @TempDir
    Path folder;
    private Database database;
    private LutraServer server;
    private ManagedChannel channel;
    private Credentials credentials;

    @BeforeEach
    void start() {
        database = Database.open(folder.resolve("lutra.db"));
        TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofMinutes(5));
        credentials = Credentials.of(database, queue);
        server = LutraServer.start("127.0.0.1", 0, Optional.empty(), credentials.access(), queue, new ModelStore(folder.resolve("models")),
            new RunService(new RunCalls(new RunStore(database, Clock.systemUTC()))));
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
        database.close();
    }

    private static String name(MethodDescriptor<?, ?> method) {
        return method.getFullMethodName().replaceFirst(".*\\.", "");
    }

    @Test
    void everyCallIsHere() {
        assertThat(server.methods().stream().map(EveryCallTest::name)).containsExactlyInAnyOrderElementsOf(MAY.keySet());
    }

    @TestFactory
    Stream<DynamicTest> isForThoseWhoMay() {
        return server.methods().stream().flatMap(method -> credentials.shown().entrySet().stream()
            .map(shown -> dynamicTest(name(method) + " with " + shown.getKey(), () -> check(method, shown.getValue()))));
    }

    private void check(MethodDescriptor<?, ?> method, Credentials.Shown shown) {
        Set<Role> may = MAY.get(name(method));
        Status.Code code = call(method, shown.token(), Credentials.DEVICE, credentials.session()).getCode();
        if (may.contains(ANYONE)) {
            assertThat(code).isNotIn(Status.Code.PERMISSION_DENIED, Status.Code.UNIMPLEMENTED, Status.Code.INTERNAL);
        } else if (shown.role().isEmpty()) {
            assertThat(code).isEqualTo(Status.Code.UNAUTHENTICATED);
        } else if (!may.contains(shown.role().get())) {
            assertThat(code).isEqualTo(Status.Code.PERMISSION_DENIED);
        } else {
            // whatever else may be wrong with what is hardly filled in
            assertThat(code).isNotIn(Status.Code.PERMISSION_DENIED, Status.Code.UNAUTHENTICATED, Status.Code.UNIMPLEMENTED, Status.Code.INTERNAL);
        }
    }

    /** Whatever an agent may call, for another's device it may not. */
    @TestFactory
    Stream<DynamicTest> anAgentSpeaksForItsOwnDevice() {
        Optional<String> agent = credentials.shown().get("an agent's token").token();
        List<MethodDescriptor<?, ?>> methods = server.methods().stream().filter(method -> MAY.get(name(method)).contains(AGENT)).toList();
        assertThat(methods).hasSizeGreaterThan(4);
        return methods.stream().map(method -> dynamicTest(name(method),
            () -> assertThat(call(method, agent, Credentials.OTHER, credentials.othersSession())).satisfies(status -> {
                assertThat(status.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
                assertThat(status.getDescription()).isEqualTo("device theirs: the caller's key is that of mine");
            })));
    }

    private <Q, R> Status call(MethodDescriptor<Q, R> method, Optional<String> token, String device, String session) {
        Metadata headers = new Metadata();
        token.ifPresent(shown -> headers.put(TokenHeader.AUTHORIZATION, TokenHeader.SCHEME + shown));
        CompletableFuture<Status> ended = new CompletableFuture<>();
        ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {
            @Override
            public void onClose(Status status, Metadata trailers) {
                ended.complete(status);
            }
        }, headers);
        call.request(Integer.MAX_VALUE);
        call.sendMessage(request(method, device, session));
        call.halfClose();
        return ended.join();
    }

    /** Names a device and its session, in the fields in which calls do so. */
    @SuppressWarnings("unchecked") // a builder builds what it is of
    private static <Q> Q request(MethodDescriptor<Q, ?> method, String device, String session) {
        Message.Builder request = ((Message) ((PrototypeMarshaller<Q>) method.getRequestMarshaller()).getMessagePrototype()).toBuilder();
        Map<String, FieldDescriptor> fields = request.getDescriptorForType().getFields().stream()
            .collect(Collectors.toMap(FieldDescriptor::getName, field -> field));
        if (fields.containsKey("session")) {
            request.setField(fields.get("session"), session);
        }
        if (fields.containsKey("device") && fields.get("device").getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            request.setField(fields.get("device"), Device.newBuilder().setName(device).build());
        }
        return (Q) request.build();
    }
}
