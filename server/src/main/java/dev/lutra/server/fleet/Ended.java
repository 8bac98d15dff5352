package dev.lutra.server.fleet;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * A task that has ended without a report of its own.
 *
 * @param content by which it shares outcomes
 */
record Ended(String id, String device, Optional<String> content) {

    /**
     * Ends those of the tasks that are not done. No report of their leases counts any more.
     *
     * @param which a condition on their rows
     * @param values by their names in the condition
     * @param outcome as it is stored
     * @param setting what the device was when the outcome came, for those who come later; null: it is for none of them
     */
    static List<Ended> all(Handle handle, String which, Map<String, ?> values, byte[] outcome, String setting, long dateMillis) {
        return handle.createQuery("UPDATE tasks SET state = 'done', session = NULL, lease_expires_millis = NULL, under_way = 0,"
            + " stale_epoch = epoch, outcome = :outcome, setting = :setting, finished_millis = :now WHERE state <> 'done' AND " + which
            + " RETURNING id, device, content")
            .bindMap(values).bind("outcome", outcome).bind("setting", setting).bind("now", dateMillis)
            .map((row, context) -> new Ended(row.getString("id"), row.getString("device"), Optional.ofNullable(row.getString("content"))))
            .list();
    }

    /** The same with an outcome that is for nobody else. */
    static List<Ended> all(Handle handle, String which, Map<String, ?> values, byte[] outcome, long dateMillis) {
        return all(handle, which, values, outcome, null, dateMillis);
    }

    static List<String> ids(List<Ended> tasks) {
        return tasks.stream().map(Ended::id).toList();
    }
}
