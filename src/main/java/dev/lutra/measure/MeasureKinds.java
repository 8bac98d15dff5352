package dev.lutra.measure;

import dev.lutra.yaml.Kinds;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Every kind of measure by its name. A new kind is a new class and one line here. */
public final class MeasureKinds {

    /** The registry. */
    public static final Kinds<MeasureKind> ALL = Kinds.of(Map.ofEntries(
        Map.entry("accuracy", settings -> new AccuracyMeasure()),
        Map.entry("balanced", BalancedMeasure::of),
        Map.entry("bitops", settings -> BitsMeasure.BITOPS),
        Map.entry("energy", settings -> new EnergyMeasure()),
        Map.entry("latency", settings -> new LatencyMeasure()),
        Map.entry("macs", settings -> CountedMeasure.MACS),
        Map.entry("memory", settings -> new MemoryMeasure()),
        Map.entry("normalised-score", ScoreMeasure::mean),
        Map.entry("p99", settings -> new TailLatencyMeasure()),
        Map.entry("params", settings -> CountedMeasure.PARAMS),
        Map.entry("score", ScoreMeasure::sum),
        Map.entry("size", settings -> BitsMeasure.SIZE),
        Map.entry("worst-latency", settings -> new WorstLatencyMeasure())));

    private static final String[] ALWAYS_TOLD = {"energy", "latency", "macs", "memory", "p99", "params", "score"};

    private MeasureKinds() {}

    /** Those that every candidate is told of, whatever the search is about. */
    public static SortedMap<String, MeasureKind> usual() {
        SortedMap<String, MeasureKind> usual = new TreeMap<>();
        for (String name : ALWAYS_TOLD) {
            usual.put(name, ALL.usual(name));
        }
        return usual;
    }

    /** The kind of a measure's name, {@code latency:phone} being a latency; empty where it is none of these. */
    public static Optional<MeasureKind> find(String measure) {
        String kind = kind(measure);
        return ALL.names().contains(kind) ? Optional.of(ALL.usual(kind)) : Optional.empty();
    }

    /** The part of a measure's name that says its kind. */
    public static String kind(String measure) {
        int colon = measure.indexOf(':');
        return colon < 0 ? measure : measure.substring(0, colon);
    }
}
