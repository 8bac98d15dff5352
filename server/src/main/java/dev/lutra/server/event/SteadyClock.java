package dev.lutra.server.event;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.function.LongSupplier;

/**
 * A clock that goes on evenly from when it was made, whoever sets the system's: the time between two events of a process is how long it
 * was.
 */
public final class SteadyClock extends Clock {

    private final Instant begin;
    private final ZoneId zone;
    private final LongSupplier nanoTime;
    private final long beginNanos;

    /**
     * Begins at the time that a clock tells now.
     *
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public SteadyClock(Clock clock, LongSupplier nanoTime) {
        this(clock.instant(), clock.getZone(), nanoTime, nanoTime.getAsLong());
    }

    private SteadyClock(Instant begin, ZoneId zone, LongSupplier nanoTime, long beginNanos) {
        this.begin = begin;
        this.zone = zone;
        this.nanoTime = nanoTime;
        this.beginNanos = beginNanos;
    }

    @Override
    public Instant instant() {
        return begin.plusNanos(nanoTime.getAsLong() - beginNanos);
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    @Override
    public Clock withZone(ZoneId other) {
        return new SteadyClock(begin, other, nanoTime, beginNanos);
    }
}
