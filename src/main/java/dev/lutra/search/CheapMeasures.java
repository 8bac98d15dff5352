package dev.lutra.search;

import dev.lutra.latency.LatencyModel;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.measure.sums.Slots;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;

/** What is known of an architecture without running it, in a millisecond at most; constraints are checked on it. */
public interface CheapMeasures {

    /** Names of the measures, the same for every architecture. */
    SortedSet<String> names();

    Measures of(Architecture architecture);

    /** Names of what can be told besides when the accuracy is known. */
    default SortedSet<String> namesWithAccuracy() {
        return Collections.emptySortedSet();
    }

    /** The measures of an architecture, accuracy among them, and those that follow from it. */
    default Measures completed(Architecture architecture, Measures withAccuracy) {
        return withAccuracy;
    }

    /**
     * Some of these as arrays, for who asks of millions.
     *
     * @param names which, in this order
     * @return empty where nothing is faster than one architecture after the other
     */
    default Optional<MeasureArray> array(List<String> names) {
        return Optional.empty();
    }

    /** The slots of the space, where measures are known as sums over them. */
    default Optional<Slots> slots() {
        return Optional.empty();
    }

    /** A measure as a sum over the {@linkplain #slots slots}; empty where it is none. */
    default Optional<SlotSum> slotSum(String measure) {
        return Optional.empty();
    }

    /**
     * What every search is told: MACs and parameters by counting, and the predicted latency on every target, with its p99 where the
     * target's table predicts one.
     *
     * @param targets by device name
     */
    static CheapMeasures counted(SearchSpace space, Map<String, LatencyModel> targets) {
        return counted(space, targets, MeasureKinds.usual());
    }

    /**
     * Measures of these kinds, on every target where they are of devices.
     *
     * @param targets by device name
     * @param kinds by name
     */
    static CheapMeasures counted(SearchSpace space, Map<String, LatencyModel> targets, Map<String, MeasureKind> kinds) {
        return new CountedMeasures(space, new TreeMap<>(targets), new TreeMap<>(kinds));
    }
}
