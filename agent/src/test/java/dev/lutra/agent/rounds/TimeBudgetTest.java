package dev.lutra.agent.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.lutra.agent.EstimatorRules;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.Budget;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Task;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Measuring within a given time, on simulated machines with virtual clocks. */
class TimeBudgetTest {

    private static final long MS = 1_000_000;
    private static final int IN_HAND = 64;
    private static final MeasureRules RULES = MeasureRules.newBuilder()
        .setMinWarmupRuns(3).setMinWarmupNanos(30 * MS).setMaxWarmupNanos(400 * MS).setMinSamples(15)
        .setSliceNanos(60 * MS).setMaxMeasureNanos(12_000 * MS).setTargetRelativeHalfWidth(0.001).setMinRounds(4).build();

    @TempDir
    private Path state;

    /** What a machine may be like, by the time in seconds. */
    private enum Machine {
        CALM(seconds -> 1), BUSY(seconds -> (long) (seconds / 3) % 3 == 0 ? 1 : 1.5), NEVER_CALM(
            seconds -> 1.3 + 0.25 * Math.sin(7 * seconds)), SLOWER_AND_SLOWER(seconds -> 1 + seconds / 40);

        private final DoubleUnaryOperator load;

        Machine(DoubleUnaryOperator load) {
            this.load = load;
        }

        SimulatedMachine of(int tasks, long seed) {
            SimulatedMachine machine = new SimulatedMachine(seed);
            machine.load = load;
            IntStream.range(0, tasks).forEach(i -> machine.latencies.put("t" + i, (0.2 + i % 8) * MS));
            return machine;
        }
    }

    private static Job job(String id, double seconds, double sensitivity) {
        Task task = Task.newBuilder().setId(id).setProvider("cpu").setThreads(1).setRules(RULES)
            .setBudget(Budget.newBuilder().setBatch("batch").setNanos(Math.round(seconds * 1e9)).setSensitivity(sensitivity)).build();
        return new Job(LeaseName.newBuilder().setTaskId(id).setEpoch(1).build(), task, new byte[0], () -> false);
    }

    private Rounds rounds(SimulatedMachine machine) {
        return new Rounds(machine, new ReferenceLevels(state), machine::nanoTime, machine,
            Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), new Random(7), new SystemWatch(state), "1.2.3");
    }

    /** Measures all of a machine's models as an agent does that has up to 64 in hand. */
    private Map<String, Measured> measure(SimulatedMachine machine, double seconds, Map<String, Double> sensitivities)
        throws InterruptedException {
        Rounds rounds = rounds(machine);
        Queue<String> queue = new ArrayDeque<>(machine.latencies.keySet().stream().sorted().toList());
        Map<String, Measured> measured = new HashMap<>();
        while (!queue.isEmpty() || rounds.size() > 0) {
            while (!queue.isEmpty() && rounds.size() < IN_HAND) {
                String id = queue.remove();
                rounds.admit(job(id, seconds, sensitivities.getOrDefault(id, 1.0)), 0);
            }
            rounds.waiting(queue.size());
            rounds.round((job, outcome) -> measured.put(job.task().getId(), outcome.orElseThrow().getMeasured()));
        }
        return measured;
    }

    @ParameterizedTest
    @CsvSource({"CALM, 1, 10", "CALM, 5, 10", "CALM, 36, 45", "CALM, 64, 60", "CALM, 100, 90", "BUSY, 1, 10", "BUSY, 36, 45",
        "BUSY, 64, 60", "BUSY, 150, 120", "NEVER_CALM, 1, 10", "NEVER_CALM, 36, 45", "NEVER_CALM, 64, 60",
        "SLOWER_AND_SLOWER, 36, 60"})
    void endsOnTimeWithAnIntervalForEveryTask(Machine kind, int tasks, double seconds) throws Exception {
        SimulatedMachine machine = kind.of(tasks, 3);
        Map<String, Measured> measured = measure(machine, seconds, Map.of());

        assertThat(machine.now / 1e9).isCloseTo(seconds, within(0.1 * seconds));
        assertThat(measured).hasSize(tasks);
        assertThat(measured.values()).allSatisfy(one -> {
            assertThat(one.getLatency().getRelativeHalfWidth()).isFinite().isPositive();
            assertThat(one.getCircumstances().getConverged()).isFalse();
            assertThat(one.getCircumstances().getRounds() + one.getCircumstances().getDisturbedRounds()).isGreaterThanOrEqualTo(2);
        });
    }

    @Test
    void whatIsKnownWellEnoughNeedsNoMoreTime() throws Exception {
        SimulatedMachine machine = Machine.CALM.of(4, 3);
        Rounds rounds = rounds(machine);
        machine.latencies.keySet().forEach(id -> {
            Job job = job(id, 600, 1);
            Task loose = job.task().toBuilder().setRules(RULES.toBuilder().setTargetRelativeHalfWidth(0.03)).build();
            rounds.admit(new Job(job.lease(), loose, job.onnx(), job.abandoned()), 0);
        });
        while (rounds.size() > 0) {
            rounds.round((job, outcome) -> assertThat(outcome.orElseThrow().getMeasured().getCircumstances().getConverged()).isTrue());
        }
        assertThat(machine.now / 1e9).isLessThan(60);
    }

    @Test
    void aSliceIsWorthWhatItIsInABrowser() {
        assertThat(EstimatorRules.of("sliceWorth")).isNotEmpty().allSatisfy(vector -> assertThat(TimeBudgets.worth(
            vector.get("error").getAsDouble(), vector.get("slices").getAsInt(), vector.get("more").getAsInt()))
            .isCloseTo(vector.get("is").getAsDouble(), withinPercentage(1e-7)));
    }

    @Test
    void aTimeBeyondAllMeasureEndsWhenAllIsKnown() throws Exception {
        SimulatedMachine machine = Machine.CALM.of(2, 3);
        Rounds rounds = rounds(machine);
        Job job = job("t0", 1e12, 1);
        rounds.admit(new Job(job.lease(), job.task().toBuilder().setRules(RULES.toBuilder().setTargetRelativeHalfWidth(0.03)).build(),
            job.onnx(), job.abandoned()), 0);
        while (rounds.size() > 0) {
            rounds.round((done, outcome) -> assertThat(outcome.orElseThrow().getMeasured().getCircumstances().getConverged()).isTrue());
        }
    }

    /** A slice takes a tenth of a second: ten models have one each, late, rather than none. */
    @Test
    void wouldRatherBeLateThanLeaveATaskWithoutASlice() throws Exception {
        SimulatedMachine machine = Machine.CALM.of(10, 3);
        Map<String, Measured> measured = measure(machine, 0.1, Map.of());
        assertThat(measured.values()).allSatisfy(one -> assertThat(one.getCircumstances().getRounds()).isEqualTo(1));
        assertThat(machine.now / 1e9).isLessThan(5);
    }

    @Test
    void spendsTheTimeWherePredictionsGain() throws Exception {
        SimulatedMachine machine = Machine.CALM.of(30, 5);
        Map<String, Double> sensitivities = new HashMap<>();
        machine.latencies.keySet().forEach(id -> sensitivities.put(id, id.endsWith("7") ? 8.0 : 0.5));
        measure(machine, 40, sensitivities);

        Map<String, Long> slices = new HashMap<>();
        machine.slices.forEach(id -> slices.merge(id, 1L, Long::sum));
        // t7 and t15 both take 7.2 ms; t16 is a thirtieth of that and counts as little.
        assertThat(slices.get("t7")).isGreaterThan(3 * slices.get("t15"));
        assertThat(slices.get("t15")).isGreaterThanOrEqualTo(slices.get("t16"));
        assertThat(slices.get("t16")).isBetween(2L, 4L);
    }

    @Test
    void theSameTimeBuysMoreOnPredictionsThanEqualParts() throws Exception {
        Map<String, Double> sensitivities = new HashMap<>();
        IntStream.range(0, 36).forEach(i -> sensitivities.put("t" + i, i % 6 == 0 ? 3.0 : 0.3));
        double spread = 0;
        double equal = 0;
        for (int run = 0; run < 8; run++) {
            spread += squaredError(Machine.CALM.of(36, 50 + run), sensitivities, sensitivities);
            equal += squaredError(Machine.CALM.of(36, 50 + run), Map.of(), sensitivities);
        }
        assertThat(spread).isLessThan(0.9 * equal);
    }

    private double squaredError(SimulatedMachine machine, Map<String, Double> told, Map<String, Double> sensitivities) throws Exception {
        double sum = 0;
        for (Map.Entry<String, Measured> one : measure(machine, 40, told).entrySet()) {
            double halfWidth = one.getValue().getLatency().getRelativeHalfWidth();
            sum += Math.pow(halfWidth * sensitivities.get(one.getKey()) * machine.latencies.get(one.getKey()) / MS, 2);
        }
        return sum;
    }

    @Test
    void tasksWithoutABudgetGoOnAfterThoseThatHaveOne() throws Exception {
        SimulatedMachine machine = Machine.CALM.of(6, 3);
        Rounds rounds = rounds(machine);
        for (int i = 0; i < 6; i++) {
            Job job = job("t" + i, 8, 1);
            Task free = job.task().toBuilder().clearBudget().setRules(RULES.toBuilder().setTargetRelativeHalfWidth(0.02)).build();
            rounds.admit(i < 3 ? job : new Job(job.lease(), free, job.onnx(), job.abandoned()), 0);
        }
        Map<String, Double> leftAt = new HashMap<>();
        while (rounds.size() > 0) {
            rounds.round((job, outcome) -> leftAt.put(job.task().getId(), machine.now / 1e9));
        }
        assertThat(leftAt.get("t0")).isCloseTo(8, within(0.8));
        assertThat(leftAt).hasSize(6);
    }
}
