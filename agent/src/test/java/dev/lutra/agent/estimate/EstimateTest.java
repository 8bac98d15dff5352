package dev.lutra.agent.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EstimateTest {

    /** Slices taken with both sentinels at their reference. */
    private static Estimate estimate(Spread spread, double... logLatencies) {
        return Estimate.of(inProcesses(logLatencies, 1), scaling(spread, new SlopesOverTasks()));
    }

    /** Slices taken at the reference, so many after each other in a process. */
    private static List<Observation> inProcesses(double[] logLatencies, int slicesOfAProcess) {
        return IntStream.range(0, logLatencies.length)
            .mapToObj(i -> new Observation(logLatencies[i], 0, 0, 0, i / slicesOfAProcess)).toList();
    }

    private static Scaling scaling(Spread spread, SlopesOverTasks following) {
        return new Scaling(Scaling.Reference.NONE, spread, new ProcessEffect(), following.core(), following.memory());
    }

    /** Of a task whose latency at the reference is 1: slices while the core and the memory were off by so much. */
    private static List<Observation> slices(Random random, double core, double memory, double noise, double[]... offs) {
        List<Observation> slices = new ArrayList<>();
        for (double[] off : offs) {
            slices.add(new Observation(core * off[0] + memory * off[1] + noise * random.nextGaussian(), off[0], off[1],
                Math.max(Math.abs(off[0]), Math.abs(off[0] + off[1])), slices.size()));
        }
        return slices;
    }

    private static double[][] offs(Random random, int count, double core, double memory) {
        double[][] offs = new double[count][];
        Arrays.setAll(offs, i -> new double[]{core * random.nextDouble(), memory * random.nextDouble()});
        return offs;
    }

    @Test
    void outliersHardlyMoveIt() {
        assertThat(estimate(new Spread(), 0, 0.001, -0.001, 0.002, 0.5).logNanos()).isBetween(0.0, 0.01);
    }

    @Test
    void slicesAtManySpeedsTellHowTheTaskFollowsEach() {
        Random random = new Random(1);
        List<Observation> slices = slices(random, 1, 0, 0.005, offs(random, 40, 0.1, 0.1));
        Estimate estimate = Estimate.of(slices, scaling(new Spread(), new SlopesOverTasks()));

        assertThat(estimate.logNanos()).isCloseTo(0, within(estimate.halfWidth()));
        assertThat(estimate.halfWidth()).isLessThan(0.011);
        Regression fit = Regression.of(slices, 0.005 * 0.005, new SlopesOverTasks().core(), new SlopesOverTasks().memory());
        assertThat(fit.core().mean()).isCloseTo(1, within(3 * Math.sqrt(fit.core().variance())));
        assertThat(fit.memory().mean()).isCloseTo(0, within(3 * Math.sqrt(fit.memory().variance())));
    }

    @Test
    void slicesAtOneSpeedFarFromTheReferenceLeaveTheDoubtThatNothingLessens() {
        double[][] slow = new double[200][];
        Arrays.fill(slow, new double[]{0, 0.1});
        Estimate estimate = Estimate.of(slices(new Random(2), 0, 0.3, 0.01, slow), scaling(new Spread(), new SlopesOverTasks()));

        assertThat(estimate.halfWidth()).isBetween(0.05, 0.13);
        assertThat(estimate.logNanos()).isCloseTo(0, within(estimate.halfWidth()));
    }

    /** What a state that lasts does to a task, its own slices do not tell, however much else comes and goes. */
    @Test
    void aRunAwayFromTheReferenceIsComparedWithOtherRunsByThat() {
        double[][] near = offs(new Random(5), 100, 0.02, 0.02);
        double[][] away = Arrays.stream(near).map(off -> new double[]{off[0] + 0.06, off[1]}).toArray(double[][]::new);
        Estimate there = Estimate.of(slices(new Random(6), 1, 0.5, 0.005, near), scaling(new Spread(), new SlopesOverTasks()));
        Estimate off = Estimate.of(slices(new Random(6), 1, 0.5, 0.005, away), scaling(new Spread(), new SlopesOverTasks()));

        assertThat(there.betweenRuns()).isBetween(0.01, 0.02);
        assertThat(off.betweenRuns()).isBetween(0.04, 0.07);
        assertThat(off.halfWidth()).isLessThan(0.9 * off.betweenRuns());
    }

    @Test
    void tasksTellOfEachOtherHowTheyFollow() {
        Random random = new Random(3);
        SlopesOverTasks following = new SlopesOverTasks();
        for (int task = 0; task < 30; task++) {
            following.add(slices(random, 1, 0, 0.01, offs(random, 10, 0.1, 0.2)), 0.01 * 0.01);
        }
        assertThat(following.core().mean()).isCloseTo(1, within(0.1));
        assertThat(following.memory().mean()).isCloseTo(0, within(0.05));
        assertThat(following.memory().variance()).isLessThan(0.02);

        double[][] slow = new double[8][];
        Arrays.fill(slow, new double[]{0, 0.1});
        List<Observation> slices = slices(random, 1, 0, 0.005, slow);
        assertThat(Estimate.of(slices, scaling(new Spread(), following)).betweenRuns())
            .isLessThan(0.9 * Estimate.of(slices, scaling(new Spread(), new SlopesOverTasks())).betweenRuns());
    }

    @Test
    void tasksThatDifferInHowTheyFollowLeaveTheNextOneOpen() {
        Random random = new Random(4);
        SlopesOverTasks following = new SlopesOverTasks();
        for (int task = 0; task < 60; task++) {
            following.add(slices(random, 1, task % 2, 0.005, offs(random, 10, 0.1, 0.2)), 0.005 * 0.005);
        }
        assertThat(following.memory().mean()).isCloseTo(0.5, within(0.1));
        assertThat(Math.sqrt(following.memory().variance())).isCloseTo(0.5, within(0.1));
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
                    Estimate estimate = estimate(spread, tasks[i]);
                    if (deviations[i] > 0 && tasks[i].length >= 3 && estimate.halfWidth() <= target) {
                        covered += Math.abs(estimate.logNanos()) <= estimate.halfWidth() ? 1 : 0;
                        rounds += tasks[i].length;
                        deviations[i] = 0;
                        open--;
                    }
                }
            }
        }
        assertThat(covered / (16.0 * trials)).isBetween(0.945, 0.99);
        assertThat(rounds / (16.0 * trials)).isLessThan(22);
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

    /** Of variance between processes, as a multiple of that within one: none, a fifth, as much. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.2, 1})
    void whatSlicesOfAProcessHaveInCommonIsFound(double ratio) {
        Random random = new Random(8);
        ProcessEffect effect = new ProcessEffect();
        for (int task = 0; task < 60; task++) {
            double[] logs = new double[12];
            double process = 0;
            for (int i = 0; i < logs.length; i++) {
                process = i % 3 == 0 ? 0.01 * Math.sqrt(ratio) * random.nextGaussian() : process;
                logs[i] = process + 0.01 * random.nextGaussian();
            }
            effect.add(inProcesses(logs, 3), logs);
        }
        assertThat(effect.ratio()).isCloseTo(ratio, within(0.1 + 0.25 * ratio));
    }

    @Test
    void slicesOfOneProcessTellLessThanSlicesOfMany() {
        double[] logs = new Random(9).doubles(14, -0.01, 0.01).toArray();
        Scaling scaling = scaling(new Spread(), new SlopesOverTasks());
        double apart = Estimate.of(inProcesses(logs, 1), scaling).halfWidth();
        assertThat(Estimate.of(inProcesses(logs, 14), scaling).halfWidth()).isBetween(2.7 * apart, 2.95 * apart);
        assertThat(Estimate.of(inProcesses(logs, 2), scaling).halfWidth()).isBetween(1.1 * apart, 1.25 * apart);
    }

    @Test
    void aSingleRoundHasNoIntervalAndTwoThatAgreeByLuckAWideOne() {
        Spread spread = new Spread();

        assertThat(estimate(spread, 1).halfWidth()).isInfinite();
        assertThat(estimate(spread, 1, 1).halfWidth()).isBetween(0.008, 0.05);
    }

    @Test
    void tasksShareWhatTheyKnowOfTheMachine() {
        Spread spread = new Spread();
        double before = estimate(spread, 0, 0, 0, 0).halfWidth();
        Random random = new Random(3);
        for (int i = 0; i < 40; i++) {
            spread.add(random.doubles(8).map(uniform -> 0.1 * uniform).toArray());
        }
        assertThat(Math.sqrt(spread.variance())).isCloseTo(0.1 / Math.sqrt(12), within(0.002));
        assertThat(estimate(spread, 0, 0, 0, 0).halfWidth()).isGreaterThan(1.5 * before);
        assertThat(estimate(new Spread(), 0, 0, 0, 0).halfWidth()).isEqualTo(before);
    }

    /** A table of figures by two rules is refused by their names alone: who changes a figure here gives the estimator another number. */
    @Test
    void rulesThatGiveOtherFiguresHaveAnotherName() {
        Random random = new Random(31);
        Spread spread = new Spread();
        SlopesOverTasks following = new SlopesOverTasks();
        ProcessEffect processes = new ProcessEffect();
        for (int task = 0; task < 12; task++) {
            List<Observation> slices = threeOfEachProcess(slices(random, 1, 0.4, 0.004 + 0.001 * task, offs(random, 9, 0.08, 0.1)));
            double[] residuals = Regression.of(slices, spread.variance(), following.core(), following.memory()).residuals();
            spread.add(residuals);
            processes.add(slices, residuals);
            following.add(slices, spread.variance());
        }
        List<Observation> slices = threeOfEachProcess(slices(random, 0.8, 0.6, 0.01, offs(random, 7, 0.05, 0.1)));
        Estimate estimate = Estimate.of(slices, new Scaling(Scaling.Reference.NONE, spread, processes, following.core(), following.memory()));

        assertThat(Estimate.ESTIMATOR).isEqualTo("sentinel-regression-3");
        assertThat(estimate.logNanos()).isCloseTo(-0.002584865935901, within(1e-12));
        assertThat(estimate.halfWidth()).isCloseTo(0.019289832758969, within(1e-12));
        assertThat(estimate.betweenRuns()).isCloseTo(0.057113748234185, within(1e-12));
    }

    private static List<Observation> threeOfEachProcess(List<Observation> slices) {
        return IntStream.range(0, slices.size()).mapToObj(i -> new Observation(slices.get(i).logLatency(), slices.get(i).core(),
            slices.get(i).memory(), slices.get(i).distance(), i / 3)).toList();
    }
}
