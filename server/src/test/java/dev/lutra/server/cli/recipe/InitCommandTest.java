package dev.lutra.server.cli.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class InitCommandTest {

    private static final Path TABLE = Path.of("lut", "pixel1-singlepath.json");

    @TempDir
    private Path folder;

    private void init(String recipe, String file) {
        assertThat(new CommandLine(new InitCommand()).execute("--recipe", recipe, "--out", folder.resolve(file).toString())).isZero();
    }

    /** A table that is there may have grown since. */
    @Test
    void tablesLieWhereTheRecipeLooksForThem() throws Exception {
        init("single-path-nas", "first.yaml");
        assertThat(folder.resolve(TABLE)).hasSameBinaryContentAs(Path.of("..").resolve(TABLE));
        Files.writeString(folder.resolve(TABLE), "{}");
        init("single-path-nas", "second.yaml");
        assertThat(folder.resolve(TABLE)).hasContent("{}");
    }

    @Test
    void mostRecipesNameNoTable() {
        init("spos-block-cifar", "small.yaml");
        assertThat(folder.resolve("small.yaml")).isNotEmptyFile();
        assertThat(folder.resolve("lut")).doesNotExist();
    }
}
