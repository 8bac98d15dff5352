package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.latency.LookupTable;
import dev.lutra.server.store.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job at small scale, over real processes that are killed. */
class WholeJobTest {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int TOP = 3;
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path folder;

    private Path experiment(String name, String data, String more) throws IOException {
        Files.writeString(folder.resolve("small.yaml"), SPACE);
        return Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: small.yaml
            data: %s
            supernet: {epochs: 4, batch: 32}
            evaluation: {recalibration-images: 64, validation-images: 40, evaluators: 8}
            objectives: [accuracy, latency, params]
            search: {population: 12, generations: 3}
            export: {top: %d}
            %s
            """.formatted(name, data, TOP, more));
    }

    /** All kinds of blocks and strides of the built-in space for such images, in less time. */
    private static final String SPACE = """
        name: small
        title: shufflenetv2-cifar, half as deep and a third as wide
        source: This test
        input: {channels: 3, size: 32}
        classes: 4
        batch-norm: {learned-in-supernet: false}
        choices:
          k3: {block: shuffle, kernel: 3}
          k5: {block: shuffle, kernel: 5}
          k7: {block: shuffle, kernel: 7}
          xception: {block: shuffle-xception}
        layers:
          - {name: stem, block: conv, kernel: 3, channels: 8}
          - {choices: [k3, k5, k7, xception], channels: 16, repeat: 2, stride: 2}
          - {choices: [k3, k5, k7, xception], channels: 32, repeat: 2, stride: 2}
          - {choices: [k3, k5, k7, xception], channels: 64, repeat: 2, stride: 2}
          - {name: last, block: conv, kernel: 1, channels: 128}
          - {block: global-pool}
          - {name: classifier, block: linear, bias: false}
        """;
    private static final String SYNTHETIC = "{train: \"synthetic:4x80\", test: \"synthetic:4x20\"}";
    /** On a busy machine the time limit ends what would be measured again and again until it is calm. */
    private static final String PROFILE = "profile: {calibrate: 3, held-out: 2, half-width: 0.5, rounds: 2, slice: 20 ms, "
        + "time-limit: 200 ms}";
    private static final String LOCAL = "targets: [{device: local}]\n" + PROFILE;

    private void assertComplete(String name) throws IOException {
        Path run = folder.resolve("runs").resolve(name);
        int front = Files.readAllLines(run.resolve("front.csv")).size() - 1;
        assertThat(JSON.readTree(run.resolve("front.json").toFile()).path("candidates")).hasSize(front).isNotEmpty();
        JsonNode winners = JSON.readTree(run.resolve("verification.json").toFile());
        assertThat(winners).hasSize(Math.min(TOP, front)).allSatisfy(winner -> {
            assertThat(winner.path("verified").asBoolean()).as("%s", winner).isTrue();
            assertThat(winner.path("devices")).isNotEmpty().allMatch(device -> device.path("numericsAgree").asBoolean());
            assertThat(run.resolve("export").resolve(winner.path("file").asText())).exists();
        });
        String report = Files.readString(run.resolve("report.html"));
        assertThat(report).contains("<svg").doesNotContainPattern("(src|href|action)\\s*=\\s*[\"']?(https?:)?//").doesNotContain("url(http")
            .contains(winners.size() + " of " + winners.size() + " files confirmed on their devices");
        assertThat(winners).allSatisfy(winner -> assertThat(report).contains(winner.path("file").asText(),
            winner.path("arch").asText().replace(",", ", ")));
        assertThat(Files.readString(run.resolve("front.svg")).split("<ellipse")).as("whatever was evaluated, the front, the winners")
            .hasSizeGreaterThan(2 * front + winners.size());
        try (Stream<Path> files = Files.walk(run)) {
            assertThat(files.filter(file -> file.toString().endsWith(".tmp"))).isEmpty();
        }
    }

    @Test
    void killedInEveryStageItEndsWithTheFrontOfAnUnbrokenRun() throws Exception {
        Path broken = experiment("broken", SYNTHETIC, LOCAL);
        for (String stage : List.of("train", "profile local", "calibrate local", "search", "export", "verify")) {
            try (LutraProcess run = LutraProcess.start(folder, "run", broken.toString())) {
                assertThat(run.awaitLine(line -> line.startsWith(stage + ": starting"), PATIENCE)).as(stage).isTrue();
                awaitMiddle(stage);
                run.kill();
            }
        }
        LutraProcess.Result finished = LutraProcess.run(folder, "run", broken.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        assertComplete("broken");

        Path table;
        try (Stream<Path> tables = Files.list(folder.resolve("runs/broken/lut"))) {
            table = tables.findFirst().orElseThrow();
        }
        Path whole = experiment("broken", SYNTHETIC, LOCAL.replace("half-width", "table: " + table + ", half-width"));
        Files.writeString(whole, Files.readString(whole).replace("evaluators: 8", "evaluators: 1"));
        LutraProcess.Result unbroken = LutraProcess.run(folder, "run", whole.toString(), "--out", "runs/whole");
        assertThat(unbroken.code()).as("%s", unbroken.errors()).isZero();
        assertThat(folder.resolve("runs/broken/front.csv")).hasSameTextualContentAs(folder.resolve("runs/whole/front.csv"));
        assertThat(folder.resolve("runs/broken/supernet.safetensors"))
            .hasSameBinaryContentAs(folder.resolve("runs/whole/supernet.safetensors"));
        whatMissesItsLimitIsReplacedAsLongAsTheFrontLasts(table);
    }

    /** By a table that promises a thousandth of what networks take, all are within the limit until they are measured. */
    private void whatMissesItsLimitIsReplacedAsLongAsTheFrontLasts(Path table) throws IOException {
        dev.lutra.proto.LookupTable.Builder promising = LookupTable.load(table).content().toBuilder().clearCalibration();
        promising.getCallOverheadBuilder().setP50Nanos(1);
        promising.getEntriesBuilderList().forEach(entry -> entry.getLatencyBuilder().setP50Nanos(1 + entry.getLatency().getP50Nanos() / 1000));
        LookupTable.of(promising.build()).save(folder.resolve("promising.json"));
        Path limited = experiment("limited", SYNTHETIC, "targets: [{device: local, table: promising.json, latency: {p50: 3 us}}]\n"
            + PROFILE.replace("calibrate: 3, held-out: 2", "calibrate: 0"));
        Files.writeString(limited, Files.readString(limited).replace("supernet: {epochs: 4, batch: 32}", "supernet: {from: runs/whole}")
            .replace("{population: 12, generations: 3}", "{population: 8, generations: 1}").replace("top: " + TOP, "top: 1")
            .replace("[accuracy, latency, params]", "[accuracy, macs, max params]")); // the last two alone make a front of several
        LutraProcess.Result finished = LutraProcess.run(folder, "run", limited.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isEqualTo(1);
        Path run = folder.resolve("runs/limited");
        JsonNode tried = JSON.readTree(run.resolve("verification.json").toFile());
        assertThat(tried).as("all of the front, though one file was asked for").hasSize(
            Files.readAllLines(run.resolve("front.csv")).size() - 1).hasSizeGreaterThan(1);
        assertThat(tried).allSatisfy(winner -> {
            assertThat(winner.path("verified").asBoolean()).isFalse();
            assertThat(winner.path("devices"))
                .allMatch(device -> !device.path("withinLimit").asBoolean() && device.path("numericsAgree").asBoolean());
        });
        assertThat(Files.readString(run.resolve("report.html"))).contains("No exported file was confirmed by its devices");
    }

    /** Training has an epoch done and others not, a device a task in hand, a search or an export its first result. */
    private void awaitMiddle(String stage) throws IOException, InterruptedException {
        Path run = folder.resolve("runs/broken");
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        boolean begun = false;
        while (!begun) {
            begun = switch (stage.split(" ")[0]) {
                case "train" -> Files.exists(run.resolve("supernet.safetensors"));
                case "search" -> Files.readString(run.resolve("metrics.jsonl")).contains("\"event\":\"candidate-evaluated\"");
                case "export" -> Files.exists(run.resolve("export/winner-1.onnx"));
                default -> !outcomes(run.resolve("lutra.db"), "leased").isEmpty();
            };
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    /** Of all tasks in a state, by their names. */
    private static Map<String, String> outcomes(Path database, String state) {
        try (Database opened = Database.open(database)) {
            return opened.transaction(handle -> handle.createQuery("SELECT id, coalesce(hex(outcome), '') AS outcome FROM tasks WHERE state = :state")
                .bind("state", state).reduceRows(new TreeMap<>(), (all, row) -> {
                    all.put(row.getColumn("id", String.class), row.getColumn("outcome", String.class));
                    return all;
                }));
        }
    }

    @Test
    void aKilledServerAndAKilledAgentLoseNothing() throws Exception {
        String[] serve = {"serve", "--http", "127.0.0.1:0", "--data", "fleet", "--listen", "127.0.0.1:0"};
        LutraProcess server = LutraProcess.start(folder, serve);
        int port = CommandLineTest.servedPort(server);
        serve[serve.length - 1] = "127.0.0.1:" + port;
        String[] join = {"agent", "--server", "127.0.0.1:" + port, "--token-file", "fleet/token", "--device", "box"};
        LutraProcess agent = LutraProcess.start(folder, join);
        Path experiment = experiment("fleet", SYNTHETIC, "targets: [{device: box}]\n" + PROFILE);
        try (LutraProcess run = LutraProcess.start(folder, "run", experiment.toString(), "--server", "127.0.0.1:" + port,
            "--token-file", "fleet/token")) {
            assertThat(run.awaitLine(line -> line.startsWith("profile box: starting"), PATIENCE)).isTrue();
            Map<String, String> done = outcomes(folder.resolve("fleet/lutra.db"), "done");
            for (long deadline = System.nanoTime() + PATIENCE.toNanos(); done.isEmpty(); done = outcomes(folder.resolve("fleet/lutra.db"), "done")) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.sleep(5);
            }
            server.kill();
            agent.kill();
            server = LutraProcess.start(folder, serve);
            agent = LutraProcess.start(folder, join);
            LutraProcess.Result finished = run.await(PATIENCE);
            assertThat(finished.code()).as("%s", finished.errors()).isZero();
            assertComplete("fleet");
            assertThat(outcomes(folder.resolve("fleet/lutra.db"), "done")).as("what was measured before is not measured again")
                .containsAllEntriesOf(done);
        } finally {
            server.close();
            agent.close();
        }
    }

    @Test
    void cifarImages() throws IOException {
        Path archive = LutraProcess.sharedData().resolve("cifar10-jpeg.tar");
        assumeTrue(Files.exists(archive), "no " + archive + ": the run on CIFAR-10's images is left out");
        LutraProcess.unpack(archive, folder, "--wildcards", "*77.jpg"); // one in a hundred
        Path experiment = experiment("cifar", "{train: train, test: test}", LOCAL);
        LutraProcess.Result finished = LutraProcess.run(folder, "run", experiment.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        assertComplete("cifar");
    }
}
