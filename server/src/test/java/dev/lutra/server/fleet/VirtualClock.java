package dev.lutra.server.fleet;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that stands until it is told to go on, by one thread. Somebody may set it; what has passed is told by {@link #nanoTime}. */
final class VirtualClock extends Clock {

    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private volatile long nanos = -1_000_000_000_000L; // its origin is arbitrary

    void advance(Duration time) {
        now = now.plus(time);
        nanos += time.toNanos();
    }

    /** As somebody who sets the clock does: no time passes. */
    void jump(Duration by) {
        now = now.plus(by);
    }

    long nanoTime() {
        return nanos;
    }

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }
}
