package dev.lutra.agent.link;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Waiting times between tries: each is drawn from the upper half of an interval that doubles up to a limit, so that a fleet
 * whose server restarts does not return in step.
 */
public final class Backoff {

    private final long firstMillis;
    private final long longestMillis;
    private final RandomGenerator random;
    private long intervalMillis;

    public Backoff(Duration first, Duration longest, RandomGenerator random) {
        this.firstMillis = first.toMillis();
        this.longestMillis = longest.toMillis();
        this.random = random;
        if (firstMillis < 1 || longestMillis < firstMillis) {
            throw new IllegalArgumentException("backoff: " + first + " to " + longest + " (expected: 1 ms ≤ first ≤ longest)");
        }
        reset();
    }

    /** The next waiting time in milliseconds. */
    public long nextMillis() {
        long millis = random.nextLong(intervalMillis / 2, intervalMillis) + 1;
        intervalMillis = Math.min(2 * intervalMillis, longestMillis);
        return millis;
    }

    /** Starts again with the shortest interval. */
    public void reset() {
        intervalMillis = firstMillis;
    }
}
