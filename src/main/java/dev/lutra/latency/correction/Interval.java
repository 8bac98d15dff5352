package dev.lutra.latency.correction;

/** Where a figure is expected in 95 of 100 cases, in its measure's unit: nanoseconds, bytes. */
public record Interval(long low, long high) {

    public Interval {
        if (low < 0 || high < low) {
            throw new IllegalArgumentException("interval: " + low + " to " + high + " (expected: from low to high)");
        }
    }

    public boolean contains(long value) {
        return low <= value && value <= high;
    }
}
