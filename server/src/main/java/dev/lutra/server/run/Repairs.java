package dev.lutra.server.run;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.server.profile.TargetTable;
import dev.lutra.server.store.ResultStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * What verification has put right in a run: networks that were measured whole went into the tables, and the search went on. A repair is
 * stored before anything is changed, so that a run which was killed in its midst does the rest of it first.
 */
final class Repairs {

    private static final String KIND = "repair";
    private static final String SEARCH = "repaired-search";
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One repair.
     *
     * @param isApplied whether its networks are in the tables
     * @param known architectures whose accuracies were known then: what the search goes on from
     * @param over architectures that have missed a limit when measured, in this and earlier repairs
     * @param points networks by device, as protobuf
     * @param predicted what was predicted of them, medians in nanoseconds by device and architecture; null of a time that did not keep it
     */
    record Repair(@JsonProperty("applied") boolean isApplied, @JsonProperty("known") List<String> known, @JsonProperty("over") Set<String> over,
        @JsonProperty("points") Map<String, List<byte[]>> points, @JsonProperty("predicted") Map<String, Map<String, Long>> predicted) {

        Repair {
            predicted = predicted == null ? Map.of() : predicted;
        }

        static Repair of(List<String> known, Set<String> over, Map<String, List<WholeNetwork>> points, Map<String, Map<String, Long>> predicted) {
            Map<String, List<byte[]>> stored = new LinkedHashMap<>();
            points.forEach((device, networks) -> stored.put(device, networks.stream().map(WholeNetwork::toByteArray).toList()));
            return new Repair(false, known, over, stored, predicted);
        }

        List<WholeNetwork> networks(String device) {
            return points.getOrDefault(device, List.of()).stream().map(Repair::network).toList();
        }

        private static WholeNetwork network(byte[] bytes) {
            try {
                return WholeNetwork.parseFrom(bytes);
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("a repair in the run's database: " + e.getMessage(), e);
            }
        }
    }

    private final ResultStore store;

    Repairs(ResultStore store) {
        this.store = store;
    }

    /** All of the run's present search, in order. */
    List<Repair> all() {
        return store.all(KIND).values().stream().map(Repairs::read).toList();
    }

    private static Repair read(String json) {
        try {
            return JSON.readValue(json, Repair.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a repair in the run's database: " + e.getOriginalMessage(), e);
        }
    }

    private void put(int number, Repair repair) {
        try {
            store.put(KIND, Integer.toString(number), JSON.writeValueAsString(repair));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and bytes always write", e);
        }
    }

    /**
     * Stores a repair, then does it.
     *
     * @param toTable puts networks into the table of a device
     */
    void add(Repair repair, BiConsumer<String, List<WholeNetwork>> toTable) {
        put(all().size() + 1, repair);
        finish(toTable);
    }

    /** Does what is left of the last repair, if anything is. */
    void finish(BiConsumer<String, List<WholeNetwork>> toTable) {
        List<Repair> all = all();
        if (all.isEmpty() || all.get(all.size() - 1).isApplied()) {
            return;
        }
        Repair last = all.get(all.size() - 1);
        last.points().keySet().forEach(device -> toTable.accept(device, last.networks(device)));
        put(all.size(), new Repair(true, last.known(), last.over(), last.points(), last.predicted()));
    }

    /** Whether they are of a search, by what it follows from, and the tables still have their networks. */
    boolean areOf(String search, Map<String, LookupTable> tables) {
        return store.find(SEARCH, "").filter(search::equals).isPresent() && all().stream().allMatch(repair -> repair.points().keySet().stream()
            .allMatch(device -> tables.containsKey(device)
                && repair.networks(device).stream().allMatch(network -> TargetTable.has(tables.get(device), network))));
    }

    /** Forgets them all, as for another search. What was measured stays in the tables. */
    void forget() {
        store.removeAll(KIND, "");
    }

    /** Notes which search is repaired from now on. */
    void begin(String search) {
        store.put(SEARCH, "", search);
    }

    /** The tables as they were before the first repair. */
    Map<String, LookupTable> before(Map<String, LookupTable> tables) {
        Map<String, LookupTable> before = new LinkedHashMap<>();
        tables.forEach((device, table) -> {
            List<WholeNetwork> points = new ArrayList<>();
            all().forEach(repair -> points.addAll(repair.networks(device)));
            before.put(device, points.isEmpty() ? table : TargetTable.without(table, points));
        });
        return before;
    }

    /** What was predicted of networks before tables learned from them: medians in nanoseconds, by device and architecture. */
    Map<String, Map<String, Long>> firstPredicted() {
        Map<String, Map<String, Long>> first = new LinkedHashMap<>();
        all().forEach(repair -> repair.predicted().forEach((device, medians) -> medians
            .forEach((architecture, nanos) -> first.computeIfAbsent(device, name -> new LinkedHashMap<>()).putIfAbsent(architecture, nanos))));
        return first;
    }

    /** What the last repair left out. */
    Set<String> over() {
        List<Repair> all = all();
        return all.isEmpty() ? Set.of() : all.get(all.size() - 1).over();
    }
}
