package dev.lutra.agent.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Time that passes while this machine is awake and this process runs. Who waits looks at it all the time; where two looks lie far apart,
 * the laptop was suspended, the container paused or the process stopped. The monotonic clock stands still while Linux is suspended, so
 * the clock on the wall is looked at too: one that was set meanwhile passes for a sleep. For one thread.
 */
final class AwakeTime {

    /** Looks follow each other within some hundredths of a second, on a machine that is busy within some tenths. */
    static final Duration LONGEST_LOOK = Duration.ofSeconds(2);

    private final LongSupplier nanoTime;
    private final LongSupplier wallMillis;
    private long lastNanos;
    private long lastMillis;
    private long awakeNanos;
    private boolean slept;

    /** From now on, by the clocks of this machine. */
    AwakeTime() {
        this(System::nanoTime, System::currentTimeMillis);
    }

    /**
     * From now on.
     *
     * @param nanoTime a monotonic clock in nanoseconds
     * @param wallMillis the clock on the wall
     */
    AwakeTime(LongSupplier nanoTime, LongSupplier wallMillis) {
        this.nanoTime = nanoTime;
        this.wallMillis = wallMillis;
        lastNanos = nanoTime.getAsLong();
        lastMillis = wallMillis.getAsLong();
    }

    /** Looks at the clocks. */
    void look() {
        long nanos = nanoTime.getAsLong();
        long millis = wallMillis.getAsLong();
        long most = LONGEST_LOOK.toNanos();
        long passed = nanos - lastNanos;
        long apart = Math.abs(TimeUnit.MILLISECONDS.toNanos(millis - lastMillis) - passed);
        slept |= passed > most || apart > most;
        awakeNanos += Math.min(passed, most);
        lastNanos = nanos;
        lastMillis = millis;
    }

    /** Whether more has passed. */
    boolean exceeds(Duration limit) {
        return awakeNanos > limit.toNanos();
    }

    /** Whether the machine slept since this began. */
    boolean slept() {
        return slept;
    }
}
