package dev.lutra.server.web;

import static dev.lutra.proto.Role.AGENT;
import static dev.lutra.proto.Role.ANYONE;
import static dev.lutra.proto.Role.JOINING;
import static dev.lutra.proto.Role.OPERATOR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lutra.proto.Role;
import dev.lutra.server.access.Credentials;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
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
    private static final Map<String, Set<Role>> MAY = Map.of(
        "agent/join", Set.of(AGENT), "agent/lease", Set.of(AGENT), "agent/renew", Set.of(AGENT), "agent/report", Set.of(AGENT),
        "agent/fetch-model", Set.of(AGENT), "access/challenge", Set.of(ANYONE), "access/authenticate", Set.of(ANYONE),
        "access/enroll", Set.of(JOINING, OPERATOR), "access/create-token", Set.of(OPERATOR), "join-code", Set.of(OPERATOR));

    @TempDir
    Path folder;
    private final HttpClient client = HttpClient.newHttpClient();
    private Database database;
    private WebServer server;
    private Credentials credentials;

    @BeforeEach
    void start() {
        database = Database.open(folder.resolve("lutra.db"));
        TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofMinutes(5));
        credentials = Credentials.of(database, queue);
        server = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), Optional.empty(), credentials.access(),
            new AgentCalls(queue, new ModelStore(folder.resolve("models"))));
    }

    @AfterEach
    void stop() {
        server.close();
        database.close();
    }

    @Test
    void everyCallIsHere() {
        assertThat(server.routes()).containsExactlyInAnyOrderElementsOf(MAY.keySet());
    }

    @TestFactory
    Stream<DynamicTest> isForThoseWhoMay() {
        return server.routes().stream().flatMap(route -> credentials.shown().entrySet().stream()
            .map(shown -> dynamicTest(route + " with " + shown.getKey(), () -> check(route, shown.getValue()))));
    }

    private void check(String route, Credentials.Shown shown) throws Exception {
        int status = call(route, shown.token(), Credentials.DEVICE, credentials.session()).statusCode();
        if (MAY.get(route).contains(ANYONE)) {
            assertThat(status).isNotIn(403, 404, 500);
        } else if (shown.role().isEmpty()) {
            assertThat(status).isEqualTo(401);
        } else if (!MAY.get(route).contains(shown.role().get())) {
            assertThat(status).isEqualTo(403);
        } else {
            assertThat(status).isNotIn(403, 500);
        }
    }

    /** Whatever an agent may call, for another's device it may not. */
    @TestFactory
    Stream<DynamicTest> anAgentSpeaksForItsOwnDevice() {
        Optional<String> agent = credentials.shown().get("an agent's token").token();
        return server.routes().stream().filter(route -> MAY.get(route).contains(AGENT)).map(route -> dynamicTest(route, () -> {
            HttpResponse<String> answer = call(route, agent, Credentials.OTHER, credentials.othersSession());
            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(answer.body()).isEqualTo("device theirs: the caller's key is that of mine");
        }));
    }

    private HttpResponse<String> call(String route, Optional<String> token, String device, String session) throws Exception {
        String body = "{\"session\": \"" + session + "\"" + (route.equals("agent/join") ? ", \"device\": {\"name\": \"" + device + "\"}}" : "}");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.address() + "/api/" + route))
            .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        token.ifPresent(shown -> request.header("Authorization", "Bearer " + shown));
        return client.send(request.build(), BodyHandlers.ofString());
    }
}
