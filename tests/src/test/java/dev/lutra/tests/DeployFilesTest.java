package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is there for putting Lutra elsewhere, as far as it can be looked at without doing so. */
class DeployFilesTest {

    private static final Path DEPLOY = LutraProcess.CHECKOUT.resolve("deploy");

    @TempDir
    private Path folder;

    private static String said(int code, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", List.of(command), said).isEqualTo(code);
        return said;
    }

    /** systemd's own reader of units; the program that it starts is this checkout's launcher in the place of one in /opt. */
    @Test
    void theServersUnitIsOne() throws Exception {
        String unit = Files.readString(DEPLOY.resolve("lutra-server.service"));
        assertThat(unit).contains("ExecStart=/opt/lutra/lutra serve ");
        if (Files.isExecutable(Path.of("/usr/bin/systemd-analyze"))) {
            Path here = Files.writeString(folder.resolve("lutra-server.service"),
                unit.replace("/opt/lutra/lutra", LutraProcess.CHECKOUT.resolve("lutra").toString()));
            assertThat(said(0, "systemd-analyze", "verify", "--man=no", here.toString())).doesNotContain("Unknown");
        }
    }

    /** The version stands in files that Maven does not fill in. */
    @Test
    void everyFileIsOfThisVersion() throws Exception {
        Matcher pom = Pattern.compile("<version>([^<]+)</version>").matcher(Files.readString(LutraProcess.CHECKOUT.resolve("pom.xml")));
        assertThat(pom.find()).isTrue();
        String version = pom.group(1);
        try (Stream<Path> files = Files.list(DEPLOY)) {
            for (Path file : Stream.concat(files, Stream.of("lutra", "CITATION.cff", "docs/tutorials/edge.md").map(LutraProcess.CHECKOUT::resolve))
                .toList()) {
                Matcher named = Pattern.compile("(?:lutra(?:-server|-agent)?-|version[=:] ?)(\\d+\\.\\d+\\.\\d+)").matcher(Files.readString(file));
                while (named.find()) {
                    assertThat(named.group(1)).as("%s: %s", file, named.group()).isIn(version, "1.2.0"); // of the citation's form
                }
            }
        }
        assertThat(Files.readString(LutraProcess.CHECKOUT.resolve("CHANGELOG.md"))).contains("## " + version);
    }

    @Test
    void scriptsAreReadByAShell() throws Exception {
        for (Path script : List.of(DEPLOY.resolve("archive.sh"), LutraProcess.CHECKOUT.resolve("lutra"),
            LutraProcess.CHECKOUT.resolve("server/src/main/resources/dev/lutra/server/install/install.sh"))) {
            said(0, "sh", "-n", script.toString());
        }
    }
}
