package dev.lutra.agent.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Load;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** On a clock that only moves when a request is answered or waited for. */
class LoadRunTest {

    private static final long MS = 1_000_000;

    private long now = 7;
    private long number;

    private static Load load(double rate, long millis) {
        return Load.newBuilder().setRequestsPerSecond(rate).setDurationNanos(millis * MS).build();
    }

    /** @param service what answering takes, by the number of the request */
    private long[] latencies(Load load, LongUnaryOperator service) {
        Sampler.Samples samples = LoadRun.sample(() -> now += service.applyAsLong(number++), load, () -> now,
            due -> now = Math.max(now, due));
        return samples.nanos();
    }

    private static boolean keptUp(long[] latencies, Load load) {
        return LoadRun.keptUp(Arrays.stream(latencies).boxed().toList(), load);
    }

    @Test
    void anIdleDeviceIsChargedWithTheAnswerAlone() {
        assertThat(latencies(load(100, 1000), i -> 2 * MS)).hasSize(100).containsOnly(2 * MS);
        assertThat(now).as("the last was due after 990 ms").isEqualTo(7 + 992 * MS);
    }

    /** Back to back, the stall would be one sample of 100 ms among 2 ms ones, and p90 would not know of it. */
    @Test
    void aStallIsChargedToAllThatWaitedBehindIt() {
        Load load = load(100, 1000);
        long[] latencies = latencies(load, i -> i == 20 ? 100 * MS : 2 * MS);

        long[] late = Arrays.stream(latencies).filter(nanos -> nanos > 2 * MS).toArray();
        assertThat(late).containsExactly(100 * MS, 92 * MS, 84 * MS, 76 * MS, 68 * MS, 60 * MS, 52 * MS, 44 * MS, 36 * MS,
            28 * MS, 20 * MS, 12 * MS, 4 * MS);
        Arrays.sort(latencies);
        assertThat(latencies[94]).as("p95").isGreaterThan(50 * MS);
        assertThat(keptUp(latencies(load, i -> 2 * MS), load)).isTrue();
    }

    @Test
    void aDeviceThatRecoversHasKeptUp() {
        Load load = load(100, 1000);

        assertThat(keptUp(latencies(load, i -> i == 20 ? 100 * MS : 2 * MS), load)).isTrue();
        number = 0;
        assertThat(keptUp(latencies(load, i -> i == 80 ? 100 * MS : 2 * MS), load)).isTrue();
    }

    @Test
    void aDeviceThatIsTooSlowHasNot() {
        Load load = load(100, 10_000);

        long[] latencies = latencies(load, i -> 10 * MS + MS / 10);
        assertThat(latencies).hasSize(1000);
        assertThat(latencies[999]).isEqualTo(10 * MS + 1000 * MS / 10);
        assertThat(keptUp(latencies, load)).isFalse();
        number = 0;
        assertThat(keptUp(latencies(load, i -> 10 * MS - MS / 10), load)).isTrue();
    }

    /** 1000 requests of 10 ms in one second: 200 are answered within two, the others waited at least so long. */
    @Test
    void thoseNotAnsweredInTimeAreCountedAsTheyStand() {
        Load load = load(1000, 1000);
        long[] latencies = latencies(load, i -> 10 * MS);

        assertThat(number).isEqualTo(200);
        assertThat(now).isEqualTo(7 + 2000 * MS);
        assertThat(latencies).hasSize(1000);
        assertThat(latencies[199]).isEqualTo(2000 * MS - 199 * MS);
        assertThat(latencies[200]).isEqualTo(2000 * MS - 200 * MS);
        assertThat(latencies[999]).isEqualTo(2000 * MS - 999 * MS);
        assertThat(keptUp(latencies, load)).isFalse();
    }

    @Test
    void ratesThatDoNotDivideASecondDoNotDrift() {
        long[] latencies = latencies(load(3, 100_000), i -> 0);

        assertThat(latencies).hasSize(300).containsOnly(0);
        assertThat(now).isEqualTo(7 + (long) (299 * (1e9 / 3)));
        assertThat(LoadRun.keptUp(List.of(5L), load(3, 400))).isTrue();
    }
}
