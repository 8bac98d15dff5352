package dev.lutra;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void setUp() {
        file = folder.resolve("deeper/x.txt");
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(file.getParent())) {
            return files.map(path -> path.getFileName().toString()).toList();
        }
    }

    @Test
    void whateverGoesWrongTheOldFileStaysAndNothingIsLeft() throws IOException {
        AtomicFile.write(file, "old");
        assertThatThrownBy(() -> AtomicFile.write(file, out -> {
            out.write("half".getBytes(StandardCharsets.UTF_8));
            throw new IllegalStateException("a tensor is missing");
        })).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> AtomicFile.write(file, out -> {
            throw new IOException("no space left");
        })).isInstanceOf(UncheckedIOException.class).hasMessage(file + ": cannot be written: no space left");
        assertThatThrownBy(() -> AtomicFile.write(file, out -> {
            throw new StackOverflowError();
        })).isInstanceOf(StackOverflowError.class);
        assertThat(file).hasContent("old");
        assertThat(files()).containsExactly("x.txt");
    }

    /** By what the virtual machine records of itself: a name on the disk whose content is not there yet would outlast a power cut. */
    @Test
    void whatIsNoFileIsNotReplaced() throws Exception {
        Path directory = Files.createDirectory(folder.resolve("directory"));
        assertThatThrownBy(() -> AtomicFile.write(directory, "x")).isInstanceOf(InputException.class)
            .hasMessage(directory + ": a folder (expected: a file)");
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        assertThatThrownBy(() -> AtomicFile.write(pipe, "x")).isInstanceOf(InputException.class)
            .hasMessage(pipe + ": a pipe or a device (expected: a regular file)");
        assertThat(Files.isRegularFile(pipe)).as("replaced").isFalse();
    }

    @Test
    void contentIsOnTheDiskBeforeItsName() throws IOException {
        Path recorded = folder.resolve("forced.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.FileForce").withoutThreshold();
            recording.start();
            AtomicFile.write(file, "new");
            recording.stop();
            recording.dump(recorded);
        }
        List<String> forced = RecordingFile.readAllEvents(recorded).stream().map(event -> event.getString("path"))
            .filter(path -> path.startsWith(file.getParent().toString())).toList();
        assertThat(forced).first(as(STRING)).startsWith(file.toString()).endsWith(".tmp");
    }

    @Test
    void writersAtTheSameTimeDoNotMix() throws Exception {
        int writers = 4;
        CountDownLatch allBegan = new CountDownLatch(writers);
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            List<Future<?>> done = IntStream.range(0, writers).<Future<?>>mapToObj(writer -> threads.submit(() -> AtomicFile
                .write(file, out -> {
                    allBegan.countDown();
                    try {
                        allBegan.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    out.write(Integer.toString(writer).repeat(100_000).getBytes(StandardCharsets.UTF_8));
                }))).toList();
            for (Future<?> each : done) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
        String content = Files.readString(file);
        assertThat(content).isEqualTo(content.substring(0, 1).repeat(100_000));
        assertThat(files()).containsExactly("x.txt");
    }

    @Test
    void whatAKilledProcessLeftIsRemoved() throws IOException {
        AtomicFile.write(file, "old");
        Path left = Files.writeString(file.resolveSibling("x.txt." + UUID.randomUUID() + "-1.tmp"), "half");
        Path other = Files.writeString(file.resolveSibling("x.txt.backup.tmp"), "somebody's own");
        Files.setLastModifiedTime(left, FileTime.fromMillis(0));
        AtomicFile.write(file, "new");
        assertThat(left).doesNotExist();
        assertThat(other).exists();
        assertThat(file).hasContent("new");
    }

    @Test
    void newFilesHaveTheUsualRights() throws IOException {
        AtomicFile.write(file, "new");
        Path usual = Files.writeString(file.resolveSibling("usual.txt"), "x");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(Files.getPosixFilePermissions(usual));
    }
}
