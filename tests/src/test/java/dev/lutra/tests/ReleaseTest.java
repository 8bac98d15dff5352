package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The release archive as somebody has it who has nothing else: no Maven, no repository, no network. */
@Tag("slow") // builds the archive and runs the demo
class ReleaseTest {

    @TempDir
    private Path folder;

    private String run(Map<String, String> environment, List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(folder.resolve("errors").toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s %s", command, output, Files.readString(folder.resolve("errors"))).isZero();
        return output;
    }

    @Test
    void runsTheDemoFromAnEmptyFolderWithoutANetwork() throws Exception {
        assumeThat(new ProcessBuilder("unshare", "--net", "true").start().waitFor()).as("a network namespace (expected: Linux, root)").isZero();
        Path archive = Path.of(run(Map.of(), List.of(LutraProcess.CHECKOUT.resolve("deploy/archive.sh").toString())).strip());
        Path place = Files.createDirectory(folder.resolve("un packed"));
        LutraProcess.unpack(archive, place);
        Path root = place.resolve("lutra-0.1.0");
        Path home = Files.createDirectory(folder.resolve("home")); // without a space: it stands in Java's options
        Path java = Path.of(System.getProperty("java.home"), "bin");

        // nothing of the machine but its system and Java: no Maven on the path, an empty home, a network that has nobody in it
        List<String> alone = new ArrayList<>(
            List.of("unshare", "--net", "sh", "-c",
                "ip link set lo up && exec env -i HOME=\"$1\" JAVA_TOOL_OPTIONS=\"-Duser.home=$1\" XDG_STATE_HOME=\"$1/state\""
                    + " XDG_CACHE_HOME=\"$1/cache\" PATH=\"$2\" \"$3\" \"$4\""
                    + " demo --json --out \"$5\"",
                "sh", home.toString(), java + ":/usr/bin:/bin"));
        alone.addAll(List.of("sh", root.resolve("lutra").toString(), folder.resolve("demo").toString()));
        JsonNode demo = new JsonMapper().readTree(run(Map.of(), alone));
        assertThat(demo.path("winners")).hasSizeGreaterThanOrEqualTo(3).allMatch(winner -> winner.path("verified").asBoolean());
        assertThat(folder.resolve("demo/report.html")).exists();
        assertThat(home.resolve(".m2")).doesNotExist();
        assertThat(home.resolve(".djl.ai")).as("PyTorch's libraries, out of the archive").isDirectory();
        assertThat(run(Map.of("HOME", home.toString()), List.of(root.resolve("lutra").toString(), "agent", "--version"))).contains("0.1.0");

        holdsWhatItSays(root);
    }

    /** Every library is a component and has the text of its licence. */
    private static void holdsWhatItSays(Path root) throws IOException {
        List<String> listed = Files.readAllLines(root.resolve("licences/LIBRARIES.txt"));
        try (Stream<Path> jars = Files.list(root.resolve("lib"))) {
            List<String> libraries = jars.map(jar -> jar.getFileName().toString().replaceFirst("\\.jar$", ""))
                .filter(jar -> !jar.startsWith("lutra-"))
                .sorted().toList();
            assertThat(libraries).hasSizeGreaterThan(60);
            assertThat(listed).extracting(line -> line.replaceFirst(": .*", "")).isEqualTo(libraries);
        }
        for (String module : List.of("server", "agent")) {
            JsonNode sbom = new JsonMapper().readTree(root.resolve("sbom/" + module + ".cdx.json").toFile());
            assertThat(sbom.path("bomFormat").asText()).isEqualTo("CycloneDX");
            assertThat(sbom.path("components")).hasSizeGreaterThan(25);
        }
        assertThat(root.resolve("licences/Apache-2.0.txt")).content().contains("Apache License");
        assertThat(root.resolve("licences/LGPL-2.1-only.txt")).exists();
        for (String file : List.of("README.md", "CHANGELOG.md", "docs/README.md", "recipes/fairnas.yaml", "lut/note10-ofa.json",
            "deploy/lutra-server.service")) {
            assertThat(root.resolve(file)).exists();
        }
    }
}
