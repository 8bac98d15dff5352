package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.latency.LookupTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job over real processes, killed in the middle of every stage. */
class EveryStageKilledTest {

    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path folder;
    private SmallJob job;

    @BeforeEach
    void open() {
        job = new SmallJob(folder);
    }

    @Test
    void killedInEveryStageItEndsWithTheFrontOfAnUnbrokenRun() throws Exception {
        Path broken = job.experiment("broken", SmallJob.SYNTHETIC, SmallJob.LOCAL);
        for (String stage : List.of("train", "profile local", "calibrate local", "search", "export", "verify")) {
            try (LutraProcess run = LutraProcess.start(folder, "run", broken.toString())) {
                assertThat(run.awaitLine(line -> line.startsWith(stage + ": starting"), SmallJob.PATIENCE)).as(stage).isTrue();
                awaitMiddle(stage);
                run.kill();
            }
        }
        LutraProcess.Result finished = LutraProcess.run(folder, "run", broken.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        job.assertComplete("broken");

        Path table;
        try (Stream<Path> tables = Files.list(folder.resolve("runs/broken/lut"))) {
            table = tables.findFirst().orElseThrow();
        }
        Path whole = job.experiment("broken", SmallJob.SYNTHETIC, SmallJob.LOCAL.replace("half-width", "table: " + table + ", half-width"));
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
        Path limited = job.experiment("limited", SmallJob.SYNTHETIC, "targets: [{device: local, table: promising.json, latency: {p50: 3 us}}]\n"
            + SmallJob.PROFILE.replace("calibrate: 3, held-out: 2", "calibrate: 0"));
        Files.writeString(limited, Files.readString(limited).replace("supernet: {epochs: 4, batch: 32}", "supernet: {from: runs/whole}")
            .replace("{population: 12, generations: 3}", "{population: 8, generations: 1}").replace("top: " + SmallJob.TOP, "top: 1")
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
        Path run = job.run("broken");
        TaskTable tasks = new TaskTable(run.resolve("lutra.db"));
        long deadline = System.nanoTime() + SmallJob.PATIENCE.toNanos();
        boolean begun = false;
        while (!begun) {
            begun = switch (stage.split(" ")[0]) {
                case "train" -> Files.exists(run.resolve("supernet.safetensors"));
                case "search" -> Files.readString(run.resolve("metrics.jsonl")).contains("\"event\":\"candidate-evaluated\"");
                case "export" -> Files.exists(run.resolve("export/winner-1.onnx"));
                default -> !tasks.rows("SELECT id FROM tasks WHERE state = 'leased'").isEmpty();
            };
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }
}
