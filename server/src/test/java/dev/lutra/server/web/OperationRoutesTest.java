package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Failed;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.server.access.Credentials;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server tells of itself, as other programs read it. */
class OperationRoutesTest {

    /** Prometheus' own parser of its text format; prints every sample. */
    private static final String PARSER = """
        import sys
        from prometheus_client.parser import text_string_to_metric_families
        for family in text_string_to_metric_families(sys.stdin.read()):
            assert family.documentation, family.name
            for sample in family.samples:
                print(family.type, sample.name, ",".join("%s=%s" % label for label in sorted(sample.labels.items())), float(sample.value), sep="|")
        """;

    @TempDir
    private Path folder;
    private AllRoutes all;

    @BeforeEach
    void start() {
        all = new AllRoutes(folder);
    }

    @AfterEach
    void stop() {
        all.close();
    }

    private HttpResponse<String> get(String path, String token) throws Exception {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(all.server.address() + path))
            .header("Authorization", "Bearer " + token).build(), BodyHandlers.ofString());
    }

    @Test
    void metricsAreReadByPrometheus() throws Exception {
        all.queue.submit(Credentials.DEVICE, List.of(task("flowers/profile/mine/a"), task("flowers/profile/mine/b"), task("flowers/profile/mine/c")));
        List<LeasedTask> leased = all.queue.lease(all.credentials.session(), 2);
        report(leased.get(0), Outcome.newBuilder().setMeasured(Measured.newBuilder().setLatency(Distribution.newBuilder().setP50Nanos(5))).build());
        report(leased.get(0), Outcome.newBuilder().setMeasured(Measured.newBuilder().setLatency(Distribution.newBuilder().setP50Nanos(5))).build());
        report(leased.get(1), Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("because")).build());

        HttpResponse<String> answer = get("/metrics", all.viewer());
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThat(read(answer.body())).contains(
            "gauge|lutra_build_info|version=1.2.3|1.0",
            "gauge|lutra_device_online|device=mine|1.0",
            "gauge|lutra_device_tasks|device=mine,state=queued|1.0",
            "gauge|lutra_device_tasks|device=mine,state=leased|0.0",
            "counter|lutra_tasks_finished_total|device=mine,outcome=measured|1.0",
            "counter|lutra_tasks_finished_total|device=mine,outcome=failed|1.0",
            "gauge|lutra_runs|state=running|0.0")
            .anyMatch(line -> line.startsWith("counter|process_cpu_seconds_total||"))
            .anyMatch(line -> line.startsWith("gauge|jvm_memory_used_bytes|area=heap|"));
    }

    private static Task task(String id) {
        return Task.newBuilder().setId(id).setThreads(1).setModelSha256("0".repeat(64)).build();
    }

    private void report(LeasedTask leased, Outcome outcome) {
        assertThat(all.queue.report(all.credentials.session(), LeaseName.newBuilder().setTaskId(leased.getTask().getId()).setEpoch(leased.getEpoch())
            .build(), outcome)).isTrue();
    }

    private static List<String> read(String text) throws Exception {
        Path python = Path.of("/usr/bin/python3");
        assumeTrue(Files.isExecutable(python) && new ProcessBuilder(python.toString(), "-c", "import prometheus_client").start().waitFor() == 0,
            "no reader of Prometheus' text format: install the Debian package python3-prometheus-client");
        Process process = new ProcessBuilder(python.toString(), "-c", PARSER).redirectErrorStream(true).start();
        process.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed + text).isZero();
        return printed.lines().toList();
    }

    @Test
    void healthIsForAnybodyAndSaysWhyNot() throws Exception {
        HttpResponse<String> well = get("/healthz", "none-at-all");
        assertThat(well.statusCode()).as(well.body()).isEqualTo(200);
        assertThat(new JsonMapper().readTree(well.body())).isEqualTo(new JsonMapper().readTree("{\"ready\": true, \"problems\": []}"));

        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lutra.db"));
            Statement statement = other.createStatement()) {
            statement.execute("BEGIN IMMEDIATE"); // another program has the database
            HttpResponse<String> ill = get("/healthz", "none-at-all");
            assertThat(ill.statusCode()).as(ill.body()).isEqualTo(503);
            JsonNode told = new JsonMapper().readTree(ill.body());
            assertThat(told.path("ready").asBoolean()).isFalse();
            assertThat(told.path("problems").get(0).asText()).contains("lutra.db");
            statement.execute("ROLLBACK");
        }
        assertThat(get("/healthz", "none-at-all").statusCode()).isEqualTo(200);
    }
}
