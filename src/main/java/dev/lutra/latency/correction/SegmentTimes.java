package dev.lutra.latency.correction;

import dev.lutra.proto.WholeNetwork;
import java.util.List;

/** What a correction asks of a table: times and signatures of segments by key. */
public interface SegmentTimes {

    /** Median cost of a session call that does nothing, in nanoseconds. */
    long callOverheadNanos();

    /**
     * A segment's own time in nanoseconds, without the call, at least 0.
     *
     * @throws java.util.NoSuchElementException if there is no such segment
     */
    long ownNanos(String key);

    /**
     * What the segment computes, as {@link dev.lutra.network.Segment#signature} writes it.
     *
     * @throws java.util.NoSuchElementException if there is no such segment
     */
    String signature(String key);

    /**
     * Makes sure that whole networks were measured by the rules of the segments, as far as both name theirs.
     *
     * @throws dev.lutra.InputException naming those that they come from
     */
    void requireOneEstimator(List<WholeNetwork> networks);

    /** What a network of these segments takes if it is the sum of its parts: the segments' own time, and one call. */
    default long sumNanos(List<String> keys) {
        return callOverheadNanos() + keys.stream().mapToLong(this::ownNanos).sum();
    }
}
