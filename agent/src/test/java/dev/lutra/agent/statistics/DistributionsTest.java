package dev.lutra.agent.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of calls of 1 ms with a tail: a lognormal, whose quantiles are known. */
class DistributionsTest {

    private static final double P99 = 1e6 * Math.exp(0.2 * 2.326348);
    private static final int TRIALS = 400;

    private static double[] p99s(int samples) {
        Random random = new Random(samples);
        return IntStream.range(0, TRIALS).mapToDouble(trial -> Distributions.of(
            random.doubles(samples).map(any -> 1e6 * Math.exp(0.2 * random.nextGaussian())).toArray(), 0.01).getP99Nanos()).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 100, 300, 367})
    void fewSamplesStateNoP99(int samples) {
        assertThat(p99s(samples)).containsOnly(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {368, 1000, 3000})
    void enoughSamplesStateTheTrueOne(int samples) {
        double[] stated = p99s(samples);
        assertThat(Statistics.median(stated)).isCloseTo(P99, within(0.015 * P99));
        double worst = Arrays.stream(stated).map(one -> Math.abs(one / P99 - 1)).max().orElseThrow();
        assertThat(worst).isLessThan(6 / Math.sqrt(samples));
    }
}
