package dev.lutra.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class TokensTest {

    @TempDir
    Path folder;

    @Test
    void makesAnUnguessableTokenOnce() {
        Path file = folder.resolve("new/token");
        String token = Tokens.loadOrCreate(file);
        assertThat(Base64.getUrlDecoder().decode(token)).hasSize(32);
        assertThat(Tokens.loadOrCreate(file)).isEqualTo(token);
        assertThat(Tokens.loadOrCreate(folder.resolve("other"))).isNotEqualTo(token);
        assertThat(file.getParent().toFile().list()).containsExactly("token");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onlyTheOwnerCanReadIt() throws Exception {
        Path file = folder.resolve("token");
        Tokens.loadOrCreate(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        Tokens.loadOrCreate(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).as("brought by its owner").isEqualTo("rw-------");
    }

    @Test
    void takesATokenOfOnesOwn() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "  correct-horse-battery\n");
        assertThat(Tokens.loadOrCreate(file)).isEqualTo("correct-horse-battery");
    }

    @Test
    void refusesAFileWithoutAToken() throws Exception {
        for (String content : new String[]{"", "short", "two words that are long enough", "line\nline-line-line-line"}) {
            Path file = Files.writeString(folder.resolve("token"), content);
            assertThatThrownBy(() -> Tokens.loadOrCreate(file)).isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": holds no token");
        }
        assertThatThrownBy(() -> Tokens.loadOrCreate(folder)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("" + folder);
    }
}
