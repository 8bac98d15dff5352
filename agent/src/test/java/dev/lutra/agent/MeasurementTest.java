package dev.lutra.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.proto.Distribution;
import dev.lutra.proto.MeasureRules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/** On a virtual clock: each run takes exactly what the test says. */
class MeasurementTest {

    private static final long MS = 1_000_000;
    private static final MeasureRules RULES = MeasureRules.newBuilder()
            .setMinWarmupRuns(10).setMinWarmupNanos(20 * MS).setMaxWarmupNanos(5_000 * MS)
            .setMinSamples(30).setSliceNanos(100 * MS).setMaxMeasureNanos(20_000 * MS)
            .setTargetRelativeHalfWidth(0.01).build();

    private final Measurement measurement = new Measurement(() -> this.now);
    private final List<Long> latencies = new ArrayList<>();
    private long now = 42;

    private Measurement.Result measure(MeasureRules rules, LongUnaryOperator latencyOfRun) {
        latencies.clear();
        return measurement.measure(() -> {
            long latency = latencyOfRun.applyAsLong(latencies.size());
            latencies.add(latency);
            now += latency;
        }, rules, () -> false).orElseThrow();
    }

    /** The latencies of the runs after the warm-up, in ascending order. */
    private List<Long> sampled(Measurement.Result result) {
        List<Long> samples = new ArrayList<>(latencies.subList((int) result.circumstances().getWarmupRuns(), latencies.size()));
        Collections.sort(samples);
        return samples;
    }

    @Test
    void constantLatencyNeedsOnlyTheMinima() {
        Measurement.Result result = measure(RULES, run -> 5 * MS);

        assertThat(result.circumstances().getSteady()).isTrue();
        assertThat(result.circumstances().getConverged()).isTrue();
        assertThat(result.circumstances().getRules()).isEqualTo(RULES);
        // The first count at which four windows of three runs fit into the latest half, up to one look late.
        assertThat(result.circumstances().getWarmupRuns()).isBetween(24L, 27L);
        assertThat(result.circumstances().getWarmupNanos()).isEqualTo(result.circumstances().getWarmupRuns() * 5 * MS);
        Distribution latency = result.latency();
        assertThat(latency.getSamples()).isEqualTo(30);
        assertThat(latency.getRelativeHalfWidth()).isZero();
        assertThat(List.of(latency.getMinNanos(), latency.getP50Nanos(), latency.getP90Nanos(), latency.getP99Nanos(),
                latency.getP999Nanos(), latency.getMaxNanos())).containsOnly(5 * MS);
        assertThat(latency.getMeanNanos()).isEqualTo(5.0 * MS);
        assertThat(latency.getDeviationNanos()).isZero();
    }

    @Test
    void minimaInTimeAreKept() {
        MeasureRules rules = RULES.toBuilder().setMinWarmupNanos(50 * MS).setSliceNanos(200 * MS).build();

        Measurement.Result result = measure(rules, run -> MS / 10);

        assertThat(result.circumstances().getWarmupNanos()).isBetween(50 * MS, 57 * MS);
        assertThat(result.latency().getSamples()).isBetween(2000L, 2251L);
    }

    @Test
    void aDriftingStartIsWarmedAwayBeforeSampling() {
        // 3 ms that decay to 1 ms over some hundred runs, as caches, clocks and the JIT settle.
        Random random = new Random(3);
        Measurement.Result result = measure(RULES,
                run -> Math.round(MS * (1 + 2 * Math.exp(-run / 150.0)) * (1 + 0.02 * random.nextGaussian())));

        assertThat(result.circumstances().getSteady()).isTrue();
        assertThat(result.circumstances().getWarmupRuns()).isGreaterThan(500);
        assertThat(result.latency().getP50Nanos()).isCloseTo(MS, within(MS / 50));
    }

    @Test
    void warmUpThatNeverSettlesEndsAtItsLimitAndSaysSo() {
        // Falls by half a percent every run for longer than the warm-up may take.
        MeasureRules rules = RULES.toBuilder().setMaxWarmupNanos(300 * MS).build();

        Measurement.Result result = measure(rules, run -> Math.round(10 * MS * Math.pow(0.995, run)));

        assertThat(result.circumstances().getSteady()).isFalse();
        assertThat(result.circumstances().getWarmupNanos()).isBetween(300 * MS, 310 * MS);
    }

    @Test
    void aSlowFallWithinTheAgreementIsStillATrend() {
        SteadyState steadyState = new SteadyState(1000);
        long[] falling = new long[800];
        long[] flat = new long[800];
        for (int i = 0; i < 800; i++) {
            falling[i] = 100_000 - 8L * i;
            flat[i] = 100_000 + (i % 7) * 300;
        }

        assertThat(steadyState.reached(falling, 800)).isFalse();
        assertThat(steadyState.reached(flat, 800)).isTrue();
        assertThat(steadyState.reached(flat, 23)).isFalse();
    }

    @Test
    void moreNoiseTakesMoreSamplesToTheSameInterval() {
        Random random = new Random(5);
        Measurement.Result quiet = measure(RULES, run -> Math.round(MS * (1 + 0.02 * random.nextGaussian())));
        Measurement.Result noisy = measure(RULES, run -> Math.round(MS * (1 + 0.15 * random.nextGaussian())));

        assertThat(quiet.circumstances().getConverged()).isTrue();
        assertThat(noisy.circumstances().getConverged()).isTrue();
        assertThat(noisy.latency().getRelativeHalfWidth()).isBetween(0.008, 0.01);
        // (1.96 · 1.2533 · 15 %/1 %)² ≈ 1358
        assertThat(noisy.latency().getSamples()).isBetween(1200L, 2100L);
        assertThat(quiet.latency().getSamples()).isLessThan(150);
        assertThat(noisy.latency().getDeviationNanos()).isCloseTo(0.15 * MS, within(0.015 * MS));
    }

    @Test
    void noiseBeyondTheLimitIsReportedAsNotConverged() {
        Random random = new Random(6);
        MeasureRules rules = RULES.toBuilder().setMaxMeasureNanos(200 * MS).build();

        Measurement.Result result = measure(rules, run -> Math.round(MS * Math.exp(0.5 * random.nextGaussian())));

        assertThat(result.circumstances().getConverged()).isFalse();
        assertThat(result.latency().getRelativeHalfWidth()).isGreaterThan(0.01);
        assertThat(result.latency().getSamples()).isBetween(100L, 300L);
    }

    @Test
    void oneRunLongerThanAllLimitsStillCounts() {
        Measurement.Result result = measure(RULES, run -> 60_000 * MS);

        assertThat(result.circumstances().getWarmupRuns()).isEqualTo(1);
        assertThat(result.latency().getSamples()).isEqualTo(1);
        assertThat(result.latency().getP50Nanos()).isEqualTo(60_000 * MS);
        assertThat(result.latency().getRelativeHalfWidth()).isInfinite();
        assertThat(result.circumstances().getConverged()).isFalse();
    }

    @Test
    void aHeavyTailMovesTheHighQuantilesNotTheMedian() {
        Random random = new Random(7);
        MeasureRules rules = RULES.toBuilder().setMinSamples(5000).build();

        Measurement.Result result = measure(rules, run -> random.nextInt(50) == 0
                ? 40 * MS : Math.round(MS * (1 + 0.01 * random.nextGaussian())));

        Distribution latency = result.latency();
        assertThat(latency.getP50Nanos()).isCloseTo(MS, within(MS / 100));
        assertThat(latency.getP90Nanos()).isLessThan(2 * MS);
        assertThat(latency.getP99Nanos()).isEqualTo(40 * MS);
        assertThat(latency.getMeanNanos()).isCloseTo(0.98 * MS + 0.02 * 40 * MS, within(0.2 * MS));
    }

    @Test
    void quantilesAreNearestRanksAndTheHistogramHoldsTheSameSamples() throws Exception {
        Random random = new Random(8);
        Measurement.Result result = measure(RULES, run -> Math.round(MS * (1 + random.nextDouble())));

        List<Long> samples = sampled(result);
        Distribution latency = result.latency();
        int n = samples.size();
        assertThat(latency.getSamples()).isEqualTo(n);
        assertThat(latency.getMinNanos()).isEqualTo(samples.get(0));
        assertThat(latency.getP50Nanos()).isEqualTo(samples.get((n - 1) / 2));
        assertThat(latency.getP90Nanos()).isEqualTo(samples.get((int) Math.ceil(0.9 * n) - 1));
        assertThat(latency.getP99Nanos()).isEqualTo(samples.get((int) Math.ceil(0.99 * n) - 1));
        assertThat(latency.getMaxNanos()).isEqualTo(samples.get(n - 1));
        assertThat(latency.getMeanNanos())
                .isCloseTo(samples.stream().mapToLong(Long::longValue).average().orElseThrow(), within(1e-3));

        Histogram histogram = Histogram.decodeFromCompressedByteBuffer(latency.getHistogram().asReadOnlyByteBuffer(), 0);
        assertThat(histogram.getTotalCount()).isEqualTo(n);
        assertThat(histogram.getNumberOfSignificantValueDigits()).isEqualTo(3);
        assertThat(histogram.getValueAtPercentile(90)).isCloseTo(latency.getP90Nanos(), within(latency.getP90Nanos() / 1000));
        assertThat(histogram.getMaxValue()).isCloseTo(latency.getMaxNanos(), within(latency.getMaxNanos() / 1000));
    }

    /** Stopping when the interval is narrow enough is a choice that depends on the data; it must not make the interval lie. */
    @Test
    void intervalsThatEndedTheSamplingStillCoverTheTrueMedian() {
        Random random = new Random(9);
        int trials = 5000;
        int covered = 0;
        MeasureRules rules = RULES.toBuilder().setSliceNanos(0).setTargetRelativeHalfWidth(0.02).build();
        for (int trial = 0; trial < trials; trial++) {
            Measurement.Result result = measure(rules, run -> Math.round(MS * (1 + 0.2 * (random.nextDouble() - 0.5))));
            List<Long> samples = sampled(result);
            int rank = MedianInterval.lowerRank(samples.size());
            covered += samples.get(rank - 1) <= MS && MS <= samples.get(samples.size() - rank) ? 1 : 0;
        }
        assertThat(covered / (double) trials).isBetween(0.937, 0.97);
    }

    @Test
    void moreRunsThanMemoryHoldsAreWarmedUpAndSampledToTheLimit() {
        MeasureRules rules = RULES.toBuilder().setMinWarmupRuns(0).setMinWarmupNanos(0).setMaxWarmupNanos(2 * MS)
                .setSliceNanos(10_000 * MS).build();

        // Ever faster, so the warm-up never settles; one nanosecond each in the end.
        Measurement.Result result = measure(rules, run -> run < Measurement.MAX_SAMPLES ? 1 + run % 2 * 2 : 1);

        assertThat(result.circumstances().getWarmupNanos()).isGreaterThanOrEqualTo(20);
        assertThat(result.latency().getSamples()).isEqualTo(Measurement.MAX_SAMPLES);
        assertThat(result.circumstances().getConverged()).isFalse();
    }

    @Test
    void abandonedMeasurementsHaveNoResult() {
        Optional<Measurement.Result> inWarmUp = measurement.measure(() -> now += MS, RULES, () -> now > 5 * MS);
        long start = now;
        Optional<Measurement.Result> inSampling = measurement.measure(() -> now += MS, RULES, () -> now > start + 40 * MS);

        assertThat(inWarmUp).isEmpty();
        assertThat(inSampling).isEmpty();
        assertThat(now - start).isLessThan(45 * MS);
    }

    @Test
    void rulesThatContradictThemselvesAreATaskFailure() {
        MeasureRules rules = RULES.toBuilder().setMaxMeasureNanos(MS).build();

        assertThatThrownBy(() -> measure(rules, run -> MS)).isInstanceOf(TaskFailure.class)
                .hasMessage("rules: 30 samples, 100000000 to 1000000 ns (expected: nothing negative, minimum ≤ maximum)");
        assertThatThrownBy(() -> measure(RULES.toBuilder().setTargetRelativeHalfWidth(0).build(), run -> MS))
                .hasMessageContaining("target_relative_half_width: 0.0 (expected: > 0)");
    }
}
