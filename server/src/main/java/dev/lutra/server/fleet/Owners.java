package dev.lutra.server.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.Failed;
import dev.lutra.proto.Outcome;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;

/**
 * Whether those whose tasks are queued are still there. Whoever has not asked for outcomes for {@link #MOST_SILENCE} gets none any more:
 * what nobody waits for would keep devices from the work of others. Time is this server's life: one that is started again gives
 * everybody a whole period.
 */
final class Owners {

    /** Longer than a server or a network is away, and a laptop sleeps over lunch. */
    static final Duration MOST_SILENCE = Duration.ofHours(1);

    private static final long LOOK_MILLIS = 60_000;

    /** Tasks that are given up in one transaction. */
    private static final int MOST_AT_ONCE = 256;

    /** Tasks of one owner that are not done, at most: some hundred times what an experiment asks for. */
    static final int MOST_TASKS = 100_000;

    private static final Outcome GIVEN_UP = Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("given up: who asked for it was"
        + " not heard of for " + MOST_SILENCE.toMinutes() + " minutes (run it again to go on)")).build();

    private final Map<String, Long> heardMillis = new ConcurrentHashMap<>();
    private volatile long nextLookMillis = MOST_SILENCE.toMillis();

    /** @param known those of earlier lives */
    Owners(Collection<String> known) {
        known.forEach(owner -> hear(owner, 0));
    }

    /** Those of unfinished tasks. */
    static List<String> waiting(Handle handle) {
        return handle.createQuery("SELECT DISTINCT owner FROM tasks WHERE state <> 'done'").mapTo(String.class).list();
    }

    void hear(String owner, long nowMillis) {
        if (!owner.isEmpty()) {
            heardMillis.put(owner, nowMillis);
        }
    }

    boolean areDue(long nowMillis) {
        return nowMillis >= nextLookMillis;
    }

    /** Whom nobody has heard of for too long. Told again and again: leases of theirs that run out are queued. */
    List<String> silent(long nowMillis) {
        nextLookMillis = nowMillis + LOOK_MILLIS;
        return heardMillis.entrySet().stream().filter(owner -> nowMillis - owner.getValue() >= MOST_SILENCE.toMillis())
            .map(Map.Entry::getKey).toList();
    }

    /** @throws InputException when an owner has too many tasks that are not done */
    static void requireRoom(Handle handle, String owner) {
        int open = handle.createQuery("SELECT count(*) FROM tasks WHERE owner = :owner AND state <> 'done'").bind("owner", owner)
            .mapTo(Integer.class).one();
        if (open > MOST_TASKS) {
            throw new InputException("tasks: " + open + " of one experiment are not done (expected: at most " + MOST_TASKS + ")");
        }
    }

    static boolean haveTasks(Handle handle, String owner) {
        return handle.createQuery("SELECT 1 FROM tasks WHERE owner = :owner AND state <> 'done' LIMIT 1").bind("owner", owner)
            .mapTo(Integer.class).findOne().isPresent();
    }

    void forget(String owner) {
        heardMillis.remove(owner);
    }

    /** Gives up some of an owner's queued tasks and returns them; none: there are no more. */
    static List<String> giveUp(Handle handle, String owner, long dateMillis) {
        return Ended.ids(Ended.all(handle, "position IN (SELECT position FROM tasks WHERE owner = :owner AND state <> 'done'"
            + " AND state = 'queued' LIMIT " + MOST_AT_ONCE + ")", Map.of("owner", owner), GIVEN_UP.toByteArray(), dateMillis));
    }
}
