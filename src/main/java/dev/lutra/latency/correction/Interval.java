package dev.lutra.latency.correction;

/** Where a latency is expected in 95 of 100 cases, in nanoseconds. */
public record Interval(long lowNanos, long highNanos) {

    public Interval {
        if (lowNanos < 0 || highNanos < lowNanos) {
            throw new IllegalArgumentException("interval: " + lowNanos + " to " + highNanos + " (expected: from low to high)");
        }
    }

    public boolean contains(long nanos) {
        return lowNanos <= nanos && nanos <= highNanos;
    }
}
