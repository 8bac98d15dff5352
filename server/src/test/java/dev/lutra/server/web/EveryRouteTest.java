package dev.lutra.server.web;

import static dev.lutra.proto.Role.AGENT;
import static dev.lutra.proto.Role.ANYONE;
import static dev.lutra.proto.Role.JOINING;
import static dev.lutra.proto.Role.OPERATOR;
import static dev.lutra.proto.Role.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lutra.proto.Role;
import dev.lutra.server.access.Credentials;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
        Map.entry("POST /api/access/create-token", Set.of(OPERATOR)), Map.entry("POST /api/join-code", Set.of(OPERATOR)),
        Map.entry("GET /api/runs", Set.of(VIEWER, OPERATOR)), Map.entry("POST /api/runs", Set.of(OPERATOR)),
        Map.entry("GET /api/runs/{id}", Set.of(VIEWER, OPERATOR)), Map.entry("POST /api/runs/{id}/pause", Set.of(OPERATOR)),
        Map.entry("POST /api/runs/{id}/resume", Set.of(OPERATOR)), Map.entry("POST /api/runs/{id}/cancel", Set.of(OPERATOR)),
        Map.entry("POST /api/runs/{id}/priority", Set.of(OPERATOR)),
        Map.entry("GET /install.sh", Set.of(ANYONE)), Map.entry("GET /install/{platform}", Set.of(ANYONE)),
        Map.entry("GET /install/files/{hash}", Set.of(ANYONE)), Map.entry("GET /healthz", Set.of(ANYONE)),
        Map.entry("GET /metrics", Set.of(VIEWER, OPERATOR)), Map.entry("GET /openapi.json", Set.of(VIEWER, OPERATOR)));

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

    /** Whatever an agent may call, for another's device it may not. */
    @TestFactory
    Stream<DynamicTest> anAgentSpeaksForItsOwnDevice() {
        Optional<String> agent = credentials.shown().get("an agent's token").token();
        return server.routes().stream().filter(route -> MAY.get(name(route)).contains(AGENT)).map(route -> dynamicTest(name(route), () -> {
            HttpResponse<String> answer = call(route, agent, Credentials.OTHER, credentials.othersSession());
            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(answer.body()).isEqualTo("device theirs: the caller's key is that of mine");
        }));
    }

    private HttpResponse<String> call(Route route, Optional<String> token, String device, String session) throws Exception {
        String body = "{\"session\": \"" + session + "\""
            + (route.pattern().endsWith("agent/join") ? ", \"device\": {\"name\": \"" + device + "\"}}" : "}");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.address() + route.pattern().replaceAll("\\{[a-z]+}", "1")))
            .header("Content-Type", "application/json")
            .method(route.method(), route.method().equals("GET") ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        token.ifPresent(shown -> request.header("Authorization", "Bearer " + shown));
        return client.send(request.build(), BodyHandlers.ofString());
    }
}
