package dev.lutra.agent.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.energy.EnergyCounter;
import dev.lutra.agent.estimate.Estimate;
import dev.lutra.proto.Slice;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.SentinelModel;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.lutra.agent.task.Job;
import dev.lutra.agent.task.Overslept;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.Load;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** On simulated noisy machines, whose truth is known, and on their virtual clocks. */
class RoundsTest {

    private static final long MS = 1_000_000;
    private static final Instant TODAY = Instant.parse("2026-11-22T10:00:00Z");
    private static final MeasureRules RULES = MeasureRules.newBuilder()
        .setMinWarmupRuns(3).setMinWarmupNanos(30 * MS).setMaxWarmupNanos(400 * MS).setMinSamples(15)
        .setSliceNanos(200 * MS).setMaxMeasureNanos(15_000 * MS).setTargetRelativeHalfWidth(0.01).setMinRounds(4).build();

    @TempDir
    private Path state;
    private final Map<String, Outcome> outcomes = new LinkedHashMap<>();
    private final List<String> dropped = new ArrayList<>();
    private SimulatedMachine lastMachine;

    private Rounds rounds(SimulatedMachine machine) {
        return new Rounds(machine, new ReferenceLevels(state), machine::nanoTime, machine, Clock.fixed(TODAY, ZoneOffset.UTC),
            new Random(7), new SystemWatch(state), "1.2.3");
    }

    private static Task.Builder task(String id) {
        return Task.newBuilder().setId(id).setProvider("cpu").setThreads(1).setRules(RULES);
    }

    private static Job job(Task.Builder task) {
        return job(task, 0);
    }

    private static Job job(Task.Builder task, int modelBytes) {
        LeaseName lease = LeaseName.newBuilder().setTaskId(task.getId()).setEpoch(1).build();
        return new Job(lease, task.build(), new byte[modelBytes], () -> false);
    }

    private Map<String, Outcome> measure(SimulatedMachine machine, Task.Builder... tasks) throws InterruptedException {
        Rounds rounds = rounds(machine);
        for (Task.Builder task : tasks) {
            rounds.admit(job(task), 0);
        }
        return finish(rounds);
    }

    private Map<String, Outcome> finish(Rounds rounds) throws InterruptedException {
        outcomes.clear();
        while (rounds.size() > 0) {
            round(rounds);
        }
        return outcomes;
    }

    private void round(Rounds rounds) throws InterruptedException {
        rounds.round((job, outcome) -> outcome.ifPresentOrElse(
            told -> assertThat(outcomes.put(job.task().getId(), told)).as("second outcome of " + job.name()).isNull(),
            () -> dropped.add(job.task().getId())));
    }

    /** Sixteen segments and networks of 0.1 to 12 ms. */
    private static SimulatedMachine machineWithModels(long seed) {
        SimulatedMachine machine = new SimulatedMachine(seed);
        IntStream.range(0, 16).forEach(i -> machine.latencies.put("t" + i, 0.1 * MS * Math.pow(1.375, i)));
        return machine;
    }

    private Map<String, Measured> measureAll(SimulatedMachine machine) throws InterruptedException {
        Map<String, Measured> measured = new HashMap<>();
        measure(machine, machine.latencies.keySet().stream().sorted().map(RoundsTest::task).toArray(Task.Builder[]::new))
            .forEach((id, outcome) -> measured.put(id, outcome.getMeasured()));
        return measured;
    }

    private static DoubleUnaryOperator drifting(double phase) {
        return seconds -> 1 + 0.05 * Math.sin(2 * Math.PI * (seconds / 240 + phase));
    }

    private static DoubleUnaryOperator onAndOff(double seconds, double factor) {
        return time -> (long) (time / seconds) % 2 == 1 ? factor : 1;
    }

    private static double meanDifference(Map<String, Measured> a, Map<String, Measured> b) {
        return a.keySet().stream().mapToDouble(id -> Math.abs(Math.log(p50(a.get(id)) / p50(b.get(id))))).average().orElseThrow();
    }

    private static double p50(Measured measured) {
        return measured.getLatency().getP50Nanos();
    }

    @Test
    void memoryIsToldOfTasksThatAskEachInAProcessOfItsOwn() throws Exception {
        SimulatedMachine machine = machineWithModels(1);
        machine.latencies.keySet().forEach(id -> machine.peaks.put(id, 1_000_000L + id.hashCode()));
        machine.peaks.remove("t3");
        measure(machine, task("t1").setMemory(true), task("t2").setMemory(true), task("t3").setMemory(true), task("t4"),
            task("t5").setMemory(true).setProvider("cuda"));
        assertThat(outcomes.get("t1").getMeasured().getMemory().getPeakBytes()).isEqualTo(machine.peaks.get("t1"));
        assertThat(outcomes.get("t2").getMeasured().getMemory().getPeakBytes()).isEqualTo(machine.peaks.get("t2"));
        assertThat(List.of("t3", "t4", "t5")).noneMatch(id -> outcomes.get(id).getMeasured().hasMemory());
        assertThat(outcomes.values()).allMatch(outcome -> outcome.getMeasured().getLatency().getP50Nanos() > 0);
    }

    /** 10 W when idle and 30 W while t5 runs, until the counter is gone. */
    private static EnergyCounter counter(SimulatedMachine machine, int reads) {
        int[] left = {reads};
        return new EnergyCounter() {
            @Override
            public String source() {
                return "simulated";
            }

            @Override
            public double joules() throws IOException {
                if (left[0]-- == 0) {
                    throw new IOException("energy_uj: is not there");
                }
                return 1e-9 * (10.0 * machine.now + 20.0 * machine.ranNanos.getOrDefault("t5", 0L));
            }

            @Override
            public Duration window() {
                return Duration.ofMillis(250);
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    private Map<String, Outcome> measure(SimulatedMachine machine, EnergyCounter counter, Task.Builder... tasks) throws InterruptedException {
        Rounds rounds = new Rounds(machine, new ReferenceLevels(state), machine::nanoTime, machine, Clock.fixed(TODAY, ZoneOffset.UTC),
            new Random(7), new SystemWatch(state), "1.2.3", (provider, options) -> Optional.of(counter));
        for (Task.Builder task : tasks) {
            rounds.admit(job(task), 0);
        }
        return finish(rounds);
    }

    @Test
    void energyIsThatOfACallAboveIdling() throws Exception {
        SimulatedMachine machine = machineWithModels(1);
        measure(machine, counter(machine, -1), task("t5").setEnergy(true), task("t6"));
        Measured told = outcomes.get("t5").getMeasured();
        assertThat(told.getEnergy().getNanojoules()).as("20 W for as long as a call takes").isCloseTo(20 * told.getLatency().getMeanNanos(),
            withinPercentage(5));
        assertThat(told.getEnergy().getIdleWatts()).isCloseTo(10, within(1e-6));
        assertThat(told.getEnergy().getWindows()).isEqualTo(5);
        assertThat(outcomes.get("t6").getMeasured().hasEnergy()).isFalse();
    }

    @Test
    void aCounterThatVanishesLeavesNoFigureAndTheLatency() throws Exception {
        SimulatedMachine machine = machineWithModels(1);
        measure(machine, counter(machine, 5), task("t5").setEnergy(true));
        Measured told = outcomes.get("t5").getMeasured();
        assertThat(told.hasEnergy()).isFalse();
        assertThat(told.getLatency().getP50Nanos()).isPositive();
    }

    @Test
    void aModelThatDoesNotFitWhenItsMemoryIsLookedAtFailsAlone() throws Exception {
        SimulatedMachine machine = machineWithModels(1);
        machine.peaks.put("t2", 1_000_000L);
        machine.failures.put("t1", new TaskFailure("the process was killed"));
        measure(machine, task("t1").setMemory(true), task("t2").setMemory(true));
        assertThat(outcomes.get("t1").getFailed().getReason()).contains("killed");
        assertThat(outcomes.get("t2").getMeasured().getMemory().getPeakBytes()).isEqualTo(1_000_000L);
    }

    @Test
    void whatIsUnderWayGrowsUntilTasksLeave() throws Exception {
        SimulatedMachine machine = machineWithModels(1);
        Rounds rounds = rounds(machine);
        machine.latencies.keySet().forEach(id -> rounds.admit(job(task(id)), 0));
        assertThat(rounds.underWay()).isZero();
        double most = 0;
        while (rounds.size() == 16) {
            assertThat(rounds.underWay()).isBetween(0.7 * most, 16.0);
            most = Math.max(most, rounds.underWay());
            round(rounds);
        }
        assertThat(most).isGreaterThan(3);
        finish(rounds);
        assertThat(rounds.underWay()).isZero();
    }

    @Test
    void severalEngineRunsOnADriftingMachineAgree() throws Exception {
        List<Map<String, Measured>> runs = new ArrayList<>();
        for (int run = 0; run < 4; run++) {
            SimulatedMachine machine = machineWithModels(run);
            machine.drift = drifting(run / 4.0);
            runs.add(measureAll(machine));
        }
        double sum = 0;
        for (int run = 1; run < 4; run++) {
            sum += meanDifference(runs.get(0), runs.get(run));
        }
        assertThat(sum / 3).isLessThan(0.01);
        // Up to 10 % from the reference level, some doubt about the scaling is left that no further round lessens.
        assertThat(runs).allSatisfy(run -> assertThat(run.values()).allSatisfy(measured -> {
            assertThat(measured.getLatency().getRelativeHalfWidth()).isLessThanOrEqualTo(0.01);
            assertThat(measured.getLatency().getBetweenRunsHalfWidth()).isBetween(0.01, 0.05);
        }));
    }

    @Test
    void intervalsCoverTheTruthAsOftenAsTheySay() throws Exception {
        assertThat(coverage(RoundsTest::machineWithModels, Distribution::getRelativeHalfWidth)).isBetween(0.92, 0.99);
    }

    @ParameterizedTest
    @CsvSource({"0.06, 0.1", "0.15, 0.6"})
    void slicesThatAreSlowedUnseenNeitherSpoilNorWidenIntervals(double share, double by) throws Exception {
        assertThat(coverage(run -> {
            SimulatedMachine machine = machineWithModels(run);
            machine.slowedUnseen = share;
            machine.slowedUnseenBy = by;
            return machine;
        }, Distribution::getRelativeHalfWidth)).isBetween(0.92, 0.99);
        assertThat(outcomes.values()).extracting(outcome -> outcome.getMeasured().getCircumstances().getConverged())
            .containsOnly(true);
    }

    @Test
    void onADriftingMachineIntervalsBetweenRunsCoverTheTruth() throws Exception {
        assertThat(coverage(run -> {
            SimulatedMachine machine = machineWithModels(run);
            machine.drift = drifting(run / 30.0);
            return machine;
        }, Distribution::getBetweenRunsHalfWidth)).isGreaterThan(0.95);
    }

    /** Models follow the core's drift by half to once and a half: with one slope for all, or none, they would be off. */
    @Test
    void modelsThatFollowInTheirOwnWayAreCovered() throws Exception {
        Random random = new Random(6);
        assertThat(coverage(run -> {
            SimulatedMachine machine = machineWithModels(run);
            machine.drift = seconds -> 1.06 + 0.05 * Math.sin(2 * Math.PI * (seconds / 20 + run / 30.0));
            machine.latencies.keySet().forEach(id -> machine.driftShare.put(id, 0.5 + random.nextDouble()));
            return machine;
        }, Distribution::getBetweenRunsHalfWidth)).isGreaterThan(0.93);
        double off = outcomes.entrySet().stream().mapToDouble(entry -> Math.abs(Math.log(
            p50(entry.getValue().getMeasured()) / median(lastMachine.latencies.get(entry.getKey()))))).average().orElseThrow();
        assertThat(off).as("without slopes of their own 0.25 × 6 %").isLessThan(0.009);
    }

    /** A neighbour on the memory that stays for whole runs and slows some models much, others not at all. */
    @Test
    void inAStateThatLastsIntervalsBetweenRunsCoverTheTruth() throws Exception {
        Random random = new Random(5);
        assertThat(coverage(run -> {
            SimulatedMachine machine = machineWithModels(run);
            double slower = 0.98 + 0.08 * random.nextDouble();
            machine.memory = seconds -> slower;
            machine.latencies.keySet().forEach(id -> machine.memoryShare.put(id, 1.2 * random.nextDouble()));
            return machine;
        }, Distribution::getBetweenRunsHalfWidth)).isBetween(0.95, 0.999);
    }

    /**
     * Of 480 intervals, on one scale; what scaling gets wrong a run's intervals share, so the share's standard error is 1.5 %.
     *
     * @param machines by the number of the run
     */
    private double coverage(LongFunction<SimulatedMachine> machines, ToDoubleFunction<Distribution> halfWidth) throws Exception {
        ReferenceLevels levels = new ReferenceLevels(state);
        Runtime runtime = simulated();
        levels.put(ReferenceLevels.key(runtime, List.of(), SentinelModel.CORE.form(true)), new ReferenceLevels.Reference(
            Math.round(quickest(SimulatedMachine.CORE_SENTINEL_NANOS)), 0));
        levels.put(ReferenceLevels.key(runtime, List.of(), SentinelModel.MEMORY.form(true)), new ReferenceLevels.Reference(
            Math.round(quickest(SimulatedMachine.SENTINEL_NANOS)), 0));
        int covered = 0;
        int all = 0;
        for (int run = 0; run < 30; run++) {
            SimulatedMachine machine = machines.apply(100 + run);
            lastMachine = machine;
            for (Map.Entry<String, Measured> entry : measureAll(machine).entrySet()) {
                Distribution latency = entry.getValue().getLatency();
                double truth = median(machine.latencies.get(entry.getKey()));
                all++;
                covered += Math.abs(Math.log(latency.getP50Nanos() / truth)) <= halfWidth.applyAsDouble(latency) ? 1 : 0;
            }
        }
        assertThat(all).isEqualTo(480);
        return covered / (double) all;
    }

    private static Runtime simulated() {
        return Runtime.newBuilder().setName("simulated").setVersion("1").setProvider("cpu").setThreads(1).build();
    }

    @Test
    void largeModelsHaveASentinelOfTheirSize() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(6);
        machine.latencies.putAll(Map.of("small", 1.0 * MS, "large", 5.0 * MS));
        Rounds rounds = rounds(machine);
        rounds.admit(job(task("small"), 2_000_000), 0);
        rounds.admit(job(task("large"), 10_000_000), 0);
        finish(rounds);

        assertThat(outcomes.get("small").getMeasured().getCircumstances().getSentinelNanos() / SimulatedMachine.SENTINEL_NANOS)
            .isCloseTo(1, within(0.05));
        assertThat(outcomes.get("large").getMeasured().getCircumstances().getSentinelNanos() / SimulatedMachine.LARGE_SENTINEL_NANOS)
            .isCloseTo(1, within(0.05));
        ReferenceLevels levels = new ReferenceLevels(state);
        assertThat(SentinelModel.values())
            .allMatch(sentinel -> levels.get(ReferenceLevels.key(simulated(), List.of(), sentinel.form(true))).isPresent());
    }

    /** What 80 % of the runs exceed, and 50 %: of the machine's noise, 2 % of a half normal with a tail in every fiftieth run. */
    private static double quickest(double latency) {
        return latency * (1 + 0.02 * 0.2586);
    }

    private static double median(double latency) {
        return latency * (1 + 0.02 * 0.6915);
    }

    /** A neighbour that is waited for, and one that is there and gone before that. */
    @ParameterizedTest
    @ValueSource(doubles = {20, 1.5})
    void aCompetingLoadThatComesAndGoesHardlyChangesTheTable(double seconds) throws Exception {
        Map<String, Measured> quiet = measureAll(machineWithModels(1));
        SimulatedMachine busy = machineWithModels(2);
        busy.load = onAndOff(seconds, 1.5);
        Map<String, Measured> loaded = measureAll(busy);

        assertThat(meanDifference(quiet, loaded)).isLessThan(0.01);
        assertThat(loaded.values()).anySatisfy(measured -> assertThat(measured.getCircumstances().getDisturbedRounds()).isPositive());
        assertThat(loaded.values()).allSatisfy(measured -> assertThat(measured.getCircumstances().getConverged()).isTrue());
        assertThat(loaded.values()).allSatisfy(measured -> assertThat(measured.getCircumstances().getDrift()).isLessThan(0.15));
    }

    /** A neighbour that takes memory bandwidth for minutes: some models feel it, those that fit a core's caches do not. */
    @Test
    void whatSlowsSomeModelsAndNotOthersSpoilsNeither() throws Exception {
        Map<String, Measured> quiet = measureAll(machineWithModels(20));
        SimulatedMachine busy = machineWithModels(21);
        busy.latencies.keySet().forEach(id -> busy.memoryShare.put(id, Integer.parseInt(id.substring(1)) % 2 * 0.8));
        busy.memory = seconds -> 1.06 + 0.05 * Math.sin(2 * Math.PI * seconds / 60);
        Map<String, Measured> loaded = measureAll(busy);

        assertThat(meanDifference(quiet, loaded)).isLessThan(0.012);
        assertThat(quiet.keySet())
            .filteredOn(
                id -> Math.abs(Math.log(p50(quiet.get(id)) / p50(loaded.get(id)))) <= Math.hypot(halfWidth(quiet.get(id)), halfWidth(loaded.get(id))))
            .hasSizeGreaterThanOrEqualTo(14);
    }

    private static double halfWidth(Measured measured) {
        return measured.getLatency().getBetweenRunsHalfWidth();
    }

    @Test
    void slicesThatHadToShareTheCoreAreMeasuredAgain() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(3);
        machine.latencies.put("t", 5.0 * MS);
        // Sentinels do not see it: every third slice of the task itself is preempted.
        machine.beforeSlice = now -> {
            long taken = machine.slices.stream().filter("t"::equals).count();
            boolean preempted = taken % 3 == 2;
            machine.delayed = seconds -> preempted ? 0.3 : 0.001;
            machine.load = seconds -> preempted ? 1.4 : 1;
        };
        Measured measured = measure(machine, task("t")).get("t").getMeasured();

        assertThat(measured.getCircumstances().getDisturbedRounds()).isPositive();
        assertThat(measured.getCircumstances().getConverged()).isTrue();
        assertThat(p50(measured) / measured.getCircumstances().getSentinelReferenceNanos()).isCloseTo(5.0 / 3, within(0.03));
    }

    @Test
    void shortRoundsShareAProcessAndLongOnesDoNot() throws Exception {
        SimulatedMachine machine = machineWithModels(4);
        measureAll(machine);
        assertThat(slicesOfTheFirstProcess(machine)).isIn(32L, 48L);

        SimulatedMachine full = new SimulatedMachine(4);
        IntStream.range(0, 48).forEach(i -> full.latencies.put("t" + i, 5.0 * MS));
        measureAll(full);
        assertThat(slicesOfTheFirstProcess(full)).isEqualTo(48);
    }

    private static long slicesOfTheFirstProcess(SimulatedMachine machine) {
        return machine.slices.subList(0, machine.processStarts.get(1)).stream().filter(id -> id.startsWith("t")).count();
    }

    @Test
    void everyRoundHasAnOrderOfItsOwnBetweenReadings() throws Exception {
        SimulatedMachine machine = machineWithModels(4);
        measureAll(machine);

        List<String> order = machine.slices.stream().filter(id -> id.startsWith("t")).toList();
        assertThat(order.subList(0, 16)).doesNotHaveDuplicates().isNotEqualTo(order.subList(16, 32));
        assertThat(machine.slices.get(0)).isEqualTo("sentinel");
        assertThat(machine.slices.get(machine.slices.size() - 1)).isEqualTo("sentinel");
    }

    @Test
    void aTaskThatIsLeftAloneIsNotOutweighedByTheSentinels() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(5);
        machine.latencies.put("t", 5.0 * MS);
        measure(machine, task("t"));

        // The core, the memory and the core again; then the core between the slices and after them.
        assertThat(machine.slices.subList(0, 9)).containsExactly("sentinel", "sentinel", "sentinel", "t", "sentinel", "t",
            "sentinel", "t", "sentinel");
        assertThat(machine.ranNanos.get("t")).isGreaterThan(5 * machine.ranNanos.get("sentinel"));
    }

    @Test
    void tellsTheCircumstances() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(5);
        machine.latencies.put("t", 5.0 * MS);
        machine.drift = drifting(0);
        Measured measured = measure(machine, task("t")).get("t").getMeasured();

        Circumstances circumstances = measured.getCircumstances();
        assertThat(measured.getRuntime().getName()).isEqualTo("simulated");
        assertThat(circumstances.getRules()).isEqualTo(RULES);
        assertThat(circumstances.getRounds()).isGreaterThanOrEqualTo(4);
        assertThat(circumstances.getSteady()).isTrue();
        assertThat(circumstances.getWarmupRuns()).isEqualTo(24L * circumstances.getRounds());
        assertThat(circumstances.getSamplingNanos()).isBetween(200 * MS * circumstances.getRounds(),
            220 * MS * circumstances.getRounds());
        assertThat(circumstances.getSessionNanos()).isEqualTo(
            12 * MS * (circumstances.getRounds() + circumstances.getDisturbedRounds()));
        assertThat(circumstances.getClockOverheadNanos()).isEqualTo(25);
        assertThat(circumstances.getDrift()).isBetween(0.001, 0.2);
        assertThat(circumstances.getSentinelNanos()).isBetween((long) (2.7 * MS), (long) (3.3 * MS));
        assertThat(circumstances.getSentinelReferenceNanos()).isBetween((long) (2.7 * MS), (long) (3.3 * MS));
        assertThat(circumstances.getSentinel()).isEqualTo("memory");
        assertThat(measured.getLatency().getEstimator()).isEqualTo(Estimate.ESTIMATOR);
        assertThat(circumstances.getTiming()).isEqualTo("wall");
        assertThat(circumstances.getMeasuredAtMillis()).isEqualTo(TODAY.toEpochMilli());
        assertThat(circumstances.getAgentVersion()).isEqualTo("1.2.3");
    }

    @Test
    void theDistributionHoldsTheSamplesOfTheCalmerHalfAtTheEstimate() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(6);
        machine.latencies.put("t", 1.0 * MS);
        Distribution latency = measure(machine, task("t")).get("t").getMeasured().getLatency();

        Histogram histogram = Histogram.decodeFromCompressedByteBuffer(
            ByteBuffer.wrap(latency.getHistogram().toByteArray()), 0);
        assertThat(histogram.getTotalCount()).isEqualTo(latency.getSamples()).isGreaterThan(2 * 190);
        Map<Double, Long> quantiles = Map.of(50.0, latency.getP50Nanos(), 90.0, latency.getP90Nanos(),
            99.0, latency.getP99Nanos(), 100.0, latency.getMaxNanos());
        quantiles.forEach((percent, nanos) -> assertThat((double) histogram.getValueAtPercentile(percent)).isCloseTo(nanos, within(0.001 * nanos)));
        assertThat(latency.getMinNanos()).isLessThan(latency.getP50Nanos());
        // The tail: every fiftieth run takes up to 30 % longer.
        assertThat((double) latency.getP99Nanos() / latency.getP50Nanos()).isBetween(1.05, 1.3);
        assertThat(latency.getMeanNanos()).isBetween((double) latency.getP50Nanos(), 1.02 * latency.getP50Nanos());
    }

    /** Every other slice has a tail four times as heavy, below which its fastest fifth is as ever: the calmer half is without it. */
    @Test
    void theTailIsThatOfTheCalmerHalf() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(6);
        machine.latencies.put("t", 1.0 * MS);
        machine.beforeSlice = now -> machine.heavyTail = sliced(machine, "t") % 2 == 1;
        Distribution mixed = measure(machine, task("t")).get("t").getMeasured().getLatency();
        SimulatedMachine calm = new SimulatedMachine(6);
        calm.latencies.put("t", 1.0 * MS);
        Distribution alone = measure(calm, task("t")).get("t").getMeasured().getLatency();
        assertThat((double) mixed.getP90Nanos()).isCloseTo(alone.getP90Nanos(), within(0.02 * alone.getP90Nanos()));
        assertThat((double) mixed.getP50Nanos()).isCloseTo(alone.getP50Nanos(), within(0.02 * alone.getP50Nanos()));
    }

    @Test
    void aMachineThatNeverAgreesWithItselfEndsAtTheTimeLimit() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(7);
        machine.latencies.put("t", 5.0 * MS);
        machine.sessionDeviation = 0.3;
        Measured measured = measure(machine, task("t")).get("t").getMeasured();

        assertThat(measured.getCircumstances().getConverged()).isFalse();
        assertThat(measured.getLatency().getRelativeHalfWidth()).isGreaterThan(0.01);
        assertThat(measured.getLatency().getSamples()).isPositive();
        assertThat(machine.now).isLessThan(120_000 * MS);
    }

    @Test
    void whatIsDisturbedThroughoutEndsWithTheLeastDisturbedRounds() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(8);
        machine.latencies.put("t", 5.0 * MS);
        machine.delayed = seconds -> 0.12 + 0.1 * (seconds % 1);
        Measured measured = measure(machine, task("t")).get("t").getMeasured();

        assertThat(measured.getCircumstances().getConverged()).isFalse();
        assertThat(measured.getCircumstances().getRounds()).isEqualTo(4);
        assertThat(measured.getCircumstances().getDisturbedRounds()).isGreaterThan(4);
        assertThat(machine.now).as("waiting three times as long as measuring").isLessThan(120_000 * MS);
    }

    @Test
    void aDeviceThatIsSlowerForGoodMovesTheReferenceAndOneThatIsForAWhileDoesNot() throws Exception {
        Measured before = measureOne(new SimulatedMachine(9));
        SimulatedMachine shortly = new SimulatedMachine(10);
        shortly.load = seconds -> 1.4;
        Measured soonAfter = measureOne(shortly);
        assertThat(p50(soonAfter)).isCloseTo(p50(before), within(0.03 * p50(before)));
        assertThat(soonAfter.getCircumstances().getSentinelNanos())
            .isGreaterThan((long) (1.3 * soonAfter.getCircumstances().getSentinelReferenceNanos()));

        SimulatedMachine forGood = new SimulatedMachine(11);
        forGood.load = seconds -> 1.4;
        Rounds rounds = rounds(forGood);
        Measured last = soonAfter;
        for (int i = 0; forGood.now < 1_200_000 * MS; i++) {
            forGood.latencies.put("t" + i, 5.0 * MS);
            rounds.admit(job(task("t" + i)), 0);
            last = finish(rounds).get("t" + i).getMeasured();
        }
        assertThat(last.getCircumstances().getSentinelReferenceNanos()).as("as long as this agent runs")
            .isEqualTo(before.getCircumstances().getSentinelReferenceNanos());

        SimulatedMachine later = new SimulatedMachine(12);
        later.load = seconds -> 1.4;
        Measured anew = measureOne(later);
        assertThat(p50(anew)).isCloseTo(1.4 * p50(before), within(0.05 * p50(before)));
        assertThat(anew.getCircumstances().getSentinelReferenceNanos())
            .isGreaterThan((long) (1.3 * before.getCircumstances().getSentinelReferenceNanos()));
    }

    @Test
    void aDeviceThatHasCooledDownMeanwhileKeepsItsReference() throws Exception {
        Measured before = measureOne(new SimulatedMachine(9));
        SimulatedMachine hot = new SimulatedMachine(11);
        hot.load = seconds -> 1.4;
        Rounds rounds = rounds(hot);
        for (int i = 0; hot.now < 1_200_000 * MS; i++) {
            hot.latencies.put("t" + i, 5.0 * MS);
            rounds.admit(job(task("t" + i)), 0);
            finish(rounds);
        }
        assertThat(measureOne(new SimulatedMachine(13)).getCircumstances().getSentinelReferenceNanos())
            .isEqualTo(before.getCircumstances().getSentinelReferenceNanos());
    }

    private Measured measureOne(SimulatedMachine machine) throws InterruptedException {
        machine.latencies.put("t", 5.0 * MS);
        return measure(machine, task("t")).get("t").getMeasured();
    }

    @Test
    void aCrashFailsItsTaskAndNoOther() throws Exception {
        SimulatedMachine machine = machineWithModels(12);
        machine.failures.put("t3", new TaskFailure("the native runtime crashed (SIGSEGV) while running this model"));
        measureAll(machine);

        assertThat(outcomes).hasSize(16);
        assertThat(outcomes.get("t3").getFailed().getReason()).startsWith("the native runtime crashed (SIGSEGV)");
        assertThat(machine.slices.stream().filter("t3"::equals)).hasSize(1);
        outcomes.remove("t3");
        assertThat(outcomes.values()).allSatisfy(outcome -> assertThat(outcome.getMeasured().getCircumstances().getConverged()).isTrue());
    }

    @Test
    void abandonedTasksLeaveAndTakeUpWhereTheyWereWhenTheyComeBack() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(13);
        machine.latencies.put("kept", 5.0 * MS);
        machine.latencies.put("lost", 5.0 * MS);
        Rounds rounds = rounds(machine);
        Job kept = job(task("kept"));
        Job lost = job(task("lost"));
        rounds.admit(kept, 0);
        rounds.admit(new Job(lost.lease(), lost.task(), lost.onnx(), () -> sliced(machine, "lost") >= 4), 0);
        finish(rounds);

        assertThat(outcomes).containsOnlyKeys("kept");
        assertThat(dropped).containsExactly("lost");
        assertThat(sliced(machine, "lost")).isEqualTo(4);
        rounds.admit(lost, 0);
        Measured measured = finish(rounds).get("lost").getMeasured();
        // The fourth slice was broken off.
        assertThat((long) measured.getCircumstances().getRounds() + measured.getCircumstances().getDisturbedRounds())
            .isEqualTo(sliced(machine, "lost") - 1);
    }

    private static long sliced(SimulatedMachine machine, String id) {
        return machine.slices.stream().filter(id::equals).count();
    }

    @Test
    void tasksJoinBetweenRounds() throws Exception {
        SimulatedMachine machine = machineWithModels(14);
        Rounds rounds = rounds(machine);
        rounds.admit(job(task("t10")), 0);
        round(rounds);
        rounds.admit(job(task("t11")), 0);
        finish(rounds);

        assertThat(outcomes).containsOnlyKeys("t10", "t11");
    }

    @Test
    void aTaskWithoutRulesRunsOnceWithoutSentinel() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(15);
        machine.latencies.put("t", 5.0 * MS);
        Outcome outcome = measure(machine, task("t").clearRules()).get("t");

        assertThat(machine.slices).containsExactly("t");
        assertThat(outcome.getMeasured().getRuntime().getName()).isEqualTo("simulated");
        assertThat(outcome.getMeasured().hasLatency()).isFalse();
    }

    @Test
    void ofASingleRoundItIsSaidThatItHasNoInterval() throws Exception {
        ListAppender<ILoggingEvent> said = new ListAppender<>();
        said.start();
        Logger logger = (Logger) LoggerFactory.getLogger(Rounds.class);
        logger.addAppender(said);
        SimulatedMachine machine = new SimulatedMachine(16);
        machine.latencies.put("t", 800.0 * MS);
        Measured measured = measure(machine, task("t").setRules(RULES.toBuilder().setSliceNanos(MS).setMaxMeasureNanos(MS))).get("t").getMeasured();
        logger.detachAppender(said);

        assertThat(measured.getLatency().getRelativeHalfWidth()).isInfinite();
        assertThat(said.list).extracting(ILoggingEvent::getFormattedMessage).filteredOn(line -> line.contains("p50")).hasSize(1)
            .allMatch(line -> line.matches("t: p50 \\d{3}\\.\\d{3} ms, a single round, without an interval"));
    }

    @Test
    void latencyUnderLoadIsOneSliceAndNotScaled() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(16);
        machine.latencies.put("t", 5.0 * MS);
        Task.Builder loaded = task("t").setLoad(Load.newBuilder().setRequestsPerSecond(10));
        Measured measured = measure(machine, loaded).get("t").getMeasured();

        assertThat(machine.slices).containsExactly("t");
        assertThat(measured.getLatency().getRelativeHalfWidth()).isInfinite();
        assertThat(measured.getCircumstances().getSentinelReferenceNanos()).isZero();
        assertThat(measured.getCircumstances().getRounds()).isOne();
    }

    @Test
    void whereTheSentinelDoesNotRunNothingIsScaled() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(17);
        machine.latencies.put("t", 5.0 * MS);
        machine.failures.put("sentinel", new TaskFailure("model: not supported here"));
        Measured measured = measure(machine, task("t")).get("t").getMeasured();

        assertThat(sliced(machine, "sentinel")).isEqualTo(3);
        assertThat(measured.getCircumstances().getSentinelReferenceNanos()).isZero();
        assertThat(measured.getCircumstances().getConverged()).isTrue();
        assertThat(p50(measured)).isCloseTo(5 * MS, within(0.05 * 5 * MS));
    }

    /** Somebody kills the first two processes: that says nothing of the sentinel. */
    @Test
    void aFailedFirstReadingDoesNotEndScaling() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(17);
        machine.failingReadings = 2;
        assertThat(measureOne(machine).getCircumstances().getSentinelReferenceNanos()).isPositive();
    }

    @Test
    void whereSentinelsFailedTheNextBatchTriesThemAgain() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(17);
        machine.latencies.put("first", 5.0 * MS);
        machine.latencies.put("second", 5.0 * MS);
        machine.failingReadings = 3;
        Rounds rounds = rounds(machine);
        rounds.admit(job(task("first")), 0);
        assertThat(finish(rounds).get("first").getMeasured().getCircumstances().getSentinelReferenceNanos()).isZero();
        rounds.admit(job(task("second")), 0);
        assertThat(finish(rounds).get("second").getMeasured().getCircumstances().getSentinelReferenceNanos()).isPositive();
    }

    /** As with TensorRT, which builds its engines whenever a session is opened. */
    @Test
    void aProviderWhoseSessionsTakeTenSecondsIsMeasured() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(22);
        machine.sessionNanos = 10_000 * MS;
        IntStream.range(0, 4).forEach(i -> machine.latencies.put("t" + i, 2.0 * MS));
        machine.beforeSlice = now -> assertThat(now).as("virtual time").isLessThan(7_200_000 * MS);
        Map<String, Measured> measured = measureAll(machine);

        assertThat(measured.values()).hasSize(4)
            .allSatisfy(one -> assertThat(one.getCircumstances().getRounds()).isGreaterThanOrEqualTo(4));
        assertThat(sliced(machine, "sentinel")).isLessThan(4 * machine.slices.stream().filter(id -> id.startsWith("t")).count());
    }

    /** A passively cooled board: ×1.5 after five minutes of a long table. Its entries stay on one scale, and their intervals say what that costs. */
    @Test
    void aBoardThatThrottlesInALongTableLeavesItOnOneScale() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(23);
        machine.drift = seconds -> seconds < 300 ? 1 : 1.5;
        Rounds rounds = rounds(machine);
        List<Measured> table = new ArrayList<>();
        int covered = 0;
        for (int i = 0; machine.now < 2_000_000 * MS; i++) {
            double latency = (1 + i % 7) * MS;
            machine.latencies.put("t" + i, latency);
            machine.driftShare.put("t" + i, 0.9 + 0.03 * (i % 5));
            rounds.admit(job(task("t" + i)), 0);
            Measured measured = finish(rounds).get("t" + i).getMeasured();
            table.add(measured);
            covered += Math.abs(Math.log(p50(measured) / median(latency))) <= halfWidth(measured) ? 1 : 0;
        }
        assertThat(table).extracting(one -> one.getCircumstances().getSentinelReferenceNanos()).containsOnly(
            table.get(0).getCircumstances().getSentinelReferenceNanos());
        assertThat(table).extracting(one -> one.getCircumstances().getCoreSentinelReferenceNanos()).containsOnly(
            table.get(0).getCircumstances().getCoreSentinelReferenceNanos());
        assertThat(table.get(table.size() - 1).getCircumstances().getSentinelNanos())
            .isGreaterThan((long) (1.4 * table.get(0).getCircumstances().getSentinelReferenceNanos()));
        assertThat(halfWidth(table.get(table.size() - 1))).isGreaterThan(5 * halfWidth(table.get(0)));
        assertThat(covered).isGreaterThanOrEqualTo((int) (0.9 * table.size()));
    }

    @Test
    void tasksOfAnotherThreadCountHaveASentinelAndAReferenceOfTheirOwn() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(18);
        machine.latencies.put("one", 5.0 * MS);
        machine.latencies.put("two", 3.0 * MS);
        measure(machine, task("one"), task("two").setThreads(2));

        assertThat(state.resolve("sentinel-reference.tsv")).content().contains("threads=1", "threads=2").hasLineCount(4);
    }

    @Test
    void anInterruptEndsTheRoundAndKeepsWhatIsKnown() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(19);
        machine.latencies.put("t", 5.0 * MS);
        Rounds rounds = rounds(machine);
        rounds.admit(job(task("t")), 0);
        round(rounds);
        machine.interrupted = true;
        assertThatThrownBy(() -> round(rounds)).isInstanceOf(InterruptedException.class);
        machine.interrupted = false;

        assertThat(rounds.size()).isOne();
        Circumstances circumstances = finish(rounds).get("t").getMeasured().getCircumstances();
        assertThat((long) circumstances.getRounds() + circumstances.getDisturbedRounds()).isEqualTo(sliced(machine, "t"));
    }

    /** Sleeps while a slice of any task is taken, so many times; a slice that nobody threw away would tell of hours. */
    private static SimulatedMachine sleeping(long seed, int sleeps) {
        return new SimulatedMachine(seed) {

            private int left = sleeps;
            private int slices;

            @Override
            public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
                Slice slice = super.slice(task, onnx, keepOpen, abandoned);
                if (left > 0 && ++slices % 3 == 0) {
                    left--;
                    throw new Overslept();
                }
                return slice;
            }
        };
    }

    @Test
    void whatSpansASleepIsTakenAgain() throws Exception {
        SimulatedMachine awake = machineWithModels(3);
        Map<String, Measured> expected = measureAll(awake);
        SimulatedMachine machine = sleeping(3, 30);
        machine.latencies.putAll(awake.latencies);
        Map<String, Measured> measured = measureAll(machine);
        assertThat(measured.keySet()).as("none is lost").isEqualTo(expected.keySet());
        assertThat(meanDifference(measured, expected)).isLessThan(0.02);
        assertThat(measured.values()).allSatisfy(one -> assertThat(one.getCircumstances().getRounds()).isGreaterThanOrEqualTo(RULES.getMinRounds()));
    }

    @Test
    void aMachineThatAlwaysSleepsEndsATask() throws Exception {
        SimulatedMachine machine = new SimulatedMachine(3) {
            @Override
            public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) {
                throw new Overslept();
            }
        };
        assertThat(measure(machine, task("t1")).get("t1").getFailed().getReason())
            .isEqualTo("the machine slept, or this agent was stopped, meanwhile, 20 times and more");
    }
}
