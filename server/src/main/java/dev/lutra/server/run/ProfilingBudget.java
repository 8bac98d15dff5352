package dev.lutra.server.run;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The time that a device's whole table may take. Segments and whole networks share it by their numbers; networks get what the
 * segments have left.
 */
final class ProfilingBudget {

    /** Segments get at least this share of the time: without them there is nothing to correct … */
    private static final double LEAST = 0.3;
    /** … and where networks follow, at most this one. */
    private static final double MOST = 0.8;

    private final Duration total;
    private final LongSupplier nanoTime;
    private final long beganNanos;

    /** The time begins now. */
    ProfilingBudget(Duration total, LongSupplier nanoTime) {
        this.total = total;
        this.nanoTime = nanoTime;
        beganNanos = nanoTime.getAsLong();
    }

    /** @param networks how many are measured after the segments */
    Duration forSegments(int segments, int networks) {
        double share = networks == 0 ? 1 : Math.max(LEAST, Math.min(MOST, (double) segments / (segments + networks)));
        return Duration.ofNanos(Math.round(share * left().toNanos()));
    }

    /** What is left, but at least a moment. */
    Duration left() {
        return Duration.ofNanos(Math.max(1, total.toNanos() - (nanoTime.getAsLong() - beganNanos)));
    }

    double totalSeconds() {
        return total.toMillis() / 1e3;
    }

    double leftSeconds() {
        return left().toMillis() / 1e3;
    }

    /** What distinguishes the tasks of one budget from those of another. */
    String name() {
        return total.toMillis() + " ms";
    }
}
