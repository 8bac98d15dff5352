package dev.lutra.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
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
        assertThat(Statistics.median(new double[] {7})).isEqualTo(7);
        assertThat(values).containsExactly(40, 10, 30, 20);
    }

    @Test
    void variancesAreUnbiased() {
        assertThat(Statistics.variance(new double[] {1, 2, 3, 4})).isCloseTo(5.0 / 3, within(1e-12));
        assertThat(Statistics.variance(new double[] {5})).isZero();
    }

    /** Means of pairs: 1, 2, 3, 1.5, 2, 2.5. */
    @Test
    void theHodgesLehmannEstimateIsTheMedianOfPairMeans() {
        assertThat(Statistics.hodgesLehmann(new double[] {1, 2, 3})).isEqualTo(2);
        assertThat(Statistics.hodgesLehmann(new double[] {1, 2, 1000})).isEqualTo((2 + 500.5) / 2);
        assertThat(Statistics.hodgesLehmann(new double[] {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1e9, 1e9})).isLessThan(1);
        assertThat(Statistics.hodgesLehmann(new double[] {4})).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"3, 3.182", "5, 2.571", "7, 2.365", "10, 2.228", "30, 2.042", "1e9, 1.960"})
    void studentsPointsAreThoseOfTheTables(double degreesOfFreedom, double point) {
        assertThat(Statistics.student975(degreesOfFreedom)).isCloseTo(point, within(0.01 * point));
    }

    /** A task that may stop when its interval is narrow, among fifteen others; the truth is 0. */
    @ParameterizedTest
    @CsvSource({"0.01, false", "0.01, true", "0.02, false"})
    void intervalsThatEndTheMeasuringStillCoverTheTruth(double target, boolean heavyTails) {
        Random random = new Random(21);
        int covered = 0;
        int rounds = 0;
        int trials = 300;
        for (int trial = 0; trial < trials; trial++) {
            double[][] tasks = new double[16][0];
            double[] deviations = new double[tasks.length];
            Arrays.setAll(deviations, i -> 0.008 * Math.pow(3.75, random.nextDouble()));
            int open = tasks.length;
            while (open > 0) {
                Spread spread = new Spread();
                for (int i = 0; i < tasks.length; i++) {
                    if (deviations[i] > 0) {
                        tasks[i] = Arrays.copyOf(tasks[i], tasks[i].length + 1);
                        tasks[i][tasks[i].length - 1] = deviations[i] * noise(random, heavyTails);
                    }
                    spread.add(tasks[i]);
                }
                for (int i = 0; i < tasks.length; i++) {
                    double halfWidth = spread.relativeHalfWidth(tasks[i]);
                    if (deviations[i] > 0 && tasks[i].length >= 3 && halfWidth <= target) {
                        covered += Math.abs(Statistics.hodgesLehmann(tasks[i])) <= halfWidth ? 1 : 0;
                        rounds += tasks[i].length;
                        deviations[i] = 0;
                        open--;
                    }
                }
            }
        }
        assertThat(covered / (16.0 * trials)).isBetween(0.945, 0.99);
        assertThat(rounds / (16.0 * trials)).isLessThan(20);
    }

    /** Of variance 1: normal, or Student's t with five degrees of freedom. */
    private static double noise(Random random, boolean heavyTails) {
        if (!heavyTails) {
            return random.nextGaussian();
        }
        double squares = 0;
        for (int i = 0; i < 5; i++) {
            double normal = random.nextGaussian();
            squares += normal * normal;
        }
        return random.nextGaussian() / Math.sqrt(squares / 5) / Math.sqrt(5.0 / 3);
    }

    @Test
    void aSingleRoundHasNoIntervalAndTwoThatAgreeByLuckAWideOne() {
        Spread spread = new Spread();

        assertThat(spread.relativeHalfWidth(new double[] {1})).isInfinite();
        assertThat(spread.relativeHalfWidth(new double[] {1, 1})).isBetween(0.02, 0.05);
    }

    @Test
    void tasksShareWhatTheyKnowOfTheMachine() {
        Spread spread = new Spread();
        double before = spread.relativeHalfWidth(new double[] {0, 0, 0, 0});
        Random random = new Random(3);
        for (int i = 0; i < 40; i++) {
            spread.add(random.doubles(8).map(uniform -> 0.1 * uniform).toArray());
        }
        assertThat(spread.deviation()).isCloseTo(0.1 / Math.sqrt(12), within(0.002));
        assertThat(spread.relativeHalfWidth(new double[] {0, 0, 0, 0})).isGreaterThan(1.5 * before);
        assertThat(new Spread().relativeHalfWidth(new double[] {0, 0, 0, 0})).isEqualTo(before);
    }

    @Test
    void theNoiseOfAMeanIsThatOfIndependentReadingsHoweverTheyDrift() {
        Random random = new Random(3);
        double[] readings = new double[4000];
        for (int i = 0; i < readings.length; i++) {
            readings[i] = Math.sin(i / 300.0) + 0.1 * random.nextGaussian();
        }
        assertThat(Statistics.noiseOfMean(readings)).isCloseTo(0.01 / readings.length, within(0.0006 / readings.length));
        assertThat(Statistics.noiseOfMean(new double[] {1})).isZero();
    }
}
