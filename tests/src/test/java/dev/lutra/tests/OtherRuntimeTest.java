package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job for a runtime that a command runs models in. */
@Tag("slow")
class OtherRuntimeTest {

    private static final String TARGET = "targets: [{device: local, provider: %s}]\nverify: {repairs: 0}\n" + SmallJob.PROFILE;

    @TempDir
    private Path folder;

    @Test
    void aSearchForTheLatencyOfOpenCvEndsWithFilesThatOpenCvHasVerified() throws IOException, InterruptedException {
        assumeTrue(new ProcessBuilder("/usr/bin/python3", "-c", "import cv2").start().waitFor() == 0, "no python3-opencv");
        runs("opencv", "4\\.\\d+\\.\\d+-[0-9a-f]{8}");
    }

    @Test
    void anotherBuildOfOnnxRuntimeIsAnotherRuntime() throws IOException {
        String modules = System.getenv("LUTRA_TEST_NODE_MODULES");
        assumeTrue(modules != null, "LUTRA_TEST_NODE_MODULES names no folder with onnxruntime-node");
        Files.createSymbolicLink(Files.createDirectories(folder.resolve("config/lutra")).resolve("node_modules"), Path.of(modules));
        runs("onnxruntime-node", "1\\.\\d+\\.\\d+-[0-9a-f]{8}");
    }

    private void runs(String runtime, String version) throws IOException {
        Path config = Files.createDirectories(folder.resolve("config/lutra"));
        try (Stream<Path> files = Files.list(LutraProcess.CHECKOUT.resolve("agent/runtimes"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, config.resolve(file.getFileName().toString()));
            }
        }
        Path experiment = new SmallJob(folder).experiment("other", SmallJob.SYNTHETIC, TARGET.formatted(runtime));
        LutraProcess.Result finished = LutraProcess.run(folder, "run", experiment.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        new SmallJob(folder).assertComplete("other");
        try (Stream<Path> tables = Files.list(folder.resolve("runs/other/lut"))) {
            List<Path> files = tables.filter(file -> file.toString().endsWith(".json")).toList();
            assertThat(files).hasSize(1);
            JsonNode table = new JsonMapper().readTree(files.get(0).toFile());
            assertThat(table.path("runtime").path("name").asText()).isEqualTo(runtime);
            assertThat(table.path("runtime").path("version").asText()).matches(version);
            assertThat(table.path("entries")).isNotEmpty()
                .allMatch(entry -> entry.path("circumstances").path("timing").asText().equals("as its command tells"))
                // the sentinels run in this runtime, too
                .allMatch(entry -> entry.path("circumstances").path("sentinelReferenceNanos").asLong() > 0);
            assertThat(table.path("calibration").path("heldOut").asInt()).isEqualTo(2);
        }
    }
}
