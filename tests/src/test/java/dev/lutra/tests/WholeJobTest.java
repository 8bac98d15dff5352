package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job at small scale, over real processes that are killed. */
class WholeJobTest {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int TOP = 3;

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
        assertThat(Files.readString(run.resolve("front.json"))).contains("\"arch\"");
        assertThat(run.resolve("front.csv")).isNotEmptyFile();
        assertThat(Files.readString(run.resolve("front.svg"))).contains("<svg");
        assertThat(Files.readString(run.resolve("report.html"))).contains("<svg").doesNotContain("http://localhost");
        assertThat(Files.readString(run.resolve("verification.json"))).contains("\"numericsAgree\":true");
        try (Stream<Path> files = Files.list(run.resolve("export"))) {
            long front = Files.readAllLines(run.resolve("front.csv")).size() - 1;
            assertThat(files.filter(file -> file.toString().endsWith(".onnx")).count())
                .isGreaterThanOrEqualTo(Math.min(TOP, front)).isPositive();
        }
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
    }

    /** For training, an epoch is done and others are not. */
    private void awaitMiddle(String stage) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        do {
            Thread.sleep(stage.equals("train") ? 10 : 300);
            assertThat(System.nanoTime()).isLessThan(deadline);
        } while (stage.equals("train") && !Files.exists(folder.resolve("runs/broken/supernet.safetensors")));
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
            Thread.sleep(1000);
            server.kill();
            agent.kill();
            server = LutraProcess.start(folder, serve);
            agent = LutraProcess.start(folder, join);
            LutraProcess.Result finished = run.await(PATIENCE);
            assertThat(finished.code()).as("%s", finished.errors()).isZero();
            assertComplete("fleet");
        } finally {
            server.close();
            agent.close();
        }
    }

    @Test
    void cifarImages() throws IOException {
        Path archive = LutraProcess.sharedData().resolve("cifar10-jpeg.tar");
        assumeTrue(Files.exists(archive), "no " + archive + ": the run on CIFAR-10's images is left out");
        LutraProcess.unpack(archive, folder);
        for (String split : List.of("train", "test")) {
            keepOneInTen(folder.resolve(split));
        }
        Path experiment = experiment("cifar", "{train: train, test: test}", LOCAL);
        LutraProcess.Result finished = LutraProcess.run(folder, "run", experiment.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        assertComplete("cifar");
    }

    private static void keepOneInTen(Path split) throws IOException {
        try (Stream<Path> files = Files.walk(split)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".jpg")).toList()) {
                if (!file.getFileName().toString().matches(".*7\\.jpg")) {
                    Files.delete(file);
                }
            }
        }
    }
}
