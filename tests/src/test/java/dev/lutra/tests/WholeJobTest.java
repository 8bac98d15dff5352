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

    @TempDir
    private Path folder;

    private Path experiment(String name, String data, String more) throws IOException {
        return Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: shufflenetv2-cifar
            data: %s
            supernet: {epochs: 2, batch: 32}
            evaluation: {recalibration-images: 64, validation-images: 40}
            objectives: [accuracy, latency, params]
            search: {population: 6, generations: 3}
            export: {top: 3}
            %s
            """.formatted(name, data, more));
    }

    private static final String SYNTHETIC = "{train: \"synthetic:4x80\", test: \"synthetic:4x20\"}";
    private static final String PROFILE = "profile: {calibrate: 3, held-out: 2, half-width: 0.1, rounds: 1, slice: 60 ms}";
    private static final String LOCAL = "targets: [{device: local}]\n" + PROFILE;

    private void assertComplete(String name) throws IOException {
        Path run = folder.resolve("runs").resolve(name);
        assertThat(Files.readString(run.resolve("front.json"))).contains("\"arch\"");
        assertThat(run.resolve("front.csv")).isNotEmptyFile();
        assertThat(Files.readString(run.resolve("front.svg"))).contains("<svg");
        assertThat(Files.readString(run.resolve("report.html"))).contains("<svg").doesNotContain("http://localhost");
        assertThat(Files.readString(run.resolve("verification.json"))).contains("\"numericsAgree\":true");
        try (Stream<Path> files = Files.list(run.resolve("export"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".onnx")).count()).isGreaterThanOrEqualTo(3);
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
                Thread.sleep(stage.equals("train") ? 1500 : 300);  // into the middle of it
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
        LutraProcess.Result unbroken = LutraProcess.run(folder, "run", whole.toString(), "--out", "runs/whole");
        assertThat(unbroken.code()).as("%s", unbroken.errors()).isZero();
        assertThat(folder.resolve("runs/broken/front.csv")).hasSameTextualContentAs(folder.resolve("runs/whole/front.csv"));
        assertThat(folder.resolve("runs/broken/supernet.safetensors"))
            .hasSameBinaryContentAs(folder.resolve("runs/whole/supernet.safetensors"));
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
