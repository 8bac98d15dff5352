package dev.lutra.agent.sampling;

import dev.lutra.proto.Load;
import java.math.BigDecimal;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Latency at an offered load: requests become due at a fixed rate, whatever became of earlier ones, and are answered one at a
 * time as by a server with one worker. A latency counts from when its request was due, so those that queue behind a slow answer are
 * charged with their wait; a loop that only starts the next request when the last is answered would leave them out (coordinated
 * omission).
 *
 * <p>The rate is fixed, not random: frames of a camera come so, two devices are asked for the very same thing, and the tail that
 * is measured is the device's own, not that of drawn arrivals.
 */
public final class LoadRun {

    /** Waits until a point in time of the clock that it belongs to. */
    interface Waiting {

        void until(long nanos);
    }

    /** A device that is too slow is given as much time again, then those that still wait are counted as they stand. */
    private static final int PATIENCE = 2;
    /** Sleeping ends this much too early or late; the rest is spent awake, or it would be charged to the device. */
    private static final long SLEEP_ERROR_NANOS = 1_000_000;
    private static final double NANOS = 1e9;

    private LoadRun() {}

    /** As people write it: 50, 0.5. */
    public static String rate(Load load) {
        return BigDecimal.valueOf(load.getRequestsPerSecond()).stripTrailingZeros().toPlainString();
    }

    /** Waits on the machine's clock. */
    public static Waiting awake() {
        return nanos -> {
            for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
                if (left > SLEEP_ERROR_NANOS) {
                    LockSupport.parkNanos(left - SLEEP_ERROR_NANOS);
                } else {
                    Thread.onSpinWait();
                }
            }
        };
    }

    /**
     * Offers a load.
     *
     * @param request answers one
     * @param nanoTime a monotonic clock in nanoseconds
     * @param waiting on the same clock
     * @return a latency for every request in the order in which they were due; for those that were not answered within twice the
     *     load's duration, what they had waited until then
     */
    public static Sampler.Samples sample(Runnable request, Load load, LongSupplier nanoTime, Waiting waiting) {
        long[] latencies = new long[Math.toIntExact(requests(load))];
        long start = nanoTime.getAsLong();
        long end = start + PATIENCE * load.getDurationNanos();
        long now = start;
        int answered = 0;
        while (answered < latencies.length && now < end) {
            long due = start + due(answered, load);
            waiting.until(due);
            request.run();
            now = nanoTime.getAsLong();
            latencies[answered++] = now - due;
        }
        for (int i = answered; i < latencies.length; i++) {
            latencies[i] = now - (start + due(i, load));
        }
        return new Sampler.Samples(latencies, now - start);
    }

    private static long requests(Load load) {
        return (long) (load.getRequestsPerSecond() * (load.getDurationNanos() / NANOS) + 1e-9);
    }

    /** Nanoseconds after the start; computed from the number, so that rounding does not add up. */
    private static long due(int number, Load load) {
        return (long) (number * (NANOS / load.getRequestsPerSecond()));
    }

    /**
     * Whether the device kept up with the load: the least latency of the last quarter of the requests exceeds that of the first
     * by less than the time between two requests, which is to say that the queue grew by less than one. A stall, from which the
     * device recovers, does not count as falling behind.
     *
     * @param latencies in the order in which they were due, at least one
     */
    public static boolean keptUp(List<Long> latencies, Load load) {
        int quarter = Math.max(1, latencies.size() / 4);
        long first = least(latencies.subList(0, quarter));
        long last = least(latencies.subList(latencies.size() - quarter, latencies.size()));
        return last - first < NANOS / load.getRequestsPerSecond();
    }

    private static long least(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).min().orElseThrow();
    }
}
