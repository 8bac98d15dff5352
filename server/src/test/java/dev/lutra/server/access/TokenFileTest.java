package dev.lutra.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class TokenFileTest {

    @TempDir
    Path folder;

    @Test
    void makesAnUnguessableTokenOnce() {
        Path file = folder.resolve("new/token");
        String token = TokenFile.loadOrCreate(file);
        assertThat(Base64.getUrlDecoder().decode(token)).hasSize(32);
        assertThat(TokenFile.loadOrCreate(file)).isEqualTo(token);
        assertThat(TokenFile.loadOrCreate(folder.resolve("other"))).isNotEqualTo(token);
        assertThat(file.getParent().toFile().list()).containsExactly("token");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onlyTheOwnerCanReadIt() throws Exception {
        Path file = folder.resolve("token");
        TokenFile.loadOrCreate(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        TokenFile.loadOrCreate(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).as("brought by its owner").isEqualTo("rw-------");
    }

    @Test
    void takesATokenOfOnesOwn() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "  correct-horse-battery\n");
        assertThat(TokenFile.loadOrCreate(file)).isEqualTo("correct-horse-battery");
    }

    @Test
    void refusesAFileWithoutAToken() throws Exception {
        for (String content : new String[]{"", "short", "two words that are long enough", "line\nline-line-line-line"}) {
            Path file = Files.writeString(folder.resolve("token"), content);
            assertThatThrownBy(() -> TokenFile.loadOrCreate(file)).isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": holds no token");
        }
    }

    @Test
    void onlyRegularFilesAreRead() throws Exception {
        assertThatThrownBy(() -> TokenFile.loadOrCreate(folder)).isInstanceOf(InputException.class)
            .hasMessage(folder + ": a folder (expected: a file)");
        Path missing = folder.resolve("missing");
        assertThatThrownBy(() -> TokenFile.read(missing)).isInstanceOf(InputException.class).hasMessage(missing + ": no such file");
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        for (Path endless : List.of(pipe, Path.of("/dev/zero"))) {
            assertThatThrownBy(() -> TokenFile.loadOrCreate(endless)).isInstanceOf(InputException.class)
                .hasMessage(endless + ": a pipe or a device (expected: a regular file)");
        }
    }
}
