package dev.lutra.proto.border;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTroubleTest {

    @TempDir
    private Path folder;

    private static IOException thrown(ThrowingCallable action) {
        return catchThrowableOfType(IOException.class, action);
    }

    /** Messages of Java's are a path alone for most of what goes wrong. */
    @Test
    void reasonsAreWords() throws IOException {
        Path file = Files.write(folder.resolve("file"), new byte[]{(byte) 0xe4});
        assertThat(FileTrouble.reason(thrown(() -> Files.readString(folder.resolve("none"))))).isEqualTo("no such file");
        assertThat(FileTrouble.reason(thrown(() -> Files.list(file)))).isEqualTo("not a folder");
        assertThat(FileTrouble.reason(thrown(() -> Files.createDirectories(file)))).isEqualTo("something else is there");
        assertThat(FileTrouble.reason(thrown(() -> Files.delete(folder)))).isEqualTo("a folder that is not empty");
        assertThat(FileTrouble.reason(thrown(() -> Files.readString(file)))).isEqualTo("not UTF-8");
        assertThat(FileTrouble.reason(thrown(() -> Files.readString(file.resolve("in"))))).isEqualTo("Not a directory");
        assertThat(FileTrouble.reason(thrown(() -> new FileInputStream(folder.toFile()).close()))).isEqualTo("Is a directory");
        assertThat(FileTrouble.reason(new AccessDeniedException("file"))).isEqualTo("permission denied");
        assertThat(FileTrouble.reason(new FileSystemException("file", null, "Input/output error"))).isEqualTo("Input/output error");
        assertThat(FileTrouble.reason(new EOFException())).isEqualTo("it ends too early");
        assertThat(FileTrouble.reason(new IOException())).isEqualTo("IOException");
    }

    @Test
    void anotherFileIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        IOException e = thrown(() -> Files.createDirectories(file));
        assertThat(FileTrouble.reason(file, e)).isEqualTo("something else is there");
        assertThat(FileTrouble.reason(file.resolve("in"), e)).isEqualTo(file + ": something else is there");
    }
}
