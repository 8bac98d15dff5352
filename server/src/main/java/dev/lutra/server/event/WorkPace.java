package dev.lutra.server.event;

import java.util.OptionalDouble;

/**
 * How fast work of known length goes, by what was done since it was first told of: what an earlier life had done already took no time in
 * this one.
 */
public final class WorkPace {

    private static final double NANOS = 1e9;

    private final double total;
    private final boolean isTime;
    private final long begun;
    private double first = -1;
    private double done;

    /**
     * @param unit of what is done; {@link Progress#SECONDS} where the work is over when its time is
     * @param now nanoseconds of a monotonic clock
     */
    public WorkPace(double total, String unit, long now) {
        this.total = total;
        isTime = unit.equals(Progress.SECONDS);
        begun = now;
    }

    /** @param next of the total */
    public void at(double next) {
        first = first < 0 ? next : first;
        done = next;
    }

    /** Of the total, as it was told last. */
    public double done() {
        return done;
    }

    /** Units a second; empty where they are seconds themselves. */
    public OptionalDouble rate(long now) {
        return isTime ? OptionalDouble.empty() : OptionalDouble.of(Math.max(0, done - Math.max(0, first)) / Math.max((now - begun) / NANOS, 1e-9));
    }

    /** Seconds that are left; empty while less than one unit was done. */
    public OptionalDouble secondsLeft(long now) {
        if (isTime) {
            return OptionalDouble.of(Math.max(0, total - done));
        }
        return done - Math.max(0, first) >= 1 ? OptionalDouble.of((total - done) / rate(now).getAsDouble()) : OptionalDouble.empty();
    }
}
