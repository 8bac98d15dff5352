package dev.lutra.server.store;

import dev.lutra.InputException;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a server that ended without warning, by a kill or a power cut, has left in its folder: told to whoever starts the next one. Looked at
 * before anything is opened there, by somebody who has the folder alone.
 */
public final class LeftBehind {

    /** What was stored longer before the end is on the disk, whatever that disk promises. */
    private static final Duration LATELY = Duration.ofHours(1);
    private static final String MODEL = ".onnx";
    private static final String DAMAGED = ".damaged";

    private LeftBehind() {}

    /**
     * What was found, a line each; nothing where the server before was stopped as it should be. A model that is not what its name says is
     * put aside, so that whoever needs it stores it again.
     *
     * @param database a server's
     * @param models its folder of models
     * @throws InputException if the folder cannot be looked through
     */
    public static List<String> in(Path database, Path models) {
        List<String> found = new ArrayList<>();
        try {
            Path log = Database.log(database);
            if (!Files.exists(log) || Files.size(log) == 0) {
                return found;
            }
            found.add(database + ": the server before did not close it (it was killed, or the power was cut); takes over "
                + Files.size(log) / 1024 + " KiB of its log, which has all that was acknowledged");
            if (Files.isDirectory(models)) {
                int parts = ModelStore.halfReceived(models);
                if (parts > 0) {
                    found.add(
                        models + ": deletes " + parts + " half-received model" + (parts == 1 ? "" : "s") + ", which nobody was told to be stored");
                }
                putAside(models, Files.getLastModifiedTime(log), found);
            }
        } catch (IOException e) {
            throw new InputException(database + ": what lies beside it cannot be looked through (" + FileTrouble.reason(database, e) + ")", e);
        }
        return found;
    }

    private static void putAside(Path models, FileTime end, List<String> found) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(models, "*" + MODEL)) {
            for (Path file : files) {
                boolean isOld = Files.getLastModifiedTime(file).toInstant().isBefore(end.toInstant().minus(LATELY));
                String name = file.getFileName().toString();
                if (!isOld && !name.equals(Sha256.ofFile(file) + MODEL)) {
                    Files.move(file, file.resolveSibling(name + DAMAGED), StandardCopyOption.REPLACE_EXISTING);
                    found.add(file + ": damaged, put aside as " + name + DAMAGED + "; a run that needs this model stores it again");
                }
            }
        } catch (UncheckedIOException e) { // of a model that cannot be read
            throw e.getCause();
        }
    }
}
