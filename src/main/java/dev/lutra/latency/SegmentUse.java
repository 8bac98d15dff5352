package dev.lutra.latency;

import dev.lutra.network.Segment;
import dev.lutra.space.SearchSpace;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * How much predictions of random networks of a space depend on each entry of a table: the root mean square of how often a segment
 * occurs in a network, which is what an error of its entry is multiplied by.
 */
public final class SegmentUse {

    private static final int NETWORKS = 200;

    private final Map<String, Double> byKey = new HashMap<>();
    private final double callOverhead;

    private SegmentUse(Map<String, Double> squares, double callSquares) {
        squares.forEach((key, sum) -> byKey.put(key, Math.sqrt(sum / NETWORKS)));
        callOverhead = Math.sqrt(callSquares / NETWORKS);
    }

    /** Counts in networks drawn uniformly. */
    public static SegmentUse of(SearchSpace space, long seed) {
        Random random = new Random(seed);
        Map<String, Double> squares = new HashMap<>();
        double callSquares = 0;
        for (int i = 0; i < NETWORKS; i++) {
            List<Segment> segments = space.build(space.random(random)).segments().stream()
                .filter(segment -> !segment.ops().isEmpty()).toList();
            segments.stream().collect(Collectors.groupingBy(Segment::key, Collectors.counting()))
                .forEach((key, count) -> squares.merge(key, (double) count * count, Double::sum));
            callSquares += Math.pow(segments.size() - 1, 2);
        }
        return new SegmentUse(squares, callSquares);
    }

    /** Of a segment's entry; that of a segment which no network has counts as if one had it. */
    public double of(String key) {
        return byKey.getOrDefault(key, Math.sqrt(1.0 / NETWORKS));
    }

    /** Of the call overhead, which is taken off every segment and paid once. */
    public double ofCallOverhead() {
        return callOverhead;
    }
}
