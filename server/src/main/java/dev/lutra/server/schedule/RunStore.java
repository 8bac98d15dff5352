package dev.lutra.server.schedule;

import dev.lutra.InputException;
import dev.lutra.server.schedule.StoredRun.State;
import dev.lutra.server.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** The runs of a server, as rows of its database. */
public final class RunStore {

    /** All of a row but the experiment's text: who asks each second after many needs none of theirs. */
    private static final String RUNS = "SELECT id, name, owner, priority, state, device, turn, kills, submitted_millis, started_millis,"
        + " ended_millis, message FROM runs ";
    private static final String UNFINISHED = "state IN ('ACTIVE', 'PAUSED')";

    private final Database database;
    private final Clock clock;

    public RunStore(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * Adds a run that is to go on.
     *
     * @param most runs of the owner that have not ended
     * @throws InputException if the owner has as many
     */
    StoredRun add(String name, String experiment, String owner, int priority, int most) {
        return database.transaction(handle -> {
            int open = handle.createQuery("SELECT count(*) FROM runs WHERE owner = :owner AND " + UNFINISHED).bind("owner", owner)
                .mapTo(Integer.class).one();
            if (open >= most) {
                throw new InputException("runs: " + open + " of " + owner + " have not ended (expected: fewer than " + most
                    + ", as 'lutra serve --runs-per-owner' has it; 'lutra cancel' ends one)");
            }
            long id = handle.createUpdate("INSERT INTO runs (name, experiment, owner, priority, state, submitted_millis)"
                + " VALUES (:name, :experiment, :owner, :priority, 'ACTIVE', :now)")
                .bind("name", name).bind("experiment", experiment).bind("owner", owner).bind("priority", priority).bind("now", clock.millis())
                .executeAndReturnGeneratedKeys("id").mapTo(Long.class).one();
            return find(handle, id).orElseThrow();
        });
    }

    /** The newest first. */
    List<StoredRun> newest(int most) {
        return database.read(handle -> handle.createQuery(RUNS + "ORDER BY id DESC LIMIT :most").bind("most", most)
            .map((row, context) -> run(row)).list());
    }

    /** Those that are to go on, in the order in which they were submitted. */
    List<StoredRun> active() {
        return database.read(handle -> handle.createQuery(RUNS + "WHERE state = 'ACTIVE' ORDER BY id")
            .map((row, context) -> run(row)).list());
    }

    boolean has(long id) {
        return database.read(handle -> find(handle, id)).isPresent();
    }

    /** @throws UnknownRunException when there is none */
    StoredRun get(long id) {
        return database.read(handle -> find(handle, id)).orElseThrow(() -> new UnknownRunException(Long.toString(id)));
    }

    /**
     * The text of a run's experiment file.
     *
     * @throws UnknownRunException when there is none
     */
    String experiment(long id) {
        return database.read(handle -> handle.createQuery("SELECT experiment FROM runs WHERE id = :id").bind("id", id).mapTo(String.class).findOne())
            .orElseThrow(() -> new UnknownRunException(Long.toString(id)));
    }

    private static Optional<StoredRun> find(Handle handle, long id) {
        return handle.createQuery(RUNS + "WHERE id = :id").bind("id", id).map((row, context) -> run(row)).findOne();
    }

    private static StoredRun run(ResultSet row) throws SQLException {
        return new StoredRun(row.getLong("id"), row.getString("name"), row.getString("owner"), row.getInt("priority"),
            State.valueOf(row.getString("state")), Optional.of(row.getString("device")).filter(device -> !device.isEmpty()), row.getLong("turn"),
            row.getInt("kills"), Instant.ofEpochMilli(row.getLong("submitted_millis")), time(row.getLong("started_millis")),
            time(row.getLong("ended_millis")), row.getString("message"));
    }

    private static Optional<Instant> time(long millis) {
        return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }

    /**
     * Has a run be in another state, unless it is in one that this does not follow from.
     *
     * @param message replaces what was said before
     * @return whether it was in one of {@code from}
     */
    boolean move(long id, Set<State> from, State to, String message) {
        String states = from.stream().map(state -> "'" + state + "'").sorted().collect(Collectors.joining(", "));
        return database.transaction(handle -> handle.createUpdate("UPDATE runs SET state = :to, message = :message, ended_millis = :ended"
            + " WHERE id = :id AND state IN (" + states + ")")
            .bind("to", to.name()).bind("message", message).bind("ended", State.UNFINISHED.contains(to) ? 0 : clock.millis()).bind("id", id)
            .execute()) == 1;
    }

    /** Those that ended before a time, the oldest first. */
    List<StoredRun> endedBefore(Instant time) {
        return database.read(handle -> handle.createQuery(RUNS + "WHERE NOT (" + UNFINISHED + ") AND ended_millis < :time ORDER BY id")
            .bind("time", time.toEpochMilli()).map((row, context) -> run(row)).list());
    }

    /**
     * Forgets a run, unless it has not ended.
     *
     * @param with done together with that; what it throws keeps the run
     * @return whether it had ended
     */
    boolean remove(long id, Runnable with) {
        return database.transaction(handle -> {
            boolean hadEnded = handle.createUpdate("DELETE FROM runs WHERE id = :id AND NOT (" + UNFINISHED + ")").bind("id", id).execute() == 1;
            if (hadEnded) {
                with.run();
            }
            return hadEnded;
        });
    }

    /** A process of it begins to work. */
    void started(long id) {
        set(id, "started_millis = CASE started_millis WHEN 0 THEN :value ELSE started_millis END", clock.millis());
    }

    void prioritize(long id, int priority) {
        set(id, "priority = :value", priority);
    }

    /** What it does not go on without; empty: nothing. */
    void wants(long id, Optional<String> device) {
        set(id, "device = :value", device.orElse(""));
    }

    /** It was stopped for others, all of whom come first now. */
    void hadItsTurn(long id) {
        set(id, "turn = (SELECT max(turn) FROM runs) + :value", 1);
    }

    /** The last turn of every owner who had one. */
    Map<String, Long> ownersTurns() {
        return database.read(handle -> handle.createQuery("SELECT owner, max(turn) AS turn FROM runs GROUP BY owner HAVING max(turn) > 0")
            .reduceRows(new HashMap<>(), (turns, row) -> {
                turns.put(row.getColumn("owner", String.class), row.getColumn("turn", Long.class));
                return turns;
            }));
    }

    /** How many of its processes something else has ended. */
    void kills(long id, int kills) {
        set(id, "kills = :value", kills);
    }

    private void set(long id, String assignment, Object value) {
        database.transaction(handle -> handle.createUpdate("UPDATE runs SET " + assignment + " WHERE id = :id").bind("value", value).bind("id", id)
            .execute());
    }
}
