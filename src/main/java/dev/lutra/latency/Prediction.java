package dev.lutra.latency;

import java.time.Duration;
import java.util.List;

/**
 * What a table says of one network.
 *
 * @param nanos the median latency to expect, calibrated where the table has a calibration
 * @param sumNanos the same before calibration: the segments' own time, and one call
 * @param parts the segments that cost something, in the network's order
 */
public record Prediction(long nanos, long sumNanos, List<Part> parts) {

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
