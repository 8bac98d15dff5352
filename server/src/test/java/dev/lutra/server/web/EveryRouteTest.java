package dev.lutra.server.web;

import static dev.lutra.proto.Role.AGENT;
import static dev.lutra.proto.Role.ANYONE;
import static dev.lutra.proto.Role.JOINING;
import static dev.lutra.proto.Role.OPERATOR;
import static dev.lutra.proto.Role.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lutra.proto.AccessServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.FleetServiceGrpc;
import dev.lutra.proto.Role;
import dev.lutra.proto.RunServiceGrpc;
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.server.access.Credentials;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every call that pages have, with whatever a caller may show. A call that is new has to be put here before this passes. */
class EveryRouteTest {

    /** Who may call, written down a second time. */
    private static final Map<String, Set<Role>> MAY = Map.ofEntries(
        Map.entry("POST /api/agent/join", Set.of(AGENT)), Map.entry("POST /api/agent/lease", Set.of(AGENT)),
        Map.entry("POST /api/agent/renew", Set.of(AGENT)), Map.entry("POST /api/agent/report", Set.of(AGENT)),
        Map.entry("POST /api/agent/fetch-model", Set.of(AGENT)), Map.entry("POST /api/access/challenge", Set.of(ANYONE)),
        Map.entry("POST /api/access/authenticate", Set.of(ANYONE)), Map.entry("POST /api/access/enroll", Set.of(JOINING, OPERATOR)),
        Map.entry("POST /api/access/create-token", Set.of(OPERATOR)), Map.entry("POST /api/access/list-tokens", Set.of(OPERATOR)),
        Map.entry("POST /api/access/revoke-token", Set.of(OPERATOR)), Map.entry("POST /api/access/remove-device", Set.of(OPERATOR)),
        Map.entry("POST /api/access/drain-device", Set.of(OPERATOR)), Map.entry("POST /api/access/cancel-tasks", Set.of(OPERATOR)),
        Map.entry("POST /api/fleet/list-agents", Set.of(VIEWER, OPERATOR)), Map.entry("POST /api/fleet/compare-devices", Set.of(VIEWER, OPERATOR)),
        Map.entry("POST /api/fleet/put-model", Set.of(OPERATOR)), Map.entry("POST /api/fleet/submit", Set.of(OPERATOR)),
        Map.entry("POST /api/fleet/list-tasks", Set.of(VIEWER, OPERATOR)), Map.entry("POST /api/fleet/outcomes", Set.of(VIEWER, OPERATOR)),
        Map.entry("POST /api/join-code", Set.of(OPERATOR)),
        Map.entry("GET /api/runs", Set.of(VIEWER, OPERATOR)), Map.entry("POST /api/runs", Set.of(OPERATOR)),
        Map.entry("GET /api/runs/{id}", Set.of(VIEWER, OPERATOR)), Map.entry("POST /api/runs/{id}/pause", Set.of(OPERATOR)),
        Map.entry("POST /api/runs/{id}/resume", Set.of(OPERATOR)), Map.entry("POST /api/runs/{id}/cancel", Set.of(OPERATOR)),
        Map.entry("POST /api/runs/{id}/priority", Set.of(OPERATOR)), Map.entry("POST /api/runs/{id}/remove", Set.of(OPERATOR)),
        Map.entry("GET /api/runs/{id}/view", Set.of(VIEWER, OPERATOR)), Map.entry("GET /api/runs/{id}/candidates", Set.of(VIEWER, OPERATOR)),
        Map.entry("GET /api/runs/{id}/tables/{target}", Set.of(VIEWER, OPERATOR)),
        Map.entry("GET /api/runs/{id}/architectures/{text}", Set.of(VIEWER, OPERATOR)),
        Map.entry("GET /api/runs/{id}/files", Set.of(VIEWER, OPERATOR)), Map.entry("GET /api/runs/{id}/files/{name}", Set.of(VIEWER, OPERATOR)),
        Map.entry("GET /api/runs/{id}/events", Set.of(VIEWER, OPERATOR)),
        Map.entry("GET /api/compare", Set.of(VIEWER, OPERATOR)), Map.entry("POST /api/runs/{id}/share", Set.of(OPERATOR)),
        Map.entry("GET /api/devices", Set.of(VIEWER, OPERATOR)), Map.entry("GET /api/events", Set.of(VIEWER, OPERATOR)),
        Map.entry("GET /install.sh", Set.of(ANYONE)), Map.entry("GET /install/{platform}", Set.of(ANYONE)),
        Map.entry("GET /install/files/{hash}", Set.of(ANYONE)), Map.entry("GET /healthz", Set.of(ANYONE)),
        Map.entry("GET /metrics", Set.of(VIEWER, OPERATOR)), Map.entry("GET /openapi.json", Set.of(VIEWER, OPERATOR)));

    /** Runs have addresses. */
    private static final Map<String, String> RUN_CALLS = Map.of("SubmitRun", "POST /api/runs", "ListRuns", "GET /api/runs",
        "GetRun", "GET /api/runs/{id}", "PauseRun", "POST /api/runs/{id}/pause", "ResumeRun", "POST /api/runs/{id}/resume",
        "CancelRun", "POST /api/runs/{id}/cancel", "RemoveRun", "POST /api/runs/{id}/remove", "PrioritizeRun", "POST /api/runs/{id}/priority",
        "ListRunFiles", "GET /api/runs/{id}/files", "FetchRunFile", "GET /api/runs/{id}/files/{name}");

    @TempDir
    Path folder;
    private final HttpClient client = HttpClient.newHttpClient();
    private AllRoutes all;
    private WebServer server;
    private Credentials credentials;

    @BeforeEach
    void start() {
        all = new AllRoutes(folder);
        server = all.server;
        credentials = all.credentials;
    }

    @AfterEach
    void stop() {
        all.close();
    }

    private static String name(Route route) {
        return route.method() + " " + route.pattern();
    }

    @Test
    void everyCallIsHere() {
        assertThat(server.routes()).extracting(EveryRouteTest::name).containsExactlyInAnyOrderElementsOf(MAY.keySet());
    }

    /** What a command does over gRPC, a program can do here. */
    @Test
    void everyCallOverGrpcIsHereToo() {
        List<String> routes = server.routes().stream().map(EveryRouteTest::name).toList();
        Stream.of(AgentServiceGrpc.getServiceDescriptor(), AccessServiceGrpc.getServiceDescriptor(), FleetServiceGrpc.getServiceDescriptor())
            .flatMap(service -> service.getMethods().stream())
            .forEach(call -> assertThat(routes).contains("POST /api/" + words(call.getServiceName().replaceFirst(".*\\.(.*)Service", "$1")) + "/"
                + words(call.getBareMethodName())));
        assertThat(RUN_CALLS.keySet()).isEqualTo(RunServiceGrpc.getServiceDescriptor().getMethods().stream().map(MethodDescriptor::getBareMethodName)
            .collect(Collectors.toSet()));
        assertThat(routes).containsAll(RUN_CALLS.values());
    }

    private static String words(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    @TestFactory
    Stream<DynamicTest> isForThoseWhoMay() {
        return server.routes().stream().flatMap(route -> credentials.shown().entrySet().stream()
            .map(shown -> dynamicTest(name(route) + " with " + shown.getKey(), () -> check(route, shown.getValue()))));
    }

    private void check(Route route, Credentials.Shown shown) throws Exception {
        Set<Role> may = MAY.get(name(route));
        int status = call(route, shown.token(), Credentials.DEVICE, credentials.session()).statusCode();
        if (may.contains(ANYONE)) {
            // what a parameter names may not be there
            assertThat(status).isNotIn(403, route.parameters().isEmpty() ? 404 : 500, 500);
        } else if (shown.role().isEmpty()) {
            assertThat(status).isEqualTo(401);
        } else if (!may.contains(shown.role().get())) {
            assertThat(status).isEqualTo(403);
        } else {
            assertThat(status).isNotIn(403, 500);
        }
    }

    /** Of a run that somebody has shared nothing is to be had but looking at it. */
    @TestFactory
    Stream<DynamicTest> aLinkToARunShowsThatRunAlone() {
        String shared = credentials.access().tokens().share("1", Duration.ofHours(1)).token();
        String other = credentials.access().tokens().share("2", Duration.ofHours(1)).token();
        return server.routes().stream().filter(route -> !MAY.get(name(route)).contains(ANYONE)).map(route -> dynamicTest(name(route), () -> {
            boolean looks = route.method().equals("GET") && route.pattern().startsWith("/api/runs/{id}");
            int status = call(route, Optional.of(shared), Credentials.DEVICE, credentials.session()).statusCode();
            assertThat(status).as("run 1 is not there, but might be looked at").isEqualTo(looks ? 404 : 403);
            assertThat(call(route, Optional.of(other), Credentials.DEVICE, credentials.session()).statusCode()).as("another run").isEqualTo(403);
        }));
    }

    /** Whatever an agent may call, for another's device it may not. */
    @TestFactory
    Stream<DynamicTest> anAgentSpeaksForItsOwnDevice() {
        Optional<String> agent = credentials.shown().get("an agent's token").token();
        return server.routes().stream().filter(route -> MAY.get(name(route)).contains(AGENT)).map(route -> dynamicTest(name(route), () -> {
            Answer answer = call(route, agent, Credentials.OTHER, credentials.othersSession());
            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(answer.body()).isEqualTo("device theirs: the caller's key is that of mine");
        }));
    }

    /** Calls of the protocol, by pages of another version that stayed open. */
    @TestFactory
    Stream<DynamicTest> isForThoseWhoSpeakItsProtocol() {
        List<Route> protocol = server.routes().stream().filter(route -> route.pattern().matches("/api/(agent|access|fleet)/.*")).toList();
        assertThat(protocol).hasSizeGreaterThan(18);
        return protocol.stream().map(route -> dynamicTest(name(route), () -> {
            Answer older = send(request(route, whoMay(route), "{}".getBytes(StandardCharsets.US_ASCII)));
            assertThat(older.statusCode()).isEqualTo(412);
            assertThat(older.body()).isEqualTo("protocol of the caller: none told (expected: 1, which the server speaks; the caller's Lutra is"
                + " older and has to be updated)");
            Answer newer = send(request(route, whoMay(route), "{}".getBytes(StandardCharsets.US_ASCII))
                .header(ProtocolVersion.NAME, "2"));
            assertThat(newer.statusCode()).isEqualTo(412);
            assertThat(newer.body()).contains("the server's Lutra is older");
            assertThat(newer.protocol()).contains("1");
        }));
    }

    private Optional<String> whoMay(Route route) {
        return credentials.shown().values().stream().filter(shown -> shown.role().map(MAY.get(name(route))::contains).orElse(false)).findFirst()
            .flatMap(Credentials.Shown::token);
    }

    /** Each has its own size, also where it reads nothing, and where nobody says beforehand how much is sent. */
    @TestFactory
    Stream<DynamicTest> takesNoMoreThanItsSize() {
        return server.routes().stream().map(route -> dynamicTest(name(route), () -> {
            int most = route.mostBytes();
            assertThat(most).as("has a size").isBetween(1 << 10, 88 << 20);
            assertThat(send(request(route, whoMay(route), filled(most)).header(ProtocolVersion.NAME, "1")).statusCode()).isNotEqualTo(413);
            Answer over = send(request(route, whoMay(route), filled(most + 1)).header(ProtocolVersion.NAME, "1"));
            assertThat(over.statusCode()).isEqualTo(413);
            assertThat(over.body()).isEqualTo("request: more than " + most + " bytes (expected: at most so many of this call)");
        }));
    }

    @Test
    void takesNoMoreThanItsSizeInPieces() throws Exception {
        Route renew = server.routes().stream().filter(route -> route.pattern().endsWith("agent/renew")).findFirst().orElseThrow();
        HttpRequest.Builder unknownLength = request(renew, whoMay(renew), new byte[0]).header(ProtocolVersion.NAME, "1")
            .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(filled(renew.mostBytes() + 1))));
        assertThat(send(unknownLength).statusCode()).isEqualTo(413);
    }

    private static byte[] filled(int bytes) {
        byte[] body = new byte[bytes];
        Arrays.fill(body, (byte) ' ');
        body[0] = '{';
        body[1] = '}';
        return body;
    }

    private Answer call(Route route, Optional<String> token, String device, String session) throws Exception {
        String body = "{\"session\": \"" + session + "\""
            + (route.pattern().endsWith("agent/join") ? ", \"device\": {\"name\": \"" + device + "\"}}" : "}");
        return send(request(route, token, route.method().equals("GET") ? new byte[0] : body.getBytes(StandardCharsets.UTF_8))
            .header(ProtocolVersion.NAME, "1"));
    }

    private Answer send(HttpRequest.Builder request) throws Exception {
        HttpResponse<InputStream> answer = client.send(request.build(), BodyHandlers.ofInputStream());
        boolean isStream = answer.headers().firstValue("Content-Type").orElse("").startsWith("text/event-stream");
        try (InputStream in = answer.body()) {
            return new Answer(answer.statusCode(), isStream ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8),
                answer.headers().firstValue(ProtocolVersion.NAME));
        }
    }

    /** A stream of events has no end. */
    private record Answer(int statusCode, String body, Optional<String> protocol) {}

    private HttpRequest.Builder request(Route route, Optional<String> token, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.address() + route.pattern().replaceAll("\\{[a-z]+}", "1")))
            .header("Content-Type", "application/json")
            .method(route.method(), body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        token.ifPresent(shown -> request.header("Authorization", "Bearer " + shown));
        return request;
    }
}
