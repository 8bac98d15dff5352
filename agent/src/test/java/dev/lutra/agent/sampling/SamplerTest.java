package dev.lutra.agent.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** On a virtual clock: each run takes exactly what the test says. */
class SamplerTest {

    private static final long MS = 1_000_000;
    private static final MeasureRules RULES = MeasureRules.newBuilder()
        .setMinWarmupRuns(10).setMinWarmupNanos(20 * MS).setMaxWarmupNanos(5_000 * MS)
        .setMinSamples(30).setSliceNanos(100 * MS).setMaxMeasureNanos(20_000 * MS)
        .setTargetRelativeHalfWidth(0.01).build();

    private final Sampler sampler = new Sampler(() -> this.now);
    private final List<Long> latencies = new ArrayList<>();
    private long now = 42;

    private Runnable workload(LongUnaryOperator latencyOfRun) {
        latencies.clear();
        return () -> {
            long latency = latencyOfRun.applyAsLong(latencies.size());
            latencies.add(latency);
            now += latency;
        };
    }

    @Test
    void constantLatencyNeedsOnlyTheMinima() {
        Sampler.WarmUp warmUp = sampler.warmUp(workload(run -> 5 * MS), RULES);

        // The first count at which four windows of three runs fit into the latest half, up to one look late.
        assertThat(warmUp.runs()).isBetween(24L, 27L);
        assertThat(warmUp.nanos()).isEqualTo(warmUp.runs() * 5 * MS);
        assertThat(warmUp.steady()).isTrue();
    }

    @Test
    void slowModelsNeedFewerRuns() {
        Sampler.WarmUp warmUp = sampler.warmUp(workload(run -> (run == 0 ? 20 : 7) * MS), RULES);

        assertThat(warmUp.steady()).isTrue();
        assertThat(warmUp.runs()).isBetween(9L, 12L);
        assertThat(sampler.warmUp(workload(run -> (run < 8 ? 8 : 7) * MS), RULES).runs()).isGreaterThan(14);
    }

    @Test
    void aWarmUpKeepsItsMinima() {
        assertThat(sampler.warmUp(workload(run -> MS / 10), RULES.toBuilder().setMinWarmupNanos(50 * MS).build()).nanos())
            .isBetween(50 * MS, 57 * MS);
        assertThat(sampler.warmUp(workload(run -> MS), RULES.toBuilder().setMinWarmupRuns(400).build()).runs())
            .isBetween(400L, 450L);
    }

    @Test
    void aDriftingStartIsWarmedAway() {
        // 3 ms that decay to 1 ms over some hundred runs, as caches, clocks and the JIT settle.
        Random random = new Random(3);
        Sampler.WarmUp warmUp = sampler.warmUp(workload(
            run -> Math.round(MS * (1 + 2 * Math.exp(-run / 150.0)) * (1 + 0.02 * random.nextGaussian()))), RULES);

        assertThat(warmUp.steady()).isTrue();
        assertThat(warmUp.runs()).isGreaterThan(500);
        assertThat((double) latencies.get(latencies.size() - 1)).isCloseTo(MS, within(0.1 * MS));
    }

    @Test
    void warmUpThatNeverSettlesEndsAtItsLimitAndSaysSo() {
        // Falls by half a percent every run for longer than the warm-up may take.
        Sampler.WarmUp warmUp = sampler.warmUp(workload(run -> Math.round(10 * MS * Math.pow(0.995, run))),
            RULES.toBuilder().setMaxWarmupNanos(300 * MS).build());

        assertThat(warmUp.steady()).isFalse();
        assertThat(warmUp.nanos()).isBetween(300 * MS, 310 * MS);
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
    void aSliceIsAsLongAsTheRulesSayAndKeepsEveryRunInOrder() {
        Sampler.Samples samples = sampler.sample(workload(run -> MS + run), RULES);

        assertThat(samples.nanos()).containsExactly(latencies.stream().mapToLong(Long::longValue).toArray());
        assertThat(samples.elapsedNanos()).isEqualTo(latencies.stream().mapToLong(Long::longValue).sum())
            .isBetween(100 * MS, 101 * MS + 100);
    }

    @Test
    void slowRunsMakeASliceLongerUpToTheLeastNumberOfSamples() {
        assertThat(sampler.sample(workload(run -> 50 * MS), RULES).nanos()).hasSize(30);
    }

    @Test
    void oneRunLongerThanAllLimitsStillCounts() {
        Runnable workload = workload(run -> 60_000 * MS);

        assertThat(sampler.warmUp(workload, RULES)).isEqualTo(new Sampler.WarmUp(1, 60_000 * MS, false));
        assertThat(sampler.sample(workload, RULES).nanos()).containsExactly(60_000 * MS);
    }

    @Test
    void moreRunsThanMemoryHoldsAreWarmedUpAndSampledToTheLimit() {
        MeasureRules rules = RULES.toBuilder().setMinWarmupRuns(0).setMinWarmupNanos(0).setMaxWarmupNanos(2 * MS)
            .setSliceNanos(10_000 * MS).build();
        // The warm-up never settles; one nanosecond each in the end.
        Runnable workload = workload(run -> run < Sampler.MAX_SAMPLES ? 1 + run % 2 * 2 : 1);

        assertThat(sampler.warmUp(workload, rules).runs()).isGreaterThanOrEqualTo(20);
        assertThat(sampler.sample(workload, rules).nanos()).hasSize(Sampler.MAX_SAMPLES);
    }

    @Test
    void whatReadingTheClockTakesIsTheLeastMeanOfManyBatches() {
        long[] reads = {0};
        // 20 ns a read, and a millisecond now and then when something else has the core.
        Sampler onSlowClock = new Sampler(() -> now += ++reads[0] % 1500 == 0 ? MS : 20);

        assertThat(onSlowClock.clockOverheadNanos()).isEqualTo(20);
    }
}
