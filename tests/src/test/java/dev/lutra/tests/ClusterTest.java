package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on a standalone cluster, whose machines are processes: what comes of them is what one machine finds. */
class ClusterTest {

    private static final int CANDIDATES = 40;
    /** As a task has one processor: the number of threads decides the order of sums. */
    private static final List<String> ON_ONE_THREAD = List.of("env",
        "LUTRA_JAVA_OPTS=-XX:TieredStopAtLevel=1 -Dai.djl.pytorch.num_threads=1");
    private static final String STORED = "SELECT key FROM results WHERE kind LIKE 'candidate %'";

    @TempDir
    private Path folder;

    private Path job(String more) throws IOException {
        return new SmallJob(folder).onSpace("job", """
            data: {train: "synthetic:4x60"}
            evaluation: {recalibration-images: 64, validation-images: 24, evaluators: 2}
            objectives: [accuracy, macs]
            search: {algorithm: nsga2, population: 10, generations: 4}
            retrain: {epochs: 2, batch: 32}
            """ + more);
    }

    private SparkOnLoopback cluster() {
        return SparkOnLoopback.start(folder.resolve("cluster"), 2);
    }

    private LutraProcess start(String... arguments) {
        return LutraProcess.startBehind(ON_ONE_THREAD, folder, arguments);
    }

    private LutraProcess.Result lutra(String... arguments) {
        return ended(start(arguments));
    }

    private static LutraProcess.Result ended(LutraProcess process) {
        LutraProcess.Result result = process.await(SmallJob.PATIENCE);
        assertThat(result.code()).as("%s", result.errors()).isZero();
        return result;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (String file : new String[]{"lutra.db", "supernet.safetensors"}) {
            Files.copy(from.resolve(file), to.resolve(file));
        }
    }

    /** Notes what is stored of a candidate that was stored before. */
    private static void watch(Path database) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE twice (key TEXT)");
            statement.execute("CREATE TRIGGER noted AFTER UPDATE ON results WHEN old.kind LIKE 'candidate %' BEGIN "
                + "INSERT INTO twice VALUES (old.key); END");
        }
    }

    private static void await(Callable<Boolean> there) throws Exception {
        long deadline = System.nanoTime() + SmallJob.PATIENCE.toNanos();
        while (!there.call()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    @Test
    void aSearchIsWhatItIsOnOneMachineThoughItIsStoppedAndAMachineFails() throws Exception {
        String job = job("supernet: {epochs: 2, batch: 32, probes: 0}\n").toString();
        Path one = folder.resolve("one");
        Path many = folder.resolve("many");
        TaskTable stored = new TaskTable(many.resolve("lutra.db"));
        try (SparkOnLoopback cluster = cluster()) {
            lutra("train", job, "--out", one.toString());
            copy(one, many);
            watch(many.resolve("lutra.db"));
            lutra("search", job, "--out", one.toString());
            int before = stored.rows(STORED).size();
            String[] search = {"search", job, "--out", many.toString(), "--spark", cluster.master()};
            try (LutraProcess run = start(search)) {
                await(() -> stored.rows(STORED).size() >= before + 4);
                run.signal("TERM");
                run.await(SmallJob.PATIENCE);
            }
            int after = stored.rows(STORED).size();
            assertThat(after).as("the search was stopped on its way").isLessThan(CANDIDATES - 8);
            try (LutraProcess run = start(search)) {
                await(() -> stored.rows(STORED).size() >= after + 4);
                cluster.fail(1);
                assertThat(stored.rows(STORED)).as("the machine fails on the way").hasSizeLessThan(CANDIDATES);
                assertThat(ended(run).errors()).as("nothing of it concerns who searches")
                    .noneMatch(line -> line.contains("\tat ") || line.contains("Exception"));
            }
            await(() -> cluster.executors(2).isEmpty());
        }
        assertThat(many.resolve("front.json")).hasSameBinaryContentAs(one.resolve("front.json"));
        assertThat(stored.rows(STORED)).hasSizeGreaterThanOrEqualTo(CANDIDATES)
            .containsExactlyInAnyOrderElementsOf(new TaskTable(one.resolve("lutra.db")).rows(STORED));
        assertThat(stored.rows("SELECT key FROM twice")).isEmpty();
    }

    @Test
    void aSupernetIsTrainedByLearnersElsewhereAsByLearnersHereThoughAMachineFails() throws Exception {
        String job = job("supernet: {epochs: 4, batch: 32, probes: 0, data-parallel: {workers: 2, period: 2}}\n").toString();
        Path one = folder.resolve("one");
        Path many = folder.resolve("many");
        try (SparkOnLoopback cluster = cluster()) {
            lutra("train", job, "--out", one.toString());
            try (LutraProcess run = start("train", job, "--out", many.toString(), "--spark", cluster.master())) {
                await(() -> Files.exists(many.resolve("metrics.jsonl")) && Files.readString(many.resolve("metrics.jsonl")).contains("training-step"));
                cluster.fail(1);
                ended(run);
            }
        }
        assertThat(many.resolve("supernet.safetensors")).hasSameBinaryContentAs(one.resolve("supernet.safetensors"));
    }

    @Test
    @Tag("slow")
    void networksAreTrainedByThemselvesAsOnOneMachineThoughAMachineFails() throws Exception {
        String job = job("supernet: {epochs: 1, batch: 32, probes: 0}\n").toString();
        List<String> retrain = new ArrayList<>(List.of("retrain", job, "--no-verify"));
        for (String kernel : List.of("k3", "k5", "k7", "xception")) {
            for (String last : List.of("k3", "k7")) {
                retrain.addAll(List.of("--arch", String.join(",", kernel, kernel, kernel, "k5", kernel, last)));
            }
        }
        Path one = folder.resolve("one");
        Path many = folder.resolve("many");
        String[] here = Stream.concat(retrain.stream(), Stream.of("--out", one.toString())).toArray(String[]::new);
        lutra(here);
        try (SparkOnLoopback cluster = cluster()) {
            String[] there = Stream.concat(retrain.stream(), Stream.of("--out", many.toString(), "--spark", cluster.master())).toArray(String[]::new);
            try (LutraProcess run = start(there)) {
                await(() -> Files.exists(many.resolve("metrics.jsonl")) && Files.readString(many.resolve("metrics.jsonl")).contains("epoch-saved"));
                cluster.fail(1);
                assertThat(ended(run).errors()).anyMatch(line -> line.contains("8 of 8 networks done"));
            }
        }
        for (Path network : networks(one)) {
            assertThat(many.resolve("retrain").resolve(network.getFileName()).resolve("weights.safetensors"))
                .hasSameBinaryContentAs(network.resolve("weights.safetensors"));
        }
        assertThat(networks(one)).hasSize(8);
        assertThat(told(many)).as("epochs that are told of").isEqualTo(told(one));
    }

    private static List<Path> networks(Path run) throws IOException {
        try (Stream<Path> folders = Files.list(run.resolve("retrain"))) {
            return folders.sorted().toList();
        }
    }

    private static List<String> told(Path run) {
        return new TaskTable(run.resolve("lutra.db")).rows("SELECT key FROM results WHERE key LIKE 'retrain/%/epoch/%' ORDER BY key");
    }

    @Test
    void aClusterThatIsNotThereIsToldInOneLine() throws IOException {
        LutraProcess.Result result = LutraProcess.run(folder, "run", job("supernet: {epochs: 1, batch: 32, probes: 0}\n").toString(), "--spark",
            "spark://127.0.0.1:9");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.errors()).as("before any training").singleElement()
            .isEqualTo("lutra: compute.spark: spark://127.0.0.1:9: cannot be reached: Connection refused (expected: a master of Spark that runs)");
    }
}
