package dev.lutra.server.schedule;

import dev.lutra.proto.ListRunFilesReply;
import dev.lutra.proto.RunFile;
import dev.lutra.InputException;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.folder.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of a run that are meant for whoever may look at it: what it has found, and none by which it works.
 *
 * @param folder of the run
 */
public record RunFiles(RunFolder folder) {

    /** By their names below the folder, such as {@code front.json} and {@code export/top1.onnx}. */
    public Map<String, Path> all() {
        Map<String, Path> files = new TreeMap<>();
        Path front = folder.front();
        Stream.of(front, front.resolveSibling("front.csv"), front.resolveSibling("front.svg"), folder.report(), folder.verification(),
            folder.metrics(), folder.shrunkSpace()).filter(RunFiles::isRegular).forEach(file -> files.put(file.getFileName().toString(), file));
        Stream.of(folder.exports(), folder.tables()).filter(Files::isDirectory).forEach(several -> listed(several)
            .forEach(file -> files.put(several.getFileName() + "/" + file.getFileName(), file)));
        return files;
    }

    /** The same for who asks. */
    public ListRunFilesReply told() {
        ListRunFilesReply.Builder files = ListRunFilesReply.newBuilder();
        all().forEach((name, file) -> files.addFiles(RunFile.newBuilder().setName(name).setBytes(file.toFile().length())));
        return files.build();
    }

    private static Stream<Path> listed(Path several) {
        try (Stream<Path> files = Files.list(several)) {
            return files.filter(RunFiles::isRegular).filter(file -> !file.toString().endsWith(".tmp")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(several + ": cannot be read: " + FileTrouble.reason(several, e), e);
        }
    }

    private static boolean isRegular(Path file) {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** @throws InputException if there is none of that name */
    public Path get(String name) {
        return Optional.ofNullable(all().get(name)).orElseThrow(() -> new InputException(name + ": no such file of the run (expected: "
            + (all().isEmpty() ? "a run that has found something" : "one of " + String.join(", ", all().keySet())) + ")"));
    }
}
