package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on a standalone cluster, whose machines are processes: what comes of them is what one machine finds. */
class ClusterTest {

    private static final int POPULATION = 10;
    private static final int CANDIDATES = 4 * POPULATION;
    /**
     * As a task has one processor: the number of threads decides the order of sums. A cluster begins a second time what has run for a moment, where a machine
     * has nothing else to do.
     */
    private static final String OPTIONS = "LUTRA_JAVA_OPTS=-XX:TieredStopAtLevel=1 -Dai.djl.pytorch.num_threads=1 -Dspark.speculation=true "
        + "-Dspark.speculation.interval=20ms -Dspark.speculation.quantile=0.01 -Dspark.speculation.multiplier=0.1 -Dspark.speculation.minTaskRuntime=1ms ";
    /** Of a file system of Hadoop's whose addresses are no paths: it is mounted on a folder. */
    private static final String ELSEWHERE = "viewfs://images/all";
    private static final String STORED = "SELECT key FROM results WHERE kind LIKE 'candidate %'";

    @TempDir
    private Path folder;

    private Path job(String more) throws IOException {
        return new SmallJob(folder).onSpace("job", """
            data: {train: "synthetic:4x60"}
            evaluation: {recalibration-images: 64, validation-images: 24, evaluators: 2}
            objectives: [accuracy, macs]
            search: {algorithm: nsga2, population: %d, generations: 4}
            retrain: {epochs: 2, batch: 32}
            """.formatted(POPULATION) + more);
    }

    private SparkOnLoopback cluster() {
        return SparkOnLoopback.start(folder.resolve("cluster"), 2);
    }

    private LutraProcess start(String... arguments) {
        return startWith("", arguments);
    }

    private LutraProcess startWith(String options, String... arguments) {
        return LutraProcess.startBehind(List.of("env", OPTIONS + options), folder, arguments);
    }

    /** Where images lie elsewhere; each shard is made once. */
    private LutraProcess startElsewhere(String... arguments) {
        return startWith("-Dspark.speculation=false -Dspark.hadoop.fs.viewfs.mounttable.images.link./all=" + folder.resolve("elsewhere").toUri(),
            arguments);
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

    /** Notes what is stored of something that was stored before, if that is of a kind. */
    private static void watch(Path database, String kind) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE twice (key TEXT)");
            statement.execute("CREATE TRIGGER noted AFTER UPDATE ON results WHEN " + kind + " BEGIN INSERT INTO twice VALUES (old.key); END");
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
    void aSearchIsWhatItIsOnOneMachineThoughItIsStoppedAndMachinesHangAndFail() throws Exception {
        String job = job("supernet: {epochs: 2, batch: 32, probes: 0}\n").toString();
        Path one = folder.resolve("one");
        Path many = folder.resolve("many");
        TaskTable stored = new TaskTable(many.resolve("lutra.db"));
        try (SparkOnLoopback cluster = cluster()) {
            lutra("train", job, "--out", one.toString());
            copy(one, many);
            watch(many.resolve("lutra.db"), "old.kind LIKE 'candidate %'");
            lutra("search", job, "--out", one.toString());
            int before = stored.rows(STORED).size();
            String[] search = {"search", job, "--out", many.toString(), "--spark", cluster.master()};
            try (LutraProcess run = start(search)) {
                await(() -> stored.rows(STORED).size() >= before + 2);
                cluster.signal(2, "STOP");
                await(() -> stored.rows(STORED).size() >= before + POPULATION); // what the machine that hangs was to do as well
                cluster.signal(2, "CONT");
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
            cluster.refuse(2);
            assertThatItIsToldThatTheClusterEndsARun(job, cluster.master());
        }
        assertThat(many.resolve("supernet.safetensors")).hasSameBinaryContentAs(one.resolve("supernet.safetensors"));
    }

    private void assertThatItIsToldThatTheClusterEndsARun(String job, String master) {
        try (LutraProcess run = start("train", job, "--out", folder.resolve("no").toString(), "--spark", master)) {
            LutraProcess.Result result = run.await(SmallJob.PATIENCE);
            assertThat(result.code()).isNotZero();
            assertThat(result.errors()).last()
                .isEqualTo("lutra: " + master + ": has ended this run (the logs of its master and its workers say why)");
        }
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

    @Test
    @Tag("slow")
    void aTrainingThatIsBegunTwiceIsDoneOnce() throws Exception {
        String job = job("supernet: {epochs: 1, batch: 32, probes: 0}\n").toString();
        List<String> retrain = List.of("retrain", job, "--no-verify", "--arch", "k3,k3,k3,k3,k3,k3", "--arch", "k5,k5,k5,k5,k5,k5", "--arch",
            "k7,k7,k7,k7,k7,k7");
        Path one = folder.resolve("one");
        Path many = folder.resolve("many");
        Path log = Files.createDirectory(folder.resolve("log"));
        lutra("train", job, "--out", one.toString());
        copy(one, many);
        watch(many.resolve("lutra.db"), "old.key LIKE 'retrain/%/epoch/%'");
        lutra(Stream.concat(retrain.stream(), Stream.of("--out", one.toString())).toArray(String[]::new));
        try (SparkOnLoopback cluster = cluster();
            LutraProcess run = startWith("-Dspark.eventLog.enabled=true -Dspark.eventLog.compress=false -Dspark.eventLog.rolling.enabled=false "
                + "-Dspark.eventLog.dir=" + log.toUri(),
                Stream.concat(retrain.stream(), Stream.of("--out", many.toString(), "--spark", cluster.master())).toArray(String[]::new))) {
            ended(run);
        }
        try (Stream<Path> logs = Files.list(log)) {
            assertThat(logs.findFirst().orElseThrow()).content().as("the last one is begun twice").contains("\"Speculative\":true");
        }
        for (Path network : networks(one)) {
            assertThat(many.resolve("retrain").resolve(network.getFileName()).resolve("weights.safetensors"))
                .hasSameBinaryContentAs(network.resolve("weights.safetensors"));
        }
        assertThat(told(many)).isEqualTo(told(one));
        assertThat(new TaskTable(many.resolve("lutra.db")).rows("SELECT key FROM twice")).isEmpty();
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
    @Tag("slow")
    void imagesThatTasksDecodeServeEveryMachineThoughTheRunIsKilled() throws Exception {
        TestImages.draw(folder.resolve("photos"), 60, "ash", "birch", "cedar", "dogwood");
        Files.writeString(folder.resolve("photos/ash/3.png"), "broken");
        String job = photos("photos").toString();
        Path there = Files.createDirectories(folder.resolve("elsewhere")).resolve("train");
        Path one = folder.resolve("one");
        Path many = Files.createDirectories(folder.resolve("many"));
        try (SparkOnLoopback cluster = cluster()) {
            lutra("train", job, "--out", one.toString());
            lutra("search", job, "--out", one.toString());
            String[] prepare = {"prepare", job, "--to", ELSEWHERE, "--images-per-shard", "2", "--out", folder.resolve("run").toString(), "--spark",
                cluster.master()};
            Map<String, FileTime> made;
            try (LutraProcess run = startElsewhere(prepare)) {
                await(() -> shards(there).size() >= 4);
                run.kill();
                made = shards(there);
            }
            assertThat(made).as("it was killed on its way").hasSizeLessThan(120);
            await(() -> cluster.executors(1).isEmpty() && cluster.executors(2).isEmpty());
            made = shards(there);
            assertThat(ended(startElsewhere(prepare)).errors()).anyMatch(line -> line.contains("1 of 240 images"))
                .anyMatch(line -> line.contains("data.train: 240 images in 120 shards"));
            assertThat(shards(there)).hasSize(120).containsAllEntriesOf(made);

            lutra("prepare", job, "--to", folder.resolve("here").toString(), "--images-per-shard", "2", "--out", folder.resolve("run").toString());
            for (String file : shards(there).keySet()) {
                assertThat(folder.resolve("here/train").resolve(file)).as("by one machine").hasSameBinaryContentAs(there.resolve(file));
            }
            Files.copy(one.resolve("supernet.safetensors"), many.resolve("supernet.safetensors"));
            ended(startElsewhere("search", photos("\"" + ELSEWHERE + "/train\"").toString(), "--out", many.toString(), "--spark", cluster.master()));
        }
        assertThat(many.resolve("front.json")).hasSameBinaryContentAs(one.resolve("front.json"));
        assertThat(new TaskTable(folder.resolve("run/lutra.db")).rows("SELECT key FROM results WHERE key LIKE 'decode/%' OR key LIKE 'prepare/%'"))
            .contains("decode/skipped/" + folder.resolve("photos"), "prepare/began/1", "prepare/cut-off/1", "prepare/ended/2");
    }

    private Path photos(String train) throws IOException {
        return new SmallJob(folder).onSpace("job", """
            data: {train: %s, corrupt: 0.01, cache: pixels}
            supernet: {epochs: 1, batch: 32, probes: 0}
            evaluation: {recalibration-images: 64, validation-images: 24, evaluators: 2}
            objectives: [accuracy, macs]
            search: {algorithm: nsga2, population: 6, generations: 2}
            """.formatted(train));
    }

    /** Those that are whole, and when each was made. */
    private static Map<String, FileTime> shards(Path folder) throws IOException {
        Map<String, FileTime> shards = new TreeMap<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(file -> file.getFileName().toString().matches("shard-.*\\.pixels")).toList()) {
                    shards.put(file.getFileName().toString(), Files.getLastModifiedTime(file));
                }
            }
        }
        return shards;
    }

    @Test
    void whatGoesWrongOnAClusterIsToldInOneLine() throws Exception {
        TestImages.draw(folder.resolve("photos"), 40, "ash", "birch");
        Path disk = Files.createDirectories(folder.resolve("disk"));
        boolean hasDisk = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString()).start().waitFor() == 0;
        String job = photos("photos").toString();
        try (SparkOnLoopback cluster = cluster()) {
            String[] prepare = {"prepare", job, "--images-per-shard", "4", "--spark", cluster.master(), "--to"};
            if (hasDisk) {
                try (LutraProcess run = startElsewhere(with(prepare, disk.toString()))) {
                    assertThat(run.awaitLine(line -> line.contains("waiting, the disk is full"), SmallJob.PATIENCE)).as("%s", run.errors()).isTrue();
                    assertThat(shards(disk.resolve("train"))).hasSizeBetween(1, 19);
                    new ProcessBuilder("mount", "-o", "remount,size=4m", disk.toString()).start().waitFor();
                    assertThat(ended(run).errors()).as("it goes on").noneMatch(line -> line.contains("\tat ") || line.contains("Exception"));
                    assertThat(shards(disk.resolve("train"))).hasSize(20);
                }
            }
            try (LutraProcess run = startElsewhere(with(prepare, ELSEWHERE))) {
                await(() -> !shards(folder.resolve("elsewhere/train")).isEmpty());
                run.signal("INT");
                assertThat(run.await(SmallJob.PATIENCE).code()).isEqualTo(130);
                assertThat(run.errors()).noneMatch(line -> line.contains("\tat ") || line.contains("Exception"));
            }
            await(() -> cluster.executors(1).isEmpty() && cluster.executors(2).isEmpty());
            Path broken = Files.writeString(folder.resolve("photos/birch/3.png"), "broken");
            Files.writeString(folder.resolve("photos/birch/4.png"), "broken too");
            assertThat(failed(2, prepare, ELSEWHERE).message()).isEqualTo("lutra: " + folder.resolve("photos") + ": 2 of 80 images cannot be read "
                + "(expected: at most 0, by data.corrupt): " + broken + ": not an image (expected: a JPEG, PNG, WebP, TIFF, BMP or GIF file); "
                + folder.resolve("photos/birch/4.png") + ": not an image (expected: a JPEG, PNG, WebP, TIFF, BMP or GIF file)");
        } finally {
            if (hasDisk) {
                new ProcessBuilder("umount", disk.toString()).start().waitFor();
            }
        }
    }

    private LutraProcess.Result failed(int code, String[] arguments, String last) {
        try (LutraProcess process = startElsewhere(with(arguments, last))) {
            LutraProcess.Result result = process.await(SmallJob.PATIENCE);
            assertThat(result.code()).as("%s", result.errors()).isEqualTo(code);
            assertThat(result.errors()).noneMatch(line -> line.contains("\tat ") || line.contains("Exception"));
            return result;
        }
    }

    private static String[] with(String[] arguments, String last) {
        return Stream.concat(Stream.of(arguments), Stream.of(last)).toArray(String[]::new);
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
