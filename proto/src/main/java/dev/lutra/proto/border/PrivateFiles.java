package dev.lutra.proto.border;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files and folders that only their owner may look into, where the system knows owners (POSIX). What exists is put right. */
public final class PrivateFiles {

    private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwx------");

    private PrivateFiles() {}

    /** For files that are about to be made. */
    public static FileAttribute<?>[] attributes() {
        return POSIX ? new FileAttribute<?>[]{PosixFilePermissions.asFileAttribute(FILE)} : new FileAttribute<?>[0];
    }

    /** Makes a file private, if it is there. */
    public static void close(Path file) {
        restrict(file, FILE);
    }

    /** Makes a folder and those that it lies in, itself private. */
    public static Path folder(Path folder) throws IOException {
        Files.createDirectories(folder);
        restrict(folder, FOLDER);
        return folder;
    }

    /** The same where there is no such folder; one that is there is left as whoever made it has it, who may have others in it. */
    public static Path make(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            Files.createDirectories(folder.toAbsolutePath().getParent());
            try {
                Files.createDirectory(folder, POSIX ? new FileAttribute<?>[]{PosixFilePermissions.asFileAttribute(FOLDER)} : new FileAttribute<?>[0]);
            } catch (FileAlreadyExistsException e) {
                // by another process, meanwhile
            }
        }
        return Files.createDirectories(folder); // says so if something else is there
    }

    private static void restrict(Path path, Set<PosixFilePermission> permissions) {
        try {
            if (POSIX && Files.exists(path) && !Files.getPosixFilePermissions(path).equals(permissions)) {
                Files.setPosixFilePermissions(path, permissions);
            }
        } catch (IOException e) {
            // a file system that has no permissions, or somebody else's file, which is his to share
        }
    }
}
