package dev.lutra.server.schedule;

import dev.lutra.FileTree;
import dev.lutra.InputException;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.folder.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Forgets runs that have ended. A run's folder gets another name and its row goes, both or none; then its files go, and what a process that
 * was killed has left of them the next time.
 *
 * @param server the server's folder
 */
public record RunRemoval(RunStore runs, Path server) {

    private static final String LEFT = ".removed";
    private static final Pattern LEFT_OF_A_RUN = Pattern.compile("\\d{1,18}" + Pattern.quote(LEFT));

    /**
     * What is gone, or would be.
     *
     * @param bytes of the files in their folders
     */
    public record Removed(long runs, long bytes) {}

    /** Where the runs of a server keep everything they find. */
    private Path folder() {
        return server.resolve("runs");
    }

    /** Where one does. */
    Path folder(long id) {
        return folder().resolve(Long.toString(id));
    }

    /**
     * Forgets a run.
     *
     * @return bytes of its files
     * @throws UnknownRunException when there is none
     * @throws InputException when it has not ended, or a process still works in its folder
     */
    long remove(long id) {
        runs.get(id);
        settle(id);
        Path folder = folder(id);
        Path aside = aside(id);
        if (!Files.isDirectory(folder)) {
            forget(id, () -> {});
            return 0;
        }
        try (RunFolder.Lock alone = locked(id)) {
            forget(id, () -> move(folder, aside));
        } catch (RuntimeException e) {
            settle(id); // the row may have been kept though the folder had its other name
            throw e;
        }
        long bytes = new FileTree(aside).bytes();
        new FileTree(aside).delete();
        return bytes;
    }

    private Path aside(long id) {
        return folder().resolve(id + LEFT);
    }

    /** What a removal has left that did not come to its end: the files of a run that is still there, or of one that is forgotten. */
    private void settle(long id) {
        if (Files.isDirectory(aside(id)) && runs.has(id) && !Files.exists(folder(id), LinkOption.NOFOLLOW_LINKS)) {
            move(aside(id), folder(id));
        } else {
            new FileTree(aside(id)).delete();
        }
    }

    private RunFolder.Lock locked(long id) {
        try {
            return new RunFolder(folder(id)).lock();
        } catch (InputException e) {
            throw new InputException("run " + id + ": a process still works in its folder (expected: to remove, one that has ended)", e);
        }
    }

    private void forget(long id, Runnable with) {
        if (!runs.remove(id, with)) {
            throw new InputException("run " + id + ": has not ended (expected: to remove, one that has; 'lutra cancel " + id + "' ends it)");
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(from + ": cannot be removed: " + FileTrouble.reason(from, e), e);
        }
    }

    /** What removing all that ended before a time would take. */
    public Removed wouldRemove(Instant before) {
        List<StoredRun> ended = runs.endedBefore(before);
        return new Removed(ended.size(), ended.stream().mapToLong(run -> new FileTree(folder(run.id())).bytes()).sum());
    }

    /** Forgets all that ended before a time. */
    public Removed remove(Instant before) {
        finish();
        List<StoredRun> ended = runs.endedBefore(before);
        return new Removed(ended.size(), ended.stream().mapToLong(run -> remove(run.id())).sum());
    }

    /** Deletes what was left of runs that are forgotten, and gives runs that are not their files back. */
    void finish() {
        if (!Files.isDirectory(folder())) {
            return;
        }
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder(),
            entry -> LEFT_OF_A_RUN.matcher(entry.getFileName().toString()).matches())) {
            left.forEach(folder -> settle(Long.parseLong(folder.getFileName().toString().replace(LEFT, ""))));
        } catch (IOException e) {
            throw new UncheckedIOException(folder() + ": cannot be read: " + FileTrouble.reason(folder(), e), e);
        }
    }
}
