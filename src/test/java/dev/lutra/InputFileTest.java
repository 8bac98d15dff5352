package dev.lutra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.csv.Csv;
import dev.lutra.latency.LookupTable;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.weights.TensorArchive;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InputFileTest {

    @TempDir
    private Path folder;

    /** Everything that reads a file that somebody gave, with the ending that it asks for. */
    static Stream<Arguments> readers() {
        return Stream.of(reader("yaml", YamlNode::read), reader("csv", Csv::read), reader("json", LookupTable::load),
            reader("onnx", OnnxFile::read), reader("safetensors", TensorArchive::open), reader("npy", TensorArchive::open),
            reader("npz", TensorArchive::open));
    }

    /** Those that do not look at a file's size first. */
    static Stream<Arguments> readersOfContents() {
        return readers().filter(reader -> !List.of("safetensors", "npz").contains(reader.get()[0]));
    }

    private static Arguments reader(String ending, Consumer<Path> reader) {
        return Arguments.of(ending, reader);
    }

    @ParameterizedTest
    @MethodSource("readers")
    @Timeout(20)
    void onlyRegularFilesAreRead(String ending, Consumer<Path> reader) throws Exception {
        Path missing = folder.resolve("missing." + ending);
        assertThatThrownBy(() -> reader.accept(missing)).isInstanceOf(InputException.class)
            .hasMessage(missing + ": no such file");
        Path directory = Files.createDirectory(folder.resolve("folder." + ending));
        assertThatThrownBy(() -> reader.accept(directory)).isInstanceOf(InputException.class)
            .hasMessage(directory + ": a folder (expected: a file)");
        Path pipe = folder.resolve("pipe." + ending);
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        assertThatThrownBy(() -> reader.accept(pipe)).isInstanceOf(InputException.class)
            .hasMessage(pipe + ": a pipe or a device (expected: a regular file)");
        Path device = Files.createSymbolicLink(folder.resolve("zero." + ending), Path.of("/dev/zero"));
        assertThatThrownBy(() -> reader.accept(device)).isInstanceOf(InputException.class)
            .hasMessage(device + ": a pipe or a device (expected: a regular file)");
    }

    /** A file that the system lists as any other and does not let be read, whoever asks. */
    @ParameterizedTest
    @MethodSource("readersOfContents")
    void whatCannotBeReadSaysWhy(String ending, Consumer<Path> reader) throws IOException {
        Path closed = Path.of("/proc/self/mem");
        assumeTrue(Files.isRegularFile(closed));
        Path link = Files.createSymbolicLink(folder.resolve("link." + ending), closed);
        assertThatThrownBy(() -> reader.accept(link)).isInstanceOf(InputException.class)
            .hasMessage(link + ": cannot be read: Input/output error");
    }

    /** Three gigabytes of nothing: read, they would not fit into this process. */
    @ParameterizedTest
    @MethodSource("readers")
    @Timeout(20)
    void whatIsFarTooLargeIsNotReadAtAll(String ending, Consumer<Path> reader) throws IOException {
        Path file = folder.resolve("large." + ending);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.write(new byte[]{0x3a, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7}); // to ONNX, a graph of two gigabytes
            sparse.setLength(3L << 30);
        }
        assertThatThrownBy(() -> reader.accept(file)).isInstanceOf(InputException.class).hasMessageStartingWith(file + ": ");
    }

    @Test
    void whatIsTooLargeIsNotRead() throws IOException {
        Path file = Files.write(folder.resolve("x"), new byte[1001]);
        assertThat(InputFile.bytes(file, 1001)).hasSize(1001);
        assertThatThrownBy(() -> InputFile.bytes(file, 1000)).isInstanceOf(InputException.class)
            .hasMessage(file + ": more than 1000 bytes (expected: a smaller file; is it the right one?)");
    }

    @Test
    void encodings() throws IOException {
        Path file = folder.resolve("x");
        Files.write(file, "\uFEFFä\n".getBytes(StandardCharsets.UTF_8));
        assertThat(InputFile.text(file, 100)).isEqualTo("ä\n");
        Files.write(file, "a: ä".getBytes(StandardCharsets.UTF_16LE));
        assertThatThrownBy(() -> InputFile.text(file, 100)).hasMessage(file + ":1: not UTF-8 (expected: text in UTF-8)");
        Files.write(file, "a: b".getBytes(StandardCharsets.UTF_16));
        assertThatThrownBy(() -> InputFile.text(file, 100)).hasMessage(file + ": text in UTF-16 (expected: UTF-8)");
        Files.write(file, "a: b\nc: ä".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> InputFile.text(file, 100)).hasMessage(file + ":2: not UTF-8 (expected: text in UTF-8)");
    }

    @Test
    void aFolderThatMayNotBeReadSaysSo() {
        Path cats = Path.of("images", "cats");
        assertThat(InputFile.unreadable(cats, new AccessDeniedException(cats.toString())))
            .hasMessage(cats + ": cannot be read: permission denied");
        assertThat(InputFile.unreadable(cats, new FileSystemException(cats.toString(), null, "Input/output error")))
            .hasMessage(cats + ": cannot be read: Input/output error");
    }
}
