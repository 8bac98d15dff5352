package dev.lutra.agent;

import com.google.protobuf.ByteString;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.MeasureRules;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;

/**
 * Times something that can be run again and again: warms up until the latency is steady, then samples until the 95 %
 * confidence interval of the median is narrow enough. Quantiles are exact (nearest rank over all samples); the histogram,
 * which is what travels and is stored, holds the same samples to three significant digits.
 *
 * <p>Memory is taken once, when the object is made: between two runs nothing is allocated, only a value is stored in an array.
 * For one thread.
 */
final class Measurement {

    /** What came out. Circumstances lack the date and the agent's version, which a measurement does not know. */
    record Result(Distribution latency, Circumstances circumstances) {}

    /** Sampling also ends here: the interval's width is then 0.1 % of the samples' ranks. 8 MiB. */
    static final int MAX_SAMPLES = 1 << 20;
    /** Results are judged whenever the number of runs has grown by an eighth: too rarely to disturb, hardly too late. */
    private static final int GROWTH_SHIFT = 3;
    private static final int SIGNIFICANT_DIGITS = 3;

    private final LongSupplier nanoTime;
    private final long[] samples = new long[MAX_SAMPLES];
    private final long[] sorted = new long[MAX_SAMPLES];
    private final SteadyState steadyState = new SteadyState(MAX_SAMPLES / 8);

    private int count;
    private long startNanos;
    private long lastNanos;

    /** @param nanoTime a monotonic clock in nanoseconds */
    Measurement(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Measures one workload.
     *
     * @param abandoned asked before every run; once true, the measurement ends without a result
     * @throws TaskFailure if the rules contradict themselves
     */
    Optional<Result> measure(Runnable workload, MeasureRules rules, BooleanSupplier abandoned) {
        check(rules);
        Circumstances.Builder circumstances = Circumstances.newBuilder().setRules(rules);
        if (!warmUp(workload, rules, abandoned, circumstances)) {
            return Optional.empty();
        }
        MedianInterval interval = sample(workload, rules, abandoned);
        if (interval == null) {
            return Optional.empty();
        }
        circumstances.setConverged(minimaReached(rules.getMinSamples(), rules.getSliceNanos())
                && interval.relativeHalfWidth() <= rules.getTargetRelativeHalfWidth());
        return Optional.of(new Result(distribution(interval), circumstances.build()));
    }

    private static void check(MeasureRules rules) {
        if (rules.getMinWarmupRuns() < 0 || rules.getMinWarmupNanos() < 0
                || rules.getMaxWarmupNanos() < rules.getMinWarmupNanos()) {
            throw new TaskFailure("rules: warm-up of " + rules.getMinWarmupRuns() + " runs, " + rules.getMinWarmupNanos() + " to "
                    + rules.getMaxWarmupNanos() + " ns (expected: nothing negative, minimum ≤ maximum)");
        }
        if (rules.getMinSamples() < 0 || rules.getSliceNanos() < 0
                || rules.getMaxMeasureNanos() < rules.getSliceNanos()) {
            throw new TaskFailure("rules: " + rules.getMinSamples() + " samples, " + rules.getSliceNanos() + " to "
                    + rules.getMaxMeasureNanos() + " ns (expected: nothing negative, minimum ≤ maximum)");
        }
        if (!(rules.getTargetRelativeHalfWidth() > 0)) {
            throw new TaskFailure("rules.target_relative_half_width: " + rules.getTargetRelativeHalfWidth() + " (expected: > 0)");
        }
    }

    /** False if abandoned. Runs at least once, whatever the limits: the first run also builds what later ones reuse. */
    private boolean warmUp(Runnable workload, MeasureRules rules, BooleanSupplier abandoned,
            Circumstances.Builder circumstances) {
        start();
        long runs = 0;
        int nextLook = 1;
        boolean steady = false;
        do {
            if (abandoned.getAsBoolean()) {
                return false;
            }
            if (count == MAX_SAMPLES) {
                // Only the latest half is judged anyway.
                System.arraycopy(samples, MAX_SAMPLES / 2, samples, 0, MAX_SAMPLES / 2);
                count = MAX_SAMPLES / 2;
                nextLook = count;
            }
            time(workload);
            runs++;
            if (count >= nextLook && minimaReached(rules.getMinWarmupRuns(), rules.getMinWarmupNanos())) {
                steady = steadyState.reached(samples, count);
                nextLook = later(count);
            }
        } while (!steady && elapsedNanos() < rules.getMaxWarmupNanos());
        circumstances.setWarmupRuns(runs).setWarmupNanos(elapsedNanos()).setSteady(steady);
        return true;
    }

    /** The median's interval over all samples, or null if abandoned. */
    private MedianInterval sample(Runnable workload, MeasureRules rules, BooleanSupplier abandoned) {
        start();
        int nextLook = 1;
        while (true) {
            if (abandoned.getAsBoolean()) {
                return null;
            }
            time(workload);
            boolean ends = count == MAX_SAMPLES || elapsedNanos() >= rules.getMaxMeasureNanos();
            if (ends || count >= nextLook && minimaReached(rules.getMinSamples(), rules.getSliceNanos())) {
                System.arraycopy(samples, 0, sorted, 0, count);
                Arrays.sort(sorted, 0, count);
                MedianInterval interval = MedianInterval.of(sorted, count);
                if (ends || interval.narrowerThan(rules.getTargetRelativeHalfWidth())) {
                    return interval;
                }
                nextLook = later(count);
            }
        }
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

    private boolean minimaReached(int minRuns, long minNanos) {
        return count >= minRuns && elapsedNanos() >= minNanos;
    }

    private static int later(int count) {
        return count + Math.max(1, count >> GROWTH_SHIFT);
    }

    private Distribution distribution(MedianInterval interval) {
        Histogram histogram = new Histogram(SIGNIFICANT_DIGITS);
        double sum = 0;
        for (int i = 0; i < count; i++) {
            histogram.recordValue(sorted[i]);
            sum += sorted[i];
        }
        double mean = sum / count;
        double squares = 0;
        for (int i = 0; i < count; i++) {
            squares += (sorted[i] - mean) * (sorted[i] - mean);
        }
        return Distribution.newBuilder()
                .setSamples(count)
                .setMinNanos(sorted[0])
                .setP50Nanos(interval.median())
                .setP90Nanos(quantile(0.9))
                .setP99Nanos(quantile(0.99))
                .setP999Nanos(quantile(0.999))
                .setMaxNanos(sorted[count - 1])
                .setMeanNanos(mean)
                .setDeviationNanos(count == 1 ? 0 : Math.sqrt(squares / (count - 1)))
                .setRelativeHalfWidth(interval.relativeHalfWidth())
                .setHistogram(encode(histogram))
                .build();
    }

    private long quantile(double fraction) {
        return sorted[(int) Math.ceil(fraction * count) - 1];
    }

    private static ByteString encode(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        histogram.encodeIntoCompressedByteBuffer(buffer);
        return ByteString.copyFrom(buffer.flip());
    }
}
