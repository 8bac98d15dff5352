package dev.lutra.search;

import dev.lutra.latency.LatencyModel;
import dev.lutra.measure.Facts;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is known of an architecture without running it, in well under a millisecond or so; constraints are checked on it. */
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
        return new Counted(space, new TreeMap<>(targets), new TreeMap<>(kinds));
    }

    /** Interprets the built network. */
    record Counted(SearchSpace space, SortedMap<String, LatencyModel> targets, SortedMap<String, MeasureKind> kinds)
        implements
            CheapMeasures {

        @Override
        public SortedSet<String> names() {
            SortedSet<String> names = new TreeSet<>();
            kinds.forEach((name, kind) -> {
                if (kind.isOnDevice()) {
                    targets.forEach((device, model) -> {
                        if (kind.isToldBy(model)) {
                            names.add(onDevice(name, device));
                        }
                    });
                } else if (!kind.needsAccuracy()) {
                    names.add(name);
                }
            });
            return names;
        }

        @Override
        public SortedSet<String> namesWithAccuracy() {
            SortedSet<String> names = new TreeSet<>();
            kinds.forEach((name, kind) -> {
                if (kind.needsAccuracy() && !name.equals(Measure.ACCURACY)) {
                    names.add(name);
                }
            });
            return names;
        }

        @Override
        public Measures of(Architecture architecture) {
            Network network = space.build(architecture);
            Facts facts = Facts.of(network);
            SortedMap<String, Double> values = new TreeMap<>();
            kinds.forEach((name, kind) -> {
                if (!kind.isOnDevice() && !kind.needsAccuracy()) {
                    values.put(name, kind.of(facts));
                }
            });
            targets.forEach((device, model) -> {
                Facts there = facts.on(model.predict(network));
                kinds.forEach((name, kind) -> {
                    if (kind.isOnDevice() && kind.isToldBy(model)) {
                        values.put(onDevice(name, device), kind.of(there));
                    }
                });
            });
            return new Measures(values);
        }

        @Override
        public Measures completed(Architecture architecture, Measures withAccuracy) {
            SortedSet<String> names = namesWithAccuracy();
            if (names.isEmpty()) {
                return withAccuracy;
            }
            Facts facts = Facts.of(space.build(architecture)).judged(withAccuracy.get(Measure.ACCURACY));
            Measures completed = withAccuracy;
            for (String name : names) {
                completed = completed.with(name, kinds.get(name).of(facts));
            }
            return completed;
        }

        private static String onDevice(String name, String device) {
            return name + ":" + device;
        }
    }
}
