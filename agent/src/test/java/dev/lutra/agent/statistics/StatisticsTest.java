package dev.lutra.agent.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatisticsTest {

    @Test
    void quantilesLieBetweenNeighbours() {
        double[] values = {40, 10, 30, 20};

        assertThat(Statistics.quantile(values, 0)).isEqualTo(10);
        assertThat(Statistics.quantile(values, 1)).isEqualTo(40);
        assertThat(Statistics.quantile(values, 0.2)).isCloseTo(16, within(1e-9));
        assertThat(Statistics.median(values)).isEqualTo(25);
        assertThat(Statistics.median(new double[]{7})).isEqualTo(7);
        assertThat(values).containsExactly(40, 10, 30, 20);
    }

    @Test
    void variancesAreUnbiased() {
        assertThat(Statistics.variance(new double[]{1, 2, 3, 4})).isCloseTo(5.0 / 3, within(1e-12));
        assertThat(Statistics.variance(new double[]{5})).isZero();
    }

    @ParameterizedTest
    @CsvSource({"3, 3.182", "5, 2.571", "7, 2.365", "10, 2.228", "30, 2.042", "1e9, 1.960"})
    void studentsPointsAreThoseOfTheTables(double degreesOfFreedom, double point) {
        assertThat(Statistics.student975(degreesOfFreedom)).isCloseTo(point, within(0.01 * point));
    }
}
