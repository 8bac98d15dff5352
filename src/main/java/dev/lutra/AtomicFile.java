package dev.lutra;

import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Files that are there whole or not at all, also after a power cut: written under a name of their own in the same folder, flushed
 * to the disk, then moved. Several threads and processes may write one file at once; the last to finish wins.
 */
public final class AtomicFile {

    private static final String UNFINISHED = ".tmp";
    private static final long LEFT_MILLIS = 60_000;
    /** In bytes, of most file systems. */
    private static final int LONGEST_NAME = 255;
    private static final int SUFFIX_BYTES = 64;
    private static final int BUFFER_BYTES = 1 << 16;
    /** In the names of this process's unfinished files. */
    private static final String PROCESS = UUID.randomUUID().toString();
    private static final AtomicLong WRITTEN = new AtomicLong();

    private AtomicFile() {}

    /** What fills the file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    /** Writes text as UTF-8. */
    public static void write(Path file, String text) {
        write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Writes a file and the folders it lies in, replacing the file that was there.
     *
     * @throws InputException if a folder, a pipe or a device is there, which a new name would take the place of
     * @throws UncheckedIOException if it cannot be written, naming it; what was there before is unharmed
     */
    public static void write(Path file, Content content) {
        InputFile.requireRegularOrNone(file);
        try {
            replace(file.toAbsolutePath(), content);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written: " + FileTrouble.reason(e), e);
        }
    }

    private static void replace(Path file, Content content) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        String stem = stem(file);
        Path unfinished = folder.resolve(stem + "." + PROCESS + "-" + WRITTEN.incrementAndGet() + UNFINISHED);
        try {
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                FileLock lock = lockIfPossible(channel)) {
                sweep(unfinished, stem);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES);
                content.writeTo(out);
                out.flush();
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            flushNames(folder);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** What the names of its unfinished files begin with: its own name, or where no more fits behind that a hash of it. */
    private static String stem(Path file) {
        String name = file.getFileName().toString();
        return name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME - SUFFIX_BYTES ? name : Sha256.of(name);
    }

    /** Empty-handed where the file system has no locks; then nobody sweeps either. */
    private static FileLock lockIfPossible(FileChannel channel) {
        try {
            return channel.tryLock();
        } catch (IOException e) {
            return null;
        }
    }

    /** Makes new names in a folder outlive a power cut. Not every system can do that; those that cannot need not. */
    public static void flushNames(Path folder) {
        try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            // the file itself is on the disk
        }
    }

    /** Removes what processes that were killed left of a file: who still writes holds a lock, or is about to take it. */
    private static void sweep(Path own, String name) throws IOException {
        long now = Files.getLastModifiedTime(own).toMillis();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(own.getParent(),
            path -> isUnfinished(path.getFileName().toString(), name))) {
            for (Path file : files) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
                    if (lock != null && now - Files.getLastModifiedTime(file).toMillis() > LEFT_MILLIS) {
                        Files.deleteIfExists(file);
                    }
                } catch (IOException e) {
                    // another process was faster, or may delete it; neither hinders this one
                }
            }
        }
    }

    private static boolean isUnfinished(String file, String name) {
        return file.startsWith(name + ".") && file.endsWith(UNFINISHED) && !file.contains(PROCESS)
            && file.substring(name.length()).matches("\\.[0-9a-f-]{36}-\\d+\\" + UNFINISHED);
    }
}
