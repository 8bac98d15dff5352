package dev.lutra.agent.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;

/** A folder that only this user can enter, for the files that an agent and its child processes share while they live. */
final class ScratchFolder {

    private ScratchFolder() {}

    static Path create(Path parent) throws IOException {
        return Files.createTempDirectory(parent, "lutra");
    }

    /**
     * Unpacks ONNX Runtime's native libraries for this platform, once for all processes: left alone, each would unpack its own
     * (30 MB for the CPU, a gigabyte for CUDA) and leave them behind if killed.
     *
     * @param runtime ONNX Runtime's jar; anything else has nothing to unpack
     */
    static void unpackRuntime(Path runtime, Path folder) throws IOException {
        if (!Files.isRegularFile(runtime)) {
            return;
        }
        try (FileSystem jar = FileSystems.newFileSystem(runtime)) {
            Path libraries = jar.getPath("ai/onnxruntime/native", platform());
            if (Files.isDirectory(libraries)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(libraries, Files::isRegularFile)) {
                    for (Path file : files) {
                        Files.copy(file, folder.resolve(file.getFileName().toString()));
                    }
                }
            }
        }
    }

    /** As ONNX Runtime names it. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return (os.contains("mac") ? "osx" : os.contains("win") ? "win" : "linux") + "-"
            + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
    }

    /** Deletes it as far as possible: what a process still holds open on Windows stays. */
    static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            // Somebody else is deleting it.
        }
    }
}
