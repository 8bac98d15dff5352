package dev.lutra.agent.sampling;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Decides whether latencies have settled: the latest half of all runs is cut into four windows, whose medians must agree and
 * must not fall from window to window. The windows grow with the warm-up, so a noisy device gets longer windows instead of
 * never settling, and a slow start leaves the latest half in time.
 */
final class SteadyState {

    /** Widest range of the window medians, as a fraction of the least. */
    static final double AGREEMENT = 0.03;
    /** A fall through all windows by more than this is a trend, not chance. */
    static final double TREND = 0.01;
    private static final int WINDOWS = 4;
    /** The median of fewer runs moves by more than the agreement on its own. */
    private static final int SHORTEST_WINDOW = 3;
    /**
     * Of slow models two will do, beginning with the second run, once all windows together last this long: what settles does so
     * in some time, not in many runs. From the second run on networks of 7 ms were within 1 % of their later times, while 24 runs
     * of them take as long as all the rest of a slice.
     */
    private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int SLOW_WINDOW = 2;

    private final long[] window;

    /** @param capacity most runs that will be judged */
    SteadyState(int capacity) {
        window = new long[capacity];
    }

    boolean reached(long[] latencies, int count) {
        int size = count / 2 / WINDOWS;
        if (size < SHORTEST_WINDOW) {
            size = SLOW_WINDOW;
            if (count <= size * WINDOWS || Arrays.stream(latencies, count - size * WINDOWS, count).sum() < SLOW_NANOS) {
                return false;
            }
        }
        int start = count - size * WINDOWS;
        long first = median(latencies, start, size);
        long previous = first;
        long least = first;
        long most = first;
        boolean falling = true;
        for (int i = 1; i < WINDOWS; i++) {
            long median = median(latencies, start + i * size, size);
            falling &= median < previous;
            least = Math.min(least, median);
            most = Math.max(most, median);
            previous = median;
        }
        boolean trend = falling && first - previous > TREND * previous;
        return most - least <= AGREEMENT * least && !trend;
    }

    private long median(long[] latencies, int from, int size) {
        System.arraycopy(latencies, from, window, 0, size);
        Arrays.sort(window, 0, size);
        return window[(size - 1) / 2];
    }
}
