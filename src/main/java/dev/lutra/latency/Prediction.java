package dev.lutra.latency;

import dev.lutra.latency.correction.CorrectedLatency;
import dev.lutra.latency.correction.Interval;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a table says of one network.
 *
 * @param nanos the median latency to expect, calibrated where the table has a calibration
 * @param sumNanos the same before calibration: the segments' own time, and one call
 * @param parts the segments that cost something, in the network's order
 * @param interval of the median, measured once; empty without a calibration
 * @param p99 empty without a calibration on networks that state theirs
 */
public record Prediction(long nanos, long sumNanos, List<Part> parts, Optional<Interval> interval,
    Optional<CorrectedLatency.Tail> p99) {

    /**
     * One segment's share.
     *
     * @param segment its name in the network
     * @param nanos its own time, without the call
     */
    public record Part(String segment, String key, long nanos) {}

    public Prediction {
        parts = List.copyOf(parts);
    }

    public Duration latency() {
        return Duration.ofNanos(nanos);
    }
}
