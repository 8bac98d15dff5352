package dev.lutra.agent.bench;

import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An agent's folder for whatever lives only as long as it does: ONNX Runtime's libraries, the folder that its child works in. Only this user can enter it. A file in it is locked while its owner lives, so that the next agent can tell
 * what one that was killed has left behind, and deletes it.
 */
final class ScratchFolder implements AutoCloseable {

    private static final String PREFIX = "lutra-agent-";
    private static final String OWNER = "owner";
    private static final Set<PosixFilePermission> ONLY_OWNER = PosixFilePermissions.fromString("rwx------");
    /** Names of 255 bytes fit into a path so many times, and folders beyond that are to be reached all the same. */
    private static final int DEEPEST = 8;
    /** Of this process: closing any channel to a locked file would end the lock. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final FileChannel owner;

    private ScratchFolder(Path folder, FileChannel owner) {
        this.folder = folder;
        this.owner = owner;
    }

    /**
     * Makes one, and deletes those beside it whose owners have died.
     *
     * @throws UncheckedIOException if none can be made here
     */
    static ScratchFolder open(Path parent) {
        try {
            Path real = parent.toRealPath();
            ScratchFolder scratch = create(real);
            sweep(real, scratch);
            return scratch;
        } catch (IOException e) {
            throw new UncheckedIOException(parent + ": no folder for measuring processes: " + FileTrouble.reason(parent, e), e);
        }
    }

    /** Under another name until it is locked, so that nobody takes it for abandoned. */
    private static ScratchFolder create(Path parent) throws IOException {
        String name = PREFIX + UUID.randomUUID();
        Path unborn = Files.createDirectory(parent.resolve("." + name), onlyForThisUser(parent));
        FileChannel owner = FileChannel.open(unborn.resolve(OWNER), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        owner.lock();
        Path folder = parent.resolve(name);
        OWN.add(folder);
        Files.move(unborn, folder);
        ScratchFolder scratch = new ScratchFolder(folder, owner);
        for (Path inner : List.of(scratch.runtime(), scratch.work())) {
            Files.createDirectory(inner);
        }
        return scratch;
    }

    private static FileAttribute<?>[] onlyForThisUser(Path parent) {
        return parent.getFileSystem().supportedFileAttributeViews().contains("posix")
            ? new FileAttribute<?>[]{PosixFilePermissions.asFileAttribute(ONLY_OWNER)}
            : new FileAttribute<?>[0];
    }

    private static void sweep(Path parent, ScratchFolder own) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path folder : folders) {
                if (!OWN.contains(folder) && isOfSameUser(folder, own.folder) && isAbandoned(folder)) {
                    delete(folder);
                }
            }
        }
    }

    private static boolean isOfSameUser(Path folder, Path own) throws IOException {
        return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(own, LinkOption.NOFOLLOW_LINKS));
    }

    private static boolean isAbandoned(Path folder) {
        try (FileChannel owner = FileChannel.open(folder.resolve(OWNER), StandardOpenOption.WRITE); FileLock lock = owner.tryLock()) {
            return lock != null;
        } catch (IOException | OverlappingFileLockException e) {
            // Somebody else deletes it, or cannot say who it belongs to.
            return false;
        }
    }

    Path folder() {
        return folder;
    }

    /** ONNX Runtime's libraries, once {@link #unpackRuntime unpacked}. */
    Path runtime() {
        return folder.resolve("runtime");
    }

    /** Where a child works, and all that it may write to. */
    Path work() {
        return folder.resolve("work");
    }

    /** Gives the next child an empty folder. */
    void emptyWork() throws IOException {
        delete(work());
        Files.createDirectories(work());
    }

    /**
     * Unpacks ONNX Runtime's native libraries for this platform, once for all processes: left alone, each would unpack its own
     * (30 MB for the CPU, a gigabyte for CUDA) and leave them behind if killed.
     *
     * @param runtime ONNX Runtime's jar; anything else has nothing to unpack
     */
    void unpackRuntime(Path runtime) {
        if (!Files.isRegularFile(runtime)) {
            return;
        }
        try (FileSystem jar = FileSystems.newFileSystem(runtime)) {
            Path libraries = jar.getPath("ai/onnxruntime/native", platform());
            if (Files.isDirectory(libraries)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(libraries, Files::isRegularFile)) {
                    for (Path file : files) {
                        Files.copy(file, runtime().resolve(file.getFileName().toString()));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": ONNX Runtime cannot be unpacked here: " + FileTrouble.reason(folder, e), e);
        }
    }

    /** As ONNX Runtime names it. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return (os.contains("mac") ? "osx" : os.contains("win") ? "win" : "linux") + "-"
            + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
    }

    /**
     * Deletes it as far as possible, whatever names, permissions and depths a child has given its files: what a process still holds open
     * on Windows stays.
     */
    static void delete(Path folder) {
        while (delete(folder, folder, 0)) {
            // What lay too deep for a path lies in the folder itself now.
        }
    }

    /** @return whether folders were moved to the top, to be deleted from there */
    private static boolean delete(Path top, Path file, int depth) {
        boolean moved = false;
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            allow(file);
            if (depth == DEEPEST && hasMoved(file, top.resolve(UUID.randomUUID().toString()))) {
                return true;
            }
            try (DirectoryStream<Path> inner = Files.newDirectoryStream(file)) {
                for (Path one : inner) {
                    moved |= delete(top, one, depth + 1);
                }
            } catch (IOException | DirectoryIteratorException e) {
                // Somebody else is deleting it.
            }
        }
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It is deleted later, or by the next agent.
        }
        return moved;
    }

    private static void allow(Path folder) {
        PosixFileAttributeView permissions = Files.getFileAttributeView(folder, PosixFileAttributeView.class);
        try {
            if (permissions != null) {
                permissions.setPermissions(ONLY_OWNER);
            }
        } catch (IOException e) {
            // Somebody else is deleting it, or it can be deleted all the same.
        }
    }

    private static boolean hasMoved(Path folder, Path to) {
        try {
            Files.move(folder, to);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        delete(folder);
        try {
            owner.close();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": " + FileTrouble.reason(folder, e), e);
        }
        OWN.remove(folder);
        // Windows lets go of a file only now.
        delete(folder);
    }
}
