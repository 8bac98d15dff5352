package dev.lutra.agent.rounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.rounds.RecordedMachine.Line;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How often 95 % intervals hold, by how many tasks are measured side by side. */
class CoverageTest {

    private static final Logger log = LoggerFactory.getLogger(CoverageTest.class);
    private static final long MS = 1_000_000;
    private static final MeasureRules RULES = MeasureRules.newBuilder()
        .setMinWarmupRuns(3).setMinWarmupNanos(30 * MS).setMaxWarmupNanos(400 * MS).setMinSamples(15)
        .setSliceNanos(60 * MS).setMaxMeasureNanos(15_000 * MS).setTargetRelativeHalfWidth(0.01).setMinRounds(4).build();

    /** Of every task, in what is measured against the rest of a recording. */
    private static final int SLICES_A_PART = 8;

    @TempDir
    private Path state;

    private Map<String, Distribution> measure(Rounds rounds, Collection<String> tasks, MeasureRules rules) throws InterruptedException {
        Map<String, Distribution> measured = new TreeMap<>();
        for (String id : tasks) {
            Task task = Task.newBuilder().setId(id).setProvider("cpu").setThreads(1).setRules(rules).build();
            rounds.admit(new Job(LeaseName.newBuilder().setTaskId(id).build(), task, new byte[0], () -> false), 0);
        }
        while (rounds.size() > 0) {
            rounds.round((job, outcome) -> {
                if (outcome.orElseThrow().hasMeasured()) {
                    measured.put(job.task().getId(), outcome.get().getMeasured().getLatency());
                }
            });
        }
        return measured;
    }

    /** A machine's, before anything has run there. */
    private ReferenceLevels noLevels(Object machine) throws IOException {
        return new ReferenceLevels(Files.createDirectory(state.resolve(machine.toString())));
    }

    /** Some hundreds of intervals for every number of tasks. */
    @ParameterizedTest
    @CsvSource({"1, 400", "4, 100", "15, 27", "64, 7"})
    void onSimulatedSlices(int tasks, int runs) throws Exception {
        assertThat(simulated(tasks, runs)).isBetween(0.93, 0.97);
    }

    /** Thousands. */
    @Tag("slow")
    @ParameterizedTest
    @CsvSource({"1, 2501", "4, 626", "15, 167", "64, 40"})
    void onManySimulatedSlices(int tasks, int runs) throws Exception {
        assertThat(simulated(tasks, runs)).isBetween(0.93, 0.97);
    }

    /**
     * The share of intervals that hold. As in recorded slices, the variance between processes is two fifths of that within one; the
     * logarithms of tasks' variances are 1.3 apart; sessions of the larger sentinel differ by 4 %, which tasks do not follow.
     */
    private double simulated(int tasks, int runs) throws Exception {
        double quickest = 1 + 0.02 * 0.2586;
        double median = 1 + 0.02 * 0.6915;
        Runtime ran = Runtime.newBuilder().setName("simulated").setVersion("1").setProvider("cpu").setThreads(1).build();
        ReferenceLevels levels = noLevels("simulated");
        Map.of(SentinelModel.CORE, SimulatedMachine.CORE_SENTINEL_NANOS, SentinelModel.MEMORY, SimulatedMachine.SENTINEL_NANOS)
            .forEach((model, nanos) -> levels.put(ReferenceLevels.key(ran, List.of(), model.form(true)),
                new ReferenceLevels.Reference(Math.round(quickest * nanos), 0)));
        int covered = 0;
        for (int run = 0; run < runs; run++) {
            SimulatedMachine machine = new SimulatedMachine(1000L * tasks + run);
            Random unsteadiness = new Random(99 + run);
            machine.processDeviation = 0.005;
            machine.sessionDeviation = 0.0052;
            machine.taskOfProcessDeviation = 0.0033;
            machine.largeSentinelDeviation = 0.04;
            for (int i = 0; i < tasks; i++) {
                machine.latencies.put("t" + i, 0.1 * MS * Math.pow(60, i / (double) Math.max(4, tasks)));
                machine.unsteadiness.put("t" + i, Math.exp(1.3 / 2 * unsteadiness.nextGaussian()));
            }
            Rounds rounds = new Rounds(machine, levels, machine::nanoTime, machine, Clock.systemUTC(), new Random(run),
                new SystemWatch(state), "test");
            for (Map.Entry<String, Distribution> one : measure(rounds, machine.latencies.keySet(), RULES).entrySet()) {
                double truth = median * machine.latencies.get(one.getKey());
                covered += Math.abs(Math.log(one.getValue().getP50Nanos() / truth)) <= one.getValue().getRelativeHalfWidth() ? 1 : 0;
            }
        }
        log.info("{} of {} simulated intervals hold with {} tasks in hand", covered, tasks * runs, tasks);
        return covered / (double) (tasks * runs);
    }

    /** One machine as it was and beside somebody's job: the same tasks, by what is kept of both recordings, on one scale. */
    @Test
    void aTableOfACalmDayAndOneOfABusyDayAgreeWithinTheirIntervals() throws Exception {
        Map<Integer, List<List<Line>>> calm = RecordedMachine.phases("calm");
        Map<Integer, List<List<Line>>> busy = RecordedMachine.phases("busy");
        Coverage within = new Coverage();
        Coverage between = new Coverage();
        for (int phase : calm.keySet()) {
            ReferenceLevels levels = noLevels(phase);
            Map<String, Measured> first = new Replay(levels, calm.get(phase), RULES).measure(process -> true, false);
            Map<String, Measured> second = new Replay(levels, busy.get(phase), RULES).measure(process -> true, false);
            second.keySet().retainAll(first.keySet());
            second.forEach((task, one) -> {
                within.add(one, first.get(task), Distribution::getRelativeHalfWidth);
                between.add(one, first.get(task), Distribution::getBetweenRunsHalfWidth);
            });
        }
        assertThat(between.all).isGreaterThanOrEqualTo(20);
        assertThat(within.share()).as("of few pairs").isGreaterThan(0.8);
        assertThat(between.share()).isGreaterThan(0.95 - between.doubt());
    }

    /** Pairs of figures for the same task, and how many differ by no more than their joint interval. */
    private static final class Coverage {

        private int all;
        private int covered;
        private double halfWidths;

        void add(Measured a, Measured b, ToDoubleFunction<Distribution> halfWidth) {
            double joint = Math.hypot(halfWidth.applyAsDouble(a.getLatency()), halfWidth.applyAsDouble(b.getLatency()));
            all++;
            halfWidths += halfWidth.applyAsDouble(a.getLatency());
            covered += Math.abs(Math.log((double) a.getLatency().getP50Nanos() / b.getLatency().getP50Nanos())) <= joint ? 1 : 0;
        }

        double share() {
            return covered / (double) all;
        }

        /** Two standard errors of a share of so many. */
        /** So many standard errors that eight shares of a recording hold together in 95 of 100 honest recordings (Bonferroni). */
        double doubt() {
            return 2.73 * Math.sqrt(0.05 * 0.95 / all);
        }

        @Override
        public String toString() {
            return String.format("%d of %d, ± %.2f %% on average", covered, all, 100 * halfWidths / all);
        }
    }

    /**
     * The truth of a recorded phase is what all its slices but some say, whose own doubt, a fraction of the doubt that is judged, is
     * taken into account. Of the processes every n-th is measured as an agent measures, until its interval ends it, against the others:
     * that is how tasks are compared that are measured side by side. And every n-th part of the time against the rest of it: that is
     * how runs are compared. Both recordings, by tests/benchmarks/record_slices.sh, chose no constant of the method.
     */
    @ParameterizedTest
    @ValueSource(strings = {"long-calm", "long-busy"})
    void onRecordedSlices(String recording) throws Exception {
        Coverage all = new Coverage();
        Map<Integer, Coverage> within = new TreeMap<>();
        Map<Integer, Coverage> between = new TreeMap<>();
        for (Map.Entry<Integer, List<List<Line>>> phase : RecordedMachine.phases(recording).entrySet()) {
            List<List<Line>> processes = phase.getValue();
            long tasks = processes.stream().flatMap(List::stream).filter(line -> !line.isOfSentinel()).map(Line::name).distinct().count();
            long slices = processes.stream().flatMap(List::stream).filter(line -> !line.isOfSentinel()).count() / tasks;
            int parts = (int) Math.min(processes.size(), slices / SLICES_A_PART);
            Replay replay = new Replay(noLevels(phase.getKey()), processes, RULES);
            for (int i = 0; i < parts; i++) {
                int part = i;
                add(replay, process -> process % parts == part, Distribution::getRelativeHalfWidth,
                    all, within.computeIfAbsent((int) tasks, key -> new Coverage()));
                add(replay, process -> process * parts / processes.size() == part, Distribution::getBetweenRunsHalfWidth,
                    between.computeIfAbsent((int) tasks, key -> new Coverage()));
            }
        }
        log.info("{}: {} together; by tasks side by side {}, in another moment {}", recording, all, within, between);
        assertThat(within).containsOnlyKeys(1, 4, 15, 64);
        assertThat(all.share()).as("side by side: %s", within).isBetween(0.93, 0.97);
        assertThat(within).allSatisfy((tasks, some) -> assertThat(some.share()).as("%d side by side: %s", tasks, some)
            .isGreaterThan(0.95 - some.doubt()));
        assertThat(between).allSatisfy((tasks, some) -> assertThat(some.share()).as("%d in another moment: %s", tasks, some)
            .isGreaterThan(0.95 - some.doubt()));
    }

    private static void add(Replay replay, IntPredicate part, ToDoubleFunction<Distribution> halfWidth, Coverage... counts)
        throws InterruptedException {
        Map<String, Measured> rest = replay.measure(part.negate(), false);
        replay.measure(part, true).forEach((task, one) -> List.of(counts).forEach(
            count -> count.add(one, rest.get(task), halfWidth)));
    }
}
