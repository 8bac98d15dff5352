package dev.lutra.latency.correction;

import java.util.Optional;

/**
 * A network's latency as whole networks corrected it.
 *
 * @param nanos the median to expect
 * @param interval of the median, measured once
 * @param p99 empty where fewer than two of the networks state theirs
 */
public record CorrectedLatency(long nanos, Interval interval, Optional<Tail> p99) {

    /**
     * The latency that one call in a hundred exceeds.
     *
     * @param nanos to expect
     * @param interval of a measurement of it
     */
    public record Tail(long nanos, Interval interval) {}
}
