package dev.lutra.server.store;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Something could not be stored, or looked up, for a reason that passes: the disk is full, or another process has the database. Nothing
 * of the step was kept; the same step may succeed later. The message is one line that names the file.
 */
public final class StorageException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private StorageException(String message, Throwable cause) {
        super(message, cause);
    }

    /** What went wrong with a file, if it is such trouble. */
    static Optional<StorageException> of(Path file, Throwable problem) {
        return reason(problem).map(reason -> new StorageException(file + ": " + reason, problem));
    }

    /** What a problem says of storage, with its file where it names one; empty if it is about something else. */
    static Optional<String> trouble(Throwable problem) {
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof StorageException) {
                return Optional.of(cause.getMessage());
            }
            if (cause instanceof FileSystemException file && file.getFile() != null && reason(file).isPresent()) {
                return Optional.of(file.getFile() + ": " + reason(file).get());
            }
        }
        return reason(problem);
    }

    private static Optional<String> reason(Throwable problem) {
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException sqlite) {
                // the low byte of an extended code is the code
                return switch (sqlite.getResultCode().code & 0xff) {
                    case 5, 6 -> Optional.of("in use by another process"); // BUSY, LOCKED
                    case 13 -> Optional.of("the disk is full"); // FULL
                    case 10 -> Optional.of("the disk cannot be read or written (" + name(sqlite.getResultCode()) + ")"); // IOERR
                    default -> Optional.empty();
                };
            }
            if (cause instanceof IOException && isFull(cause)) {
                return Optional.of("the disk is full");
            }
        }
        return Optional.empty();
    }

    private static String name(SQLiteErrorCode code) {
        return code.name().toLowerCase(Locale.ROOT).replace("sqlite_", "");
    }

    /** In the words of the systems' error lists, which Java passes on. */
    private static boolean isFull(Throwable problem) {
        String said = String.valueOf(problem.getMessage());
        return said.contains("No space left on device") || said.contains("Disk quota exceeded")
            || said.contains("not enough space on the disk");
    }
}
