package dev.lutra.server.store;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What one experiment has found out, as JSON by kind ({@code candidate}, {@code stage}, …) and key. An experiment that
 * starts again looks here before it works anything out.
 */
public final class ResultStore {

    private final Database database;
    private final String experiment;

    public ResultStore(Database database, String experiment) {
        this.database = Objects.requireNonNull(database);
        this.experiment = Objects.requireNonNull(experiment);
    }

    public Optional<String> find(String kind, String key) {
        return database.patiently(handle -> handle
            .createQuery("SELECT value FROM results WHERE experiment = :experiment AND kind = :kind AND key = :key")
            .bind("experiment", experiment).bind("kind", kind).bind("key", key)
            .mapTo(String.class).findOne());
    }

    /** Keeps a value, in the place of an earlier one of the same kind and key. It outlives the process once this returns. */
    public void put(String kind, String key, String json) {
        database.patiently(handle -> handle
            .createUpdate("INSERT INTO results (experiment, kind, key, value) VALUES (:experiment, :kind, :key, :value)"
                + " ON CONFLICT (experiment, kind, key) DO UPDATE SET value = excluded.value")
            .bind("experiment", experiment).bind("kind", kind).bind("key", key).bind("value", json)
            .execute());
    }

    /**
     * Forgets every value of a kind whose key begins so.
     *
     * @return how many there were
     */
    public int removeAll(String kind, String prefix) {
        return database.patiently(handle -> handle
            .createUpdate("DELETE FROM results WHERE experiment = :experiment AND kind = :kind AND substr(key, 1, length(:prefix)) = :prefix")
            .bind("experiment", experiment).bind("kind", kind).bind("prefix", prefix)
            .execute());
    }

    /** Values by key, in the order in which the keys were first put. */
    public Map<String, String> all(String kind) {
        return database.patiently(handle -> handle
            .createQuery("SELECT key, value FROM results WHERE experiment = :experiment AND kind = :kind ORDER BY position")
            .bind("experiment", experiment).bind("kind", kind)
            .reduceRows(new LinkedHashMap<>(), (all, row) -> {
                all.put(row.getColumn("key", String.class), row.getColumn("value", String.class));
                return all;
            }));
    }
}
