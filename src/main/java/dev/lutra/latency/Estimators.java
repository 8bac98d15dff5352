package dev.lutra.latency;

import dev.lutra.InputException;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.WholeNetwork;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * By which rules agents made latencies of rounds. A native agent and a browser fill the same fields by different rules, and rules
 * change from version to version, so figures of two estimators are neither summed nor judged by each other's intervals.
 */
public final class Estimators {

    private Estimators() {}

    /** Those that a table's entries name; empty for an entry that names none. */
    public static SortedSet<String> of(LookupTable table) {
        return named(table.entries().stream().map(Entry::getLatency));
    }

    private static SortedSet<String> named(Stream<Distribution> latencies) {
        return latencies.map(Distribution::getEstimator).collect(TreeSet::new, SortedSet::add, SortedSet::addAll);
    }

    /** Those that a table's entries name, in words. */
    public static String named(LookupTable table) {
        return String.join(", ", of(table));
    }

    /**
     * Makes sure that entries come from one estimator, as far as they name theirs.
     *
     * @throws InputException naming those that they come from
     */
    static void requireOne(String origin, Stream<Entry> entries) {
        requireOne(origin, "entries", named(entries.map(Entry::getLatency)));
    }

    /**
     * Makes sure that whole networks come from the estimator of a table's entries, as far as both name theirs: published tables and
     * latencies from elsewhere do not.
     *
     * @throws InputException naming those that they come from
     */
    static void requireOne(LookupTable table, List<WholeNetwork> networks) {
        SortedSet<String> all = of(table);
        all.addAll(named(networks.stream().map(WholeNetwork::getLatency)));
        requireOne(table.origin(), "entries and whole networks", all);
    }

    private static void requireOne(String origin, String what, SortedSet<String> estimators) {
        estimators.remove("");
        if (estimators.size() > 1) {
            throw new InputException(origin + ": " + what + " by estimators " + String.join(" and ", estimators)
                + " (expected: one, as their figures do not add up; a run keeps what was measured for it, so measure the table in a new one)");
        }
    }
}
