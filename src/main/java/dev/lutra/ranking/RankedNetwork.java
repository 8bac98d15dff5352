package dev.lutra.ranking;

import dev.lutra.space.Architecture;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A network as a supernet sees it and as it is.
 *
 * @param supernet accuracy with the shared weights, 0 to 1
 * @param alone accuracy of the network trained by itself, 0 to 1
 * @param baselines what may rank it without any training, by name
 */
public record RankedNetwork(Architecture architecture, double supernet, double alone, SortedMap<String, Double> baselines) {

    public RankedNetwork(Architecture architecture, double supernet, double alone, Map<String, Double> baselines) {
        this(architecture, supernet, alone, Collections.unmodifiableSortedMap(new TreeMap<>(baselines)));
    }
}
