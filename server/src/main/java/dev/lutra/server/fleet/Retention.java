package dev.lutra.server.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.store.Database;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * What a server forgets, and when: tasks that are done, with their outcomes, some time after they were; devices that have not been heard
 * of for as long and have no tasks; models that no task names a day after they were last stored. May be done while the server runs: it
 * takes its turns among others, a few rows at a time.
 *
 * @param models the server's folder of models
 */
public record Retention(Database database, Path models) {

    /** A model is stored ahead of the tasks that name it. */
    private static final Duration AHEAD = Duration.ofDays(1);
    private static final int AT_ONCE = 256;
    private static final String OLD_TASKS = "state = 'done' AND finished_millis < :before";
    private static final String OLD_DEVICES = "last_seen_millis < :before AND NOT EXISTS (SELECT 1 FROM tasks WHERE device = devices.name AND state <> 'done')";

    /**
     * What is gone, or would be.
     *
     * @param bytes of the models
     */
    public record Swept(long tasks, long devices, long models, long bytes) {}

    /** What a sweep would take. */
    public Swept wouldSweep(Duration keep, Instant now) {
        long before = now.minus(keep).toEpochMilli();
        long tasks = count("tasks", OLD_TASKS, before);
        long devices = count("devices", OLD_DEVICES, before);
        return sweepModels(named(before), now, tasks, devices, false);
    }

    /** Forgets what is older than this. */
    public Swept sweep(Duration keep, Instant now) {
        long before = now.minus(keep).toEpochMilli();
        long tasks = delete("tasks", "position", OLD_TASKS, before);
        long devices = delete("devices", "name", OLD_DEVICES, before);
        database.patiently(handle -> handle.createUpdate("DELETE FROM figures WHERE reported_millis < :before").bind("before", before).execute());
        return sweepModels(named(before), now, tasks, devices, true);
    }

    private long count(String table, String which, long before) {
        return database.patiently(handle -> handle.createQuery("SELECT count(*) FROM " + table + " WHERE " + which)
            .bind("before", before).mapTo(Long.class).one());
    }

    private long delete(String table, String key, String which, long before) {
        long deleted = 0;
        int some;
        do {
            some = database.patiently(handle -> handle.createUpdate("DELETE FROM " + table + " WHERE " + key + " IN (SELECT " + key
                + " FROM " + table + " WHERE " + which + " LIMIT " + AT_ONCE + ")").bind("before", before).execute());
            deleted += some;
        } while (some == AT_ONCE);
        return deleted;
    }

    /** The models of the tasks that stay. */
    private Set<String> named(long before) {
        Set<String> named = new HashSet<>();
        long after = 0;
        List<NamedModel> some;
        do {
            long last = after;
            some = database.patiently(handle -> namedAfter(handle, last, before));
            some.forEach(task -> named.add(task.model()));
            after = some.isEmpty() ? after : some.get(some.size() - 1).position();
        } while (!some.isEmpty());
        return named;
    }

    private record NamedModel(long position, String model) {}

    private static List<NamedModel> namedAfter(Handle handle, long position, long before) {
        return handle.createQuery("SELECT position, task FROM tasks WHERE position > :position AND NOT (" + OLD_TASKS + ")"
            + " ORDER BY position LIMIT " + AT_ONCE)
            .bind("position", position).bind("before", before)
            .map((row, context) -> new NamedModel(row.getLong("position"),
                TaskQueue.parse(Task.parser(), row.getBytes("task")).getModelSha256()))
            .list();
    }

    private Swept sweepModels(Set<String> named, Instant now, long tasks, long devices, boolean delete) {
        long count = 0;
        long bytes = 0;
        if (!Files.isDirectory(models)) {
            return new Swept(tasks, devices, 0, 0);
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(models, "*.onnx")) {
            for (Path file : files) {
                boolean isNamed = named.contains(file.getFileName().toString().replace(".onnx", ""));
                if (!isNamed && Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(AHEAD))) {
                    bytes += Files.size(file);
                    count++;
                    if (delete) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        } catch (NoSuchFileException e) {
            throw new InputException(models + ": changed meanwhile (expected: one lutra gc at a time)", e);
        } catch (IOException e) {
            throw new InputException(models + ": cannot be swept (" + FileTrouble.reason(models, e) + ")", e);
        }
        return new Swept(tasks, devices, count, bytes);
    }
}
