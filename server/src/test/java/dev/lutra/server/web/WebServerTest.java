package dev.lutra.server.web;

import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.InputException;
import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.Task;
import dev.lutra.proto.CreateTokenReply;
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.EnrolledDevice;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.schedule.SubmittedRuns;
import dev.lutra.server.fleet.WaitingCalls;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.tls.Encryption;
import dev.lutra.server.tls.OwnAddress;
import dev.lutra.server.tls.ServerKey;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Over real sockets. The time limit only ends a test that would hang. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class WebServerTest {

    private static final String TOKEN = "the-token-of-this-test";
    private static final String EXPERIMENT = "name: ours\\nspace: {table: /data/accuracies.csv}\\n";
    private static final byte[] MODEL = {0x3a, 0};

    @TempDir
    Path folder;
    private final HttpClient client = HttpClient.newHttpClient();
    private Database database;
    private ModelStore models;
    private TaskQueue queue;
    private Access access;
    private WebServer server;
    private String bearer;

    @BeforeEach
    void start() {
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofSeconds(30));
        models = new ModelStore(folder.resolve("models"));
        access = Access.open(database, Clock.systemUTC(), TOKEN);
        server = serve(0, new Encryption.None());
        bearer = EnrolledDevice.enrolled(access, "phone").bearer();
    }

    private WebServer serve(int port, Encryption encryption) {
        return WebServer.start(new WebServer.Settings("127.0.0.1", port, List.of("lutra.test")),
            ServerKey.of(encryption, OwnAddress.all(InetAddress.getLoopbackAddress()), Instant.now()), access, queue, models,
            new RunRoutes(SubmittedRuns.of(database, queue, folder)));
    }

    @AfterEach
    void stop() {
        server.close();
        database.close();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private HttpRequest.Builder post(String call, String token, String body) {
        return HttpRequest.newBuilder(uri("/api/" + call)).header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json").header(ProtocolVersion.NAME, "1")
            .POST(BodyPublishers.ofString(body));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> call(String call, Message request) throws Exception {
        return client.send(post("agent/" + call, bearer, JsonFormat.printer().print(request)).build(), BodyHandlers.ofString());
    }

    private static <B extends Message.Builder> B read(HttpResponse<String> response, B reply)
        throws InvalidProtocolBufferException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonFormat.parser().merge(response.body(), reply);
        return reply;
    }

    private String join(String device) throws Exception {
        JoinRequest request = JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build();
        return read(call("join", request), JoinReply.newBuilder()).getSession();
    }

    private void submit(String... ids) {
        String model = models.put(MODEL);
        new LocalFleet(queue, models).submit("phone",
            List.of(ids).stream().map(id -> Task.newBuilder().setId(id).setThreads(1).setModelSha256(model).build()).toList());
    }

    private LeaseReply lease(String session, long waitMillis) throws Exception {
        return read(call("lease", LeaseRequest.newBuilder().setSession(session).setMaxTasks(2).setWaitMillis(waitMillis).build()),
            LeaseReply.newBuilder()).build();
    }

    @Test
    void aPageDoesATaskFromJoinToReport() throws Exception {
        submit("one");
        String session = join("phone");
        LeaseReply leased = lease(session, 0);
        assertThat(leased.getTasksList()).extracting(task -> task.getTask().getId()).containsExactly("one");
        LeaseName lease = LeaseName.newBuilder().setTaskId("one").setEpoch(leased.getTasks(0).getEpoch()).build();

        RenewRequest renewal = RenewRequest.newBuilder().setSession(session).addLeases(lease)
            .addLeases(lease.toBuilder().setEpoch(7)).build();
        assertThat(read(call("renew", renewal), RenewReply.newBuilder()).getHeldList()).containsExactly(lease);

        String sha256 = leased.getTasks(0).getTask().getModelSha256();
        FetchModelRequest fetch = FetchModelRequest.newBuilder().setSession(session).setSha256(sha256).build();
        HttpResponse<byte[]> model = client.send(post("agent/fetch-model", bearer, JsonFormat.printer().print(fetch)).build(),
            BodyHandlers.ofByteArray());
        assertThat(model.body()).isEqualTo(MODEL);

        ReportRequest report = ReportRequest.newBuilder().setSession(session).setLease(lease)
            .setOutcome(Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("because"))).build();
        assertThat(read(call("report", report), ReportReply.newBuilder()).getAccepted()).isTrue();
        assertThat(read(call("report", report), ReportReply.newBuilder()).getAccepted()).as("repeated").isTrue();
        ReportRequest late = report.toBuilder().setLease(lease.toBuilder().setEpoch(0)).build();
        assertThat(read(call("report", late), ReportReply.newBuilder()).getAccepted()).as("of an older lease").isFalse();
        assertThat(queue.outcomes(Set.of("one")).get(0).getOutcome().getFailed().getReason()).isEqualTo("because");
    }

    /** JSON has a way to say NaN, too. */
    @Test
    void aReportThatCannotBeIsRefusedInOneLine() throws Exception {
        String model = models.put(MODEL);
        queue.submit("phone", List.of(Task.newBuilder().setId("one").setModelSha256(model).setProvider("wasm").setThreads(1)
            .setRules(MeasureRules.newBuilder().setMinRounds(2)).build()));
        String session = join("phone");
        lease(session, 0);
        String report = "{\"session\": \"" + session + "\", \"lease\": {\"taskId\": \"one\", \"epoch\": \"1\"}, \"outcome\": {\"measured\": {"
            + "\"runtime\": {\"provider\": \"wasm\", \"threads\": 1}, \"latency\": {\"samples\": 3, \"p50Nanos\": 5, \"maxNanos\": 6,"
            + " \"meanNanos\": \"NaN\"}}}}";
        HttpResponse<String> refused = send(post("agent/report", bearer, report));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).isEqualTo("latency.mean_nanos: NaN (expected: more than 0)");
        assertThat(queue.outcomes(Set.of("one"))).isEmpty();
    }

    @Test
    void whatCannotBeStoredIsToBeTriedAgain() throws Exception {
        submit("one");
        String session = join("phone");
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lutra.db")); Statement lock = other.createStatement()) {
            lock.execute("BEGIN EXCLUSIVE");
            HttpResponse<String> answer = call("lease", LeaseRequest.newBuilder().setSession(session).setMaxTasks(1).build());
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.body()).isEqualTo(folder.resolve("lutra.db") + ": in use by another process");
        }
        assertThat(lease(session, 0).getTasksCount()).isEqualTo(1);
    }

    @Test
    void aLeaseWaitsForWork() throws Exception {
        String session = join("phone");
        HttpRequest request = post("agent/lease", bearer,
            "{\"session\": \"" + session + "\", \"maxTasks\": 1, \"waitMillis\": \"30000\"}").build();
        CompletableFuture<HttpResponse<String>> waiting = client.sendAsync(request, BodyHandlers.ofString());
        assertThat(lease(session, 0).getTasksCount()).isZero();
        submit("late");
        assertThat(read(waiting.get(), LeaseReply.newBuilder()).getTasks(0).getTask().getId()).isEqualTo("late");
    }

    @Test
    void joiningAgainEndsTheSessionAndReturnsItsTasks() throws Exception {
        submit("one");
        String first = join("phone");
        lease(first, 0);
        String second = join("phone");
        assertThat(call("lease", LeaseRequest.newBuilder().setSession(first).setMaxTasks(1).build()).statusCode()).isEqualTo(404);
        assertThat(lease(second, 0).getTasks(0).getEpoch()).isEqualTo(2);
    }

    @Test
    void refusesWhatTheCallerDoesWrongInOneLine() throws Exception {
        HttpResponse<String> wrong = client.send(post("agent/join", "a-wrong-token", "{}").build(), BodyHandlers.ofString());
        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(wrong.body()).isEqualTo("wrong token");
        HttpResponse<String> anonymous = client.send(HttpRequest.newBuilder(uri("/api/agent/join"))
            .header("Content-Type", "application/json").header(ProtocolVersion.NAME, "1").POST(BodyPublishers.ofString("{}")).build(),
            BodyHandlers.ofString());
        assertThat(anonymous.statusCode()).isEqualTo(401);
        assertThat(anonymous.body()).isEqualTo("no token (expected: Authorization: Bearer <token>)");

        HttpResponse<String> nameless = call("join", JoinRequest.getDefaultInstance());
        assertThat(nameless.statusCode()).isEqualTo(403);
        assertThat(nameless.body()).isEqualTo("device : the caller's key is that of phone");
        assertThat(client.send(post("agent/join", bearer, "{").build(), BodyHandlers.ofString()).statusCode()).isEqualTo(400);
        assertThat(client.send(post("agent/leave", bearer, "{}").build(), BodyHandlers.ofString()).statusCode()).isEqualTo(404);
        assertThat(queue.agents()).isEmpty();
    }

    /** The pages' half of the protocol is written in another language. */
    @Test
    void pagesSpeakTheServersProtocol() throws Exception {
        assertThat(get("/pages/protocol.js").body()).contains("export const PROTOCOL = " + ProtocolVersion.CURRENT + ";");
    }

    @Test
    void aRunIsSubmittedToldAndMoved() throws Exception {
        HttpResponse<String> made = send(post("runs", TOKEN, "{\"experiment\": \"" + EXPERIMENT + "\", \"priority\": 3}"));
        assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
        JsonNode run = new ObjectMapper().readTree(made.body());
        assertThat(run.get("id").asText()).isEqualTo("1");
        assertThat(run.get("name").asText()).isEqualTo("ours");
        assertThat(run.get("owner").asText()).isEqualTo("owner");
        assertThat(run.get("priority").asInt()).isEqualTo(3);
        assertThat(Instant.parse(run.get("submitted").asText())).isBeforeOrEqualTo(Instant.now());

        String viewer = access.tokens().create(Role.VIEWER, Duration.ZERO, "").token();
        HttpResponse<String> told = send(HttpRequest.newBuilder(uri("/api/runs/1")).header("Authorization", "Bearer " + viewer));
        assertThat(new ObjectMapper().readTree(told.body()).get("experiment").asText()).isEqualTo(EXPERIMENT.replace("\\n", "\n"));
        assertThat(send(post("runs/1/pause", viewer, "")).statusCode()).isEqualTo(403);
        assertThat(new ObjectMapper().readTree(send(post("runs/1/pause", TOKEN, "")).body()).get("state").asText()).isEqualTo("paused");
        assertThat(send(post("runs/1/priority", TOKEN, "{\"priority\": 101}")).body()).isEqualTo("priority: 101 (expected: -100 to 100)");
        assertThat(send(post("runs/1/cancel", TOKEN, "")).statusCode()).isEqualTo(200);
        HttpResponse<String> ended = send(post("runs/1/pause", TOKEN, ""));
        assertThat(ended.statusCode()).isEqualTo(400);
        assertThat(ended.body()).isEqualTo("run 1: cancelled (expected: to pause, one that has not ended)");
        assertThat(send(post("runs/7/pause", TOKEN, "")).statusCode()).isEqualTo(404);
        assertThat(send(HttpRequest.newBuilder(uri("/api/runs")).header("Authorization", "Bearer " + viewer)).body()).contains("\"cancelled\"");
    }

    private JsonNode operate(String call, String request) throws Exception {
        HttpResponse<String> answer = send(post(call, TOKEN, request));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new ObjectMapper().readTree(answer.body());
    }

    /** What the commands token, devices and tasks do. */
    @Test
    void aProgramOperatesTheFleet() throws Exception {
        String made = operate("access/create-token", "{\"role\": \"VIEWER\"}").path("id").asText();
        assertThat(operate("access/list-tokens", "{}").path("tokens").findValuesAsText("id")).contains(made, "owner");
        operate("access/revoke-token", "{\"id\": \"" + made + "\"}");
        assertThat(operate("access/list-tokens", "{}").path("tokens").findValuesAsText("state")).contains("REVOKED");

        join("phone");
        assertThat(operate("access/drain-device", "{\"device\": \"phone\", \"draining\": true}").path("leasedTasks").asInt(-1)).isZero();
        assertThat(operate("fleet/list-agents", "{}").path("agents").path(0).path("draining").asBoolean()).isTrue();
        assertThat(operate("fleet/compare-devices", "{}").path("standings").isArray()).isTrue();

        String model = operate("fleet/put-model", "{\"data\": \"" + Base64.getEncoder().encodeToString(MODEL) + "\"}").path("sha256").asText();
        operate("fleet/submit", "{\"device\": \"phone\", \"owner\": \"a program\", \"tasks\": [{\"id\": \"t\", \"threads\": 1, \"modelSha256\": \""
            + model + "\"}]}");
        JsonNode open = operate("fleet/list-tasks", "{\"owner\": \"a program\"}").path("tasks");
        assertThat(open.findValuesAsText("id")).containsExactly("t");
        assertThat(open.path(0).path("leased").isBoolean()).as("every field is there").isTrue();
        CompletableFuture<HttpResponse<String>> waits = client.sendAsync(
            post("fleet/outcomes", TOKEN, "{\"taskIds\": [\"t\"], \"waitMillis\": \"30000\"}").build(), BodyHandlers.ofString());
        WaitingCalls.await(queue, 1);
        assertThat(operate("access/cancel-tasks", "{\"taskIds\": [\"t\"]}").path("cancelled").asInt()).isOne();
        assertThat(waits.get().body()).contains("cancelled by an operator");
        assertThat(operate("access/remove-device", "{\"device\": \"phone\"}").path("failedTasks").asInt(-1)).isZero();
    }

    @Test
    void whatIsToBeCancelledHasToBeThere() throws Exception {
        join("phone");
        submit("one");
        for (String request : List.of("{\"taskIds\": [\"NOSUCH\"]}", "{\"device\": \"NOSUCH\"}", "{\"taskIds\": [\"a\", \"b\"]}")) {
            assertThat(send(post("access/cancel-tasks", TOKEN, request)).statusCode()).as(request).isEqualTo(400);
        }
        assertThat(send(post("access/cancel-tasks", TOKEN, "{\"taskIds\": [\"NOSUCH\"]}")).body())
            .isEqualTo("task NOSUCH: done, or not known (expected: one of 'lutra tasks list')");
        assertThat(operate("access/cancel-tasks", "{\"taskIds\": [\"NOSUCH\", \"one\"]}").path("cancelled").asInt()).isOne();
        assertThat(operate("access/cancel-tasks", "{\"device\": \"phone\"}").path("cancelled").asInt(-1)).isZero();
    }

    @Test
    void aBadExperimentIsRefusedInTheLineOfARun() throws Exception {
        HttpResponse<String> refused = send(post("runs", TOKEN, "{\"experiment\": \"name: ours\\nspace: [1]\\n\"}"));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).startsWith("experiment.yaml:").doesNotContain("\n");
        assertThat(new ObjectMapper().readTree(send(HttpRequest.newBuilder(uri("/api/runs")).header("Authorization", "Bearer " + TOKEN)).body())
            .get("runs")).isEmpty();
    }

    @Test
    void pagesArePublicAndIsolated() throws Exception {
        for (String page : List.of("/", "/agent", "/pages/agent.js", "/pages/style.css", "/pages/sentinel.onnx")) {
            HttpResponse<String> response = get(page);
            assertThat(response.statusCode()).as(page).isEqualTo(200);
            assertThat(response.body()).doesNotContain(TOKEN);
            assertThat(response.headers().firstValue("Cross-Origin-Opener-Policy")).contains("same-origin");
            assertThat(response.headers().firstValue("Cross-Origin-Embedder-Policy")).contains("require-corp");
            assertThat(response.headers().firstValue("Content-Security-Policy").orElseThrow()).contains("default-src 'none'");
        }
    }

    @Test
    void everyPageIsPutIntoTheSharedFrame() throws Exception {
        assertThat(get("/").body()).startsWith("<!doctype html>").doesNotContain("{{")
            .contains("<h1>Lutra</h1>", "src=\"/pages/home.js\"", "id=\"notice\"", "id=\"page\"");
        assertThat(get("/join").body()).startsWith("<!doctype html>").doesNotContain("{{")
            .contains("<title>Join Lutra</title>", "<h1>Join Lutra</h1>",
                "src=\"/pages/join.js\"", "id=\"notice\"", "id=\"login\"");
        HttpResponse<String> agent = get("/agent");
        assertThat(agent.body()).startsWith("<!doctype html>").doesNotContain("{{")
            .contains("<title>Lutra agent</title>", "<h1>Lutra agent</h1>",
                "src=\"/pages/agent.js\"", "id=\"notice\"", "id=\"rows\"");
        assertThat(agent.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(agent.headers().firstValue("Cache-Control")).contains("no-store");
    }

    @Test
    void servesNothingButPages() throws Exception {
        for (String path : List.of("/pages/../WebServer.class", "/pages/%2e%2e/WebServer.class", "/pages/..%2fWebServer.class",
            "/pages//etc/passwd", "/pages/", "/pages", "/token", "/pages/none.js", "/pages/page.mustache")) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(404);
        }
    }

    @Test
    void anOperatorMakesLinksThatAreGoodForOneDevice() throws Exception {
        String link = server.joinLink();
        assertThat(link).startsWith("http://lutra.test:" + server.port() + "/agent#token=");
        String token = link.replaceFirst(".*=", "");
        assertThat(send(post("access/create-token", token, "{\"role\": \"JOINING\"}")).statusCode()).isEqualTo(403);
        access.reachedAt(new Access.Places("lutra.test:7411", server.address()));
        CreateTokenReply made = read(send(post("access/create-token", TOKEN, "{\"role\": \"JOINING\"}")), CreateTokenReply.newBuilder()).build();
        assertThat(made.getPages()).isEqualTo(server.address());
        HttpResponse<String> enrolled = send(post("access/enroll", made.getToken(),
            JsonFormat.printer().print(EnrolledDevice.made(access, "tablet").enrollment())));
        assertThat(enrolled.statusCode()).as(enrolled.body()).isEqualTo(200);
        HttpResponse<String> again = send(post("access/enroll", made.getToken(),
            JsonFormat.printer().print(EnrolledDevice.made(access, "other").enrollment())));
        assertThat(again.statusCode()).isEqualTo(401);
        assertThat(again.body()).startsWith("used token");
        HttpResponse<String> taken = send(post("access/enroll", token,
            JsonFormat.printer().print(EnrolledDevice.made(access, "tablet").enrollment())));
        assertThat(taken.statusCode()).isEqualTo(409);
        assertThat(send(post("join-code", TOKEN, made.getPages() + "/agent#token=" + made.getToken())).body()).startsWith("<svg");
        assertThat(send(post("join-code", token, "x")).statusCode()).isEqualTo(403);
    }

    /** DNS rebinding: to a browser a stranger's page is one of ours when the stranger's name leads here. */
    @Test
    void onlyRequestsToItsOwnNamesAreAnswered() throws Exception {
        for (String host : List.of("127.0.0.1", "localhost", "LOCALHOST:80", "lutra.test", "lutra.test:1", "[::1]:7412")) {
            assertThat(status("GET / HTTP/1.1", "Host: " + host)).as(host).isEqualTo(200);
        }
        for (String host : List.of("evil.example", "evil.example:7412", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b")) {
            assertThat(status("GET / HTTP/1.1", "Host: " + host)).as(host).isEqualTo(421);
            assertThat(status("POST /api/access/challenge HTTP/1.1", "Host: " + host, "Content-Type: application/json", "Content-Length: 2"))
                .as(host).isEqualTo(421);
        }
        assertThat(status("GET / HTTP/1.0")).as("none").isEqualTo(421);
    }

    /** What a page elsewhere makes a browser send. */
    @Test
    void callsFromOtherSitesPagesAreRefused() throws Exception {
        String[] call = {"POST /api/access/challenge HTTP/1.1", "Host: localhost", "Content-Length: 2", "Lutra-Protocol: 1"};
        assertThat(status(with(call, "Content-Type: application/json"))).isEqualTo(200);
        assertThat(status(with(call, "Content-Type: application/json; charset=utf-8", "Origin: http://localhost", "Sec-Fetch-Site: same-origin")))
            .isEqualTo(200);
        assertThat(status(with(call, "Content-Type: application/json", "Origin: http://evil.example"))).isEqualTo(403);
        assertThat(status(with(call, "Content-Type: application/json", "Origin: null"))).isEqualTo(403);
        assertThat(status(with(call, "Content-Type: application/json", "Sec-Fetch-Site: cross-site"))).isEqualTo(403);
        assertThat(status(with(call, "Content-Type: application/json", "Sec-Fetch-Site: same-site"))).isEqualTo(403);
        for (String form : List.of("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")) {
            assertThat(status(with(call, "Content-Type: " + form))).as(form).isEqualTo(415);
        }
        assertThat(status(call)).as("no type").isEqualTo(415);
    }

    private static String[] with(String[] head, String... more) {
        return Stream.concat(Stream.of(head), Stream.of(more)).toArray(String[]::new);
    }

    /** Of a request that Java's client would not send. */
    private int status(String... lines) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream().write((String.join("\r\n", lines) + "\r\nConnection: close\r\n\r\n{}").getBytes(StandardCharsets.UTF_8));
            String first = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8)).readLine();
            return Integer.parseInt(first.split(" ")[1]);
        }
    }

    /** Whoever knows the key by its fingerprint goes on to do so. */
    @Test
    void aCertificateThatIsAboutToEndIsMadeAnewForTheSameKey() {
        Encryption kept = new Encryption.SelfSigned(folder.resolve("https"));
        Instant now = Instant.now();
        ServerKey first = ServerKey.of(kept, List.of("localhost"), now).orElseThrow();
        ServerKey later = ServerKey.of(kept, List.of("localhost", "lutra.test"), now.plus(Duration.ofDays(391))).orElseThrow();
        assertThat(later.fingerprint()).isEqualTo(first.fingerprint());
        assertThat(later.names()).contains("lutra.test");
        assertThat(ServerKey.of(kept, List.of("localhost"), now).orElseThrow().names()).as("the new one is kept").contains("lutra.test");
    }

    @Test
    void aCertificateOfItsOwnIsMadeOnceAndKept() throws Exception {
        X509Certificate first = certificateOf(new Encryption.SelfSigned(folder.resolve("https")));
        assertThat(first.getSubjectAlternativeNames().toString()).contains("localhost", "127.0.0.1");
        assertThat(certificateOf(new Encryption.SelfSigned(folder.resolve("https")))).isEqualTo(first);
        assertThat(folder.resolve("https")).isDirectoryContaining("glob:**/https.p12");
        assertThat(Files.getPosixFilePermissions(folder.resolve("https/https.p12"))).isSubsetOf(OWNER_READ, OWNER_WRITE);
    }

    private X509Certificate certificateOf(Encryption encryption) throws Exception {
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(null, new TrustManager[]{new TrustsAnyone()}, new SecureRandom());
        try (WebServer https = serve(0, encryption)) {
            assertThat(https.address()).startsWith("https://");
            URI page = URI.create("https://localhost:" + https.port() + "/agent");
            HttpResponse<String> response = HttpClient.newBuilder().sslContext(trusting).build()
                .send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            return (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
        }
    }

    /** As a person who takes the browser's warning. */
    private static final class TrustsAnyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @Test
    void takesTheOwnersCertificate() throws Exception {
        Path certificate = folder.resolve("cert.pem");
        Path key = folder.resolve("key.pem");
        pemFrom(new Encryption.SelfSigned(folder.resolve("other")), certificate, key);
        assertThat(certificateOf(new Encryption.Certificate(certificate, key)).getSubjectX500Principal().getName())
            .isEqualTo("CN=Lutra on localhost");
    }

    /** Writes what a self-signed server has as the two files that others have. */
    private void pemFrom(Encryption.SelfSigned made, Path certificate, Path key) throws Exception {
        certificateOf(made);
        KeyStore store = KeyStore.getInstance("PKCS12");
        char[] password = "unprotected".toCharArray();
        store.load(Files.newInputStream(made.folder().resolve("https.p12")), password);
        Base64.Encoder lines = Base64.getMimeEncoder();
        Files.writeString(certificate, "-----BEGIN CERTIFICATE-----\n"
            + lines.encodeToString(store.getCertificate("lutra").getEncoded()) + "\n-----END CERTIFICATE-----\n");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\n"
            + lines.encodeToString(store.getKey("lutra", password).getEncoded()) + "\n-----END PRIVATE KEY-----\n");
    }

    @Test
    void namesTheFileThatIsNoCertificateOrKey() throws Exception {
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        assertThatThrownBy(() -> serve(0, new Encryption.Certificate(empty, empty)))
            .isInstanceOf(InputException.class).hasMessageStartingWith(empty.toString());
        Path certificate = folder.resolve("cert.pem");
        pemFrom(new Encryption.SelfSigned(folder.resolve("other")), certificate, folder.resolve("key.pem"));
        assertThatThrownBy(() -> serve(0, new Encryption.Certificate(certificate, empty)))
            .isInstanceOf(InputException.class)
            .hasMessage(empty + ": no key (expected: PEM, 'BEGIN PRIVATE KEY', without a password)");
        Path broken = Files.writeString(folder.resolve("broken.pem"), "-----BEGIN PRIVATE KEY-----\nAAAAA\n-----END PRIVATE KEY-----");
        assertThatThrownBy(() -> serve(0, new Encryption.Certificate(certificate, broken))).isInstanceOf(InputException.class)
            .hasMessageStartingWith(broken + ": cannot be used as the certificate's key");
        Path endless = Path.of("/dev/zero");
        String line = endless + ": a pipe or a device (expected: a regular file)";
        assertThatThrownBy(() -> serve(0, new Encryption.Certificate(endless, empty))).isInstanceOf(InputException.class).hasMessage(line);
        assertThatThrownBy(() -> serve(0, new Encryption.Certificate(certificate, endless))).isInstanceOf(InputException.class)
            .hasMessage(line);
    }

    @Test
    void saysThatThePortIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            assertThatThrownBy(() -> serve(taken.getLocalPort(), new Encryption.None()))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("cannot serve pages on 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void closingEndsCallsThatWait() throws Exception {
        String session = join("phone");
        CompletableFuture<HttpResponse<String>> waiting = client.sendAsync(post("agent/lease", bearer,
            "{\"session\": \"" + session + "\", \"maxTasks\": 1, \"waitMillis\": \"30000\"}").build(), BodyHandlers.ofString());
        WaitingCalls.await(queue, 1);
        server.close();
        assertThat(waiting.handle((reply, problem) -> true).get()).isTrue();
    }
}
