package dev.lutra.search.surrogate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.apache.commons.math3.analysis.integration.SimpsonIntegrator;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WarpTest {

    private static final double[] ACCURACIES = {0.71, 0.8, 0.83, 0.9, 0.915};

    @Test
    void targetsAreStandardAndReadBack() {
        for (Warp warp : Warp.of(ACCURACIES)) {
            double[] targets = warp.targets(ACCURACIES);
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < targets.length; i++) {
                sum += targets[i];
                squares += targets[i] * targets[i];
                assertThat(warp.accuracy(targets[i])).isCloseTo(ACCURACIES[i], within(1e-12));
                assertThat(warp.slope(ACCURACIES[i])).isCloseTo(
                    (warp.target(ACCURACIES[i] + 1e-6) - warp.target(ACCURACIES[i] - 1e-6)) / 2e-6, within(1e-4));
            }
            assertThat(sum).isCloseTo(0, within(1e-9));
            assertThat(squares / targets.length).isCloseTo(1, within(1e-9));
        }
    }

    /** The excess against its integral. */
    @ParameterizedTest
    @CsvSource({"0.5, 0.3, 0.88", "-1, 0.5, 0.9", "2, 1.2, 0.91", "0, 0.05, 0.7", "1.5, 0.4, 0.93"})
    void excessIsTheExpectedGainOverABound(double mean, double deviation, double bound) {
        Warp warp = Warp.of(ACCURACIES).get(2);
        NormalDistribution normal = new NormalDistribution(mean, deviation);
        double expected = new SimpsonIntegrator(1e-10, 1e-12, 5, 30).integrate(10_000_000,
            target -> Math.max(0, warp.accuracy(target) - bound) * normal.density(target), mean - 9 * deviation, mean + 9 * deviation);
        assertThat(warp.excess(mean, deviation, bound)).isCloseTo(expected, within(1e-7 + 1e-5 * expected));
    }

    @Test
    void nothingExceedsTheTop() {
        Warp warp = Warp.of(ACCURACIES).get(0);
        assertThat(warp.excess(3, 1, warp.top())).isZero();
        assertThat(warp.excess(0, 1, 0.914)).isPositive();
    }

    @ParameterizedTest
    @CsvSource({"-8", "-3.5", "-1", "0", "0.3", "2", "6"})
    void normalIsTheNormalDistributionInItsTailsToo(double value) {
        double expected = new NormalDistribution().cumulativeProbability(value);
        assertThat(Normal.below(value)).isCloseTo(expected, within(1e-12 + 1e-6 * expected));
    }
}
