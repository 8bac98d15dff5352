package dev.lutra.agent.sampling;

import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.border.TaskLimits;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Times something that can be run again and again: warms up until the latency is steady, then runs it back to back for a slice.
 *
 * <p>Memory is taken once, when the object is made: between two runs nothing is allocated, only a value is stored in an array.
 * For one thread.
 */
public final class Sampler {

    /** How a warm-up went; not steady if it ended at its limit. */
    public record WarmUp(long runs, long nanos, boolean steady) {}

    /** What each run of a slice took, in order, and all of them with what lies between them. */
    public record Samples(long[] nanos, long elapsedNanos) {}

    /** A slice also ends here. 8 MiB. */
    static final int MAX_SAMPLES = TaskLimits.MOST_SAMPLES;
    /** Warm-up is judged whenever the number of runs has grown by an eighth: too rarely to disturb, hardly too late. */
    private static final int GROWTH_SHIFT = 3;
    private static final int CLOCK_BATCHES = 100;
    private static final int CLOCK_READS = 1000;

    private final LongSupplier nanoTime;
    private final long[] samples = new long[MAX_SAMPLES];
    private final SteadyState steadyState = new SteadyState(MAX_SAMPLES / 8);

    private int count;
    private long startNanos;
    private long lastNanos;

    /** @param nanoTime a monotonic clock in nanoseconds */
    public Sampler(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Runs until the latency is steady and the rules' minima are reached, or until their limit. At least once, whatever the
     * limit: the first run also builds what later ones reuse.
     */
    public WarmUp warmUp(Runnable workload, MeasureRules rules) {
        start();
        long runs = 0;
        int nextLook = 1;
        boolean steady = false;
        do {
            if (count == MAX_SAMPLES) {
                // Only the latest half is judged anyway.
                System.arraycopy(samples, MAX_SAMPLES / 2, samples, 0, MAX_SAMPLES / 2);
                count = MAX_SAMPLES / 2;
                nextLook = count;
            }
            time(workload);
            runs++;
            if (count >= nextLook && runs >= rules.getMinWarmupRuns() && elapsedNanos() >= rules.getMinWarmupNanos()) {
                steady = steadyState.reached(samples, count);
                nextLook = count + Math.max(1, count >> GROWTH_SHIFT);
            }
        } while (!steady && elapsedNanos() < rules.getMaxWarmupNanos());
        return new WarmUp(runs, elapsedNanos(), steady);
    }

    /** Runs back to back for the rules' slice and least number of samples, but not longer than all slices together may take. */
    public Samples sample(Runnable workload, MeasureRules rules) {
        start();
        do {
            time(workload);
        } while (count < MAX_SAMPLES && elapsedNanos() < rules.getMaxMeasureNanos()
            && (count < rules.getMinSamples() || elapsedNanos() < rules.getSliceNanos()));
        return new Samples(Arrays.copyOf(samples, count), elapsedNanos());
    }

    /** What reading the clock once takes, which every sample contains: the least mean over many batches. */
    public long clockOverheadNanos() {
        long least = Long.MAX_VALUE;
        for (int batch = 0; batch < CLOCK_BATCHES; batch++) {
            long first = nanoTime.getAsLong();
            long last = first;
            for (int read = 0; read < CLOCK_READS; read++) {
                last = nanoTime.getAsLong();
            }
            least = Math.min(least, (last - first) / CLOCK_READS);
        }
        return least;
    }

    private void start() {
        count = 0;
        startNanos = nanoTime.getAsLong();
        lastNanos = startNanos;
    }

    private void time(Runnable workload) {
        long before = nanoTime.getAsLong();
        workload.run();
        lastNanos = nanoTime.getAsLong();
        samples[count++] = lastNanos - before;
    }

    private long elapsedNanos() {
        return lastNanos - startNanos;
    }
}
