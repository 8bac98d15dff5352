package dev.lutra.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MedianIntervalTest {

    /** The usual textbook table of 95 % sign-test ranks. */
    @ParameterizedTest
    @CsvSource({"5, 0", "6, 1", "8, 1", "9, 2", "10, 2", "20, 6", "25, 8", "50, 18", "100, 40", "1000, 469"})
    void lowerRanksAreThoseOfTheSignTest(int count, int rank) {
        assertThat(MedianInterval.lowerRank(count)).isEqualTo(rank);
    }

    @Test
    void theNormalApproximationContinuesTheExactRanks() {
        assertThat(MedianInterval.lowerRank(1001)).isBetween(469, 470);
    }

    @Test
    void endsLieSymmetricallyAroundTheMedian() {
        long[] sorted = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, -1};

        MedianInterval interval = MedianInterval.of(sorted, 10);

        assertThat(interval).isEqualTo(new MedianInterval(20, 50, 90, Long.MIN_VALUE, Long.MAX_VALUE));
        assertThat(interval.relativeHalfWidth()).isEqualTo(0.7);
        assertThat(interval.narrowerThan(0.7)).isFalse();
    }

    @Test
    void stoppingNeedsTheWiderIntervalToAgree() {
        long[] sorted = new long[100];
        Arrays.setAll(sorted, i -> 1000 + i);
        long[] ragged = sorted.clone();
        Arrays.fill(ragged, 0, 36, 1);

        // Ranks 40 to 61 and 34 to 67.
        assertThat(MedianInterval.of(sorted, 100)).isEqualTo(new MedianInterval(1039, 1049, 1060, 1033, 1066));
        assertThat(MedianInterval.of(sorted, 100).narrowerThan(0.0101)).isTrue();
        assertThat(MedianInterval.of(sorted, 100).narrowerThan(0.0099)).isFalse();
        assertThat(MedianInterval.of(ragged, 100).relativeHalfWidth()).isLessThan(0.0101);
        assertThat(MedianInterval.of(ragged, 100).narrowerThan(0.0101)).isFalse();
    }

    @Test
    void fiveSamplesHaveNoInterval() {
        assertThat(MedianInterval.of(new long[] {7, 7, 7, 7, 7}, 5).relativeHalfWidth()).isInfinite();
    }

    /** 4000 sets of samples of a skewed distribution whose median is known; three standard errors of the count are 1 %. */
    @ParameterizedTest
    @ValueSource(ints = {6, 31, 100, 1500})
    void coversTheTrueMedianAsOftenAsItSays(int count) {
        Random random = new Random(17);
        double median = 1e6;
        int trials = 4000;
        int covered = 0;
        for (int trial = 0; trial < trials; trial++) {
            long[] samples = new long[count];
            Arrays.setAll(samples, i -> Math.round(median * Math.exp(0.3 * random.nextGaussian())));
            Arrays.sort(samples);
            MedianInterval interval = MedianInterval.of(samples, count);
            covered += interval.lower() <= median && median <= interval.upper() ? 1 : 0;
        }
        // Ranks are whole numbers, so the interval may say more than 95 %, most of all for few samples (6: 96.9 %).
        assertThat(covered / (double) trials).isBetween(0.94, 0.98);
    }
}
