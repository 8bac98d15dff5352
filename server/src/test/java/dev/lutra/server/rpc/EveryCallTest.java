package dev.lutra.server.rpc;

import static dev.lutra.proto.Role.AGENT;
import static dev.lutra.proto.Role.ANYONE;
import static dev.lutra.proto.Role.JOINING;
import static dev.lutra.proto.Role.OPERATOR;
import static dev.lutra.proto.Role.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.lutra.proto.Device;
import dev.lutra.proto.Role;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.server.access.Credentials;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.schedule.SubmittedRuns;
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
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
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
        Map.entry("FleetService/Submit", Set.of(OPERATOR)), Map.entry("FleetService/ListTasks", Set.of(VIEWER, OPERATOR)),
        Map.entry("FleetService/Outcomes", Set.of(VIEWER, OPERATOR)),
        Map.entry("AccessService/Challenge", Set.of(ANYONE)), Map.entry("AccessService/Authenticate", Set.of(ANYONE)),
        Map.entry("AccessService/Enroll", Set.of(JOINING, OPERATOR)), Map.entry("AccessService/CreateToken", Set.of(OPERATOR)),
        Map.entry("AccessService/ListTokens", Set.of(OPERATOR)), Map.entry("AccessService/RevokeToken", Set.of(OPERATOR)),
        Map.entry("AccessService/RemoveDevice", Set.of(OPERATOR)), Map.entry("AccessService/CancelTasks", Set.of(OPERATOR)),
        Map.entry("RunService/SubmitRun", Set.of(OPERATOR)), Map.entry("RunService/ListRuns", Set.of(VIEWER, OPERATOR)),
        Map.entry("RunService/GetRun", Set.of(VIEWER, OPERATOR)), Map.entry("RunService/PauseRun", Set.of(OPERATOR)),
        Map.entry("RunService/ResumeRun", Set.of(OPERATOR)), Map.entry("RunService/CancelRun", Set.of(OPERATOR)),
        Map.entry("RunService/PrioritizeRun", Set.of(OPERATOR)), Map.entry("RunService/RemoveRun", Set.of(OPERATOR)),
        Map.entry("RunService/ListRunFiles", Set.of(VIEWER, OPERATOR)), Map.entry("RunService/FetchRunFile", Set.of(VIEWER, OPERATOR)),
        Map.entry("AccessService/DrainDevice", Set.of(OPERATOR)));

    /** What an agent and a run of before versions were told have sent, byte for byte. */
    private static final String OLD_JOIN = "0a440a046d696e65120a436f727465782d41373218042004288080808020320c5562756e74752032322e30343a0761617263683634"
        + "4a0970726f7465637465645204746f6c641205302e392e301a1a0a0b6f6e6e7872756e74696d651206312e32322e301a036370752204613366312a0437376230";
    private static final String OLD_SUBMIT = "0a046d696e65127b0a2572756e2f70726f66696c652f6d696e652f6b65792f39663766663533313034653039363939124061626162"
        + "616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261621a09"
        + "6c6179657231206b333a0363707540011a0433663063";

    private static final Optional<String> SPOKEN = Optional.of("1");
    private static final String OLDER_CALLER = "protocol of the caller: none told (expected: 1, which the server speaks; the caller's Lutra is older"
        + " and has to be updated)";

    @TempDir
    Path folder;
    private Database database;
    private LutraServer server;
    private ManagedChannel channel;
    private TaskQueue queue;
    private Credentials credentials;

    @BeforeEach
    void start() {
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofMinutes(5));
        credentials = Credentials.of(database, queue);
        server = LutraServer.start("127.0.0.1", 0, Optional.empty(), credentials.access(), queue, new ModelStore(folder.resolve("models")),
            new RunService(SubmittedRuns.of(database, queue, folder)));
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
        Status.Code code = call(method, shown.token(), SPOKEN, Credentials.DEVICE, credentials.session()).getCode();
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
            () -> assertThat(call(method, agent, SPOKEN, Credentials.OTHER, credentials.othersSession())).satisfies(status -> {
                assertThat(status.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
                assertThat(status.getDescription()).isEqualTo("device theirs: the caller's key is that of mine");
            })));
    }

    /** Whoever may call, and speaks another version: told so, and which side is to be updated. */
    @TestFactory
    Stream<DynamicTest> isForThoseWhoSpeakItsProtocol() {
        return server.methods().stream().flatMap(method -> Stream.of("", "0", "2", "1.0", "99999999999").map(told -> dynamicTest(
            name(method) + " in protocol '" + told + "'", () -> {
                Status status = call(method, whoMay(method), Optional.of(told).filter(version -> !version.isEmpty()),
                    Credentials.DEVICE, credentials.session());
                assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
                assertThat(status.getDescription()).isEqualTo(told.equals("2")
                    ? "protocol of the caller: 2 (expected: 1, which the server speaks; the server's Lutra is older and has to be updated)"
                    : OLDER_CALLER);
            })));
    }

    private Optional<String> whoMay(MethodDescriptor<?, ?> method) {
        return credentials.shown().values().stream().filter(shown -> shown.role().map(MAY.get(name(method))::contains).orElse(false)).findFirst()
            .flatMap(Credentials.Shown::token);
    }

    /** Nothing of what they ask for is done. */
    @Test
    void olderAgentsAndRunsAreToldToBeUpdated() {
        String before = queue.agent(Credentials.DEVICE).orElseThrow().getAgentVersion();
        for (Map.Entry<String, String> old : Map.of("AgentService/Join", OLD_JOIN, "FleetService/Submit", OLD_SUBMIT).entrySet()) {
            MethodDescriptor<?, ?> method = server.methods().stream().filter(known -> name(known).equals(old.getKey())).findFirst().orElseThrow();
            Status status = call(raw(method), whoMay(method), Optional.empty(), HexFormat.of().parseHex(old.getValue()));
            assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(status.getDescription()).isEqualTo(OLDER_CALLER);
        }
        assertThat(queue.agent(Credentials.DEVICE).orElseThrow().getAgentVersion()).isEqualTo(before);
        assertThat(queue.unfinished("", "", new TaskQueue.Place("", 0), 9)).isEmpty();
    }

    /** Each has its own size, and stays with it whatever is in a request. */
    @TestFactory
    Stream<DynamicTest> takesNoMoreThanItsSize() {
        return server.methods().stream().map(method -> dynamicTest(name(method), () -> {
            int most = RequestSizes.mostBytes(method);
            assertThat(most).as("has a size in the protocol").isBetween(1 << 10, 64 << 20);
            assertThat(call(raw(method), whoMay(method), SPOKEN, filled(most)).getCode()).isNotEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            Status over = call(raw(method), whoMay(method), SPOKEN, filled(most + 1));
            assertThat(over.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(over.getDescription()).contains(Integer.toString(most));
        }));
    }

    /** Nobody fills more memory than they send. */
    @Test
    void compressedRequestsAreRefused() {
        MethodDescriptor<?, ?> method = server.methods().stream().filter(known -> name(known).equals("AccessService/Challenge")).findFirst()
            .orElseThrow();
        assertThat(call(raw(method), Optional.empty(), SPOKEN, filled(500), CallOptions.DEFAULT.withCompression("gzip")).getCode())
            .isEqualTo(Status.Code.UNIMPLEMENTED);
    }

    /** A message with so many bytes, in a field that nobody knows. */
    private static byte[] filled(int bytes) {
        int length = bytes - 2; // what the field's number takes
        for (int digits = 1; digits <= 5; digits++) {
            if (CodedOutputStream.computeUInt32SizeNoTag(length - digits) == digits) {
                byte[] message = new byte[bytes];
                CodedOutputStream out = CodedOutputStream.newInstance(message);
                try {
                    out.writeByteArray(1000, new byte[length - digits]);
                    out.checkNoSpaceLeft();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return message;
            }
        }
        throw new IllegalArgumentException("no message has " + bytes + " bytes");
    }

    /** A call whose request is given as it is sent. */
    private static <R> MethodDescriptor<byte[], R> raw(MethodDescriptor<?, R> method) {
        return method.toBuilder(new MethodDescriptor.Marshaller<byte[]>() {
            @Override
            public InputStream stream(byte[] message) {
                return new ByteArrayInputStream(message);
            }

            @Override
            public byte[] parse(InputStream stream) {
                throw new UnsupportedOperationException();
            }
        }, method.getResponseMarshaller()).build();
    }

    private <Q> Status call(MethodDescriptor<Q, ?> method, Optional<String> token, Optional<String> protocol, String device, String session) {
        return call(method, token, protocol, request(method, device, session), CallOptions.DEFAULT);
    }

    private Status call(MethodDescriptor<byte[], ?> method, Optional<String> token, Optional<String> protocol, byte[] request) {
        return call(method, token, protocol, request, CallOptions.DEFAULT);
    }

    private <Q, R> Status call(MethodDescriptor<Q, R> method, Optional<String> token, Optional<String> protocol, Q request, CallOptions options) {
        Metadata headers = new Metadata();
        token.ifPresent(shown -> headers.put(TokenHeader.AUTHORIZATION, TokenHeader.SCHEME + shown));
        protocol.ifPresent(told -> headers.put(ProtocolVersion.HEADER, told));
        CompletableFuture<Status> ended = new CompletableFuture<>();
        ClientCall<Q, R> call = channel.newCall(method, options);
        call.start(new ClientCall.Listener<>() {
            @Override
            public void onClose(Status status, Metadata trailers) {
                ended.complete(status);
            }
        }, headers);
        call.request(Integer.MAX_VALUE);
        call.sendMessage(request);
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
