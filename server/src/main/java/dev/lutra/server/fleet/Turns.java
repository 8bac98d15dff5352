package dev.lutra.server.fleet;

import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The order in which the tasks of several owners are done on one device: in turn, whoever submitted how many and when. Start-time fair
 * queueing (Goyal, Vin and Cheng 1996, section 2) with tasks of one size: an owner's next task has the turn after its last one, but none
 * before that of the task at the head, so nobody saves up turns. An owner alone has no need of turns, and its tasks the order of submission.
 */
final class Turns {

    private long next;

    private Turns(long next) {
        this.next = next;
    }

    /** The turns of what somebody submits to a device now. */
    static Turns of(Handle handle, String device, Submitter by) {
        long fresh = handle.createQuery("SELECT coalesce(max(position), 0) + 1 FROM tasks").mapTo(Long.class).one();
        if (!othersWait(handle, device, by, "<") && !othersWait(handle, device, by, ">")) {
            return new Turns(fresh);
        }
        Optional<Long> own = handle.createQuery("SELECT max(turn) FROM tasks WHERE device = :device AND priority = :priority"
            + " AND owner = :owner AND state <> 'done'")
            .bind("device", device).bind("priority", by.priority()).bind("owner", by.owner()).mapTo(Long.class).findOne();
        Optional<Long> head = handle.createQuery("SELECT turn FROM tasks WHERE device = :device AND state = 'queued'"
            + " AND priority = :priority ORDER BY turn LIMIT 1")
            .bind("device", device).bind("priority", by.priority()).mapTo(Long.class).findOne();
        return new Turns(Math.max(own.map(turn -> turn + 1).orElse(0L), head.orElse(fresh)));
    }

    /** In two steps, as each looks up one entry of an index. */
    private static boolean othersWait(Handle handle, String device, Submitter by, String than) {
        return handle.createQuery("SELECT 1 FROM tasks WHERE device = :device AND priority = :priority AND owner " + than + " :owner"
            + " AND state <> 'done' LIMIT 1")
            .bind("device", device).bind("priority", by.priority()).bind("owner", by.owner()).mapTo(Integer.class).findOne().isPresent();
    }

    long next() {
        return next;
    }

    void take() {
        next++;
    }
}
