package dev.lutra.server.operation;

import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether a server can do its work now.
 *
 * @param database its own
 * @param folder where it keeps everything
 */
public record Health(Database database, Path folder) {

    /** With less SQLite's log and a model do not fit any more. */
    static final long LEAST_FREE_BYTES = 64L << 20;

    /** What keeps it from its work, a line each; empty: nothing. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        try {
            database.requireWritable();
        } catch (StorageException e) {
            problems.add(e.getMessage());
        }
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < LEAST_FREE_BYTES) {
                problems.add(folder + ": " + (free >> 20) + " MiB are free (expected: at least " + (LEAST_FREE_BYTES >> 20) + " MiB)");
            }
        } catch (IOException e) {
            problems.add(folder + ": " + FileTrouble.reason(folder, e));
        }
        return problems;
    }
}
