package dev.lutra.agent.rounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.bench.TimeAccount;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.estimate.Estimate;
import dev.lutra.agent.estimate.Observation;
import dev.lutra.agent.estimate.Scaling;
import dev.lutra.agent.rounds.RecordedMachine.Line;
import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.statistics.Level;
import dev.lutra.agent.statistics.Statistics;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How often 95 % intervals hold, by how many tasks are measured side by side. */
class CoverageTest {

    private static final long MS = 1_000_000;
    private static final MeasureRules RULES = MeasureRules.newBuilder()
        .setMinWarmupRuns(3).setMinWarmupNanos(30 * MS).setMaxWarmupNanos(400 * MS).setMinSamples(15)
        .setSliceNanos(60 * MS).setMaxMeasureNanos(15_000 * MS).setTargetRelativeHalfWidth(0.01).setMinRounds(4).build();

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

    private ReferenceLevels levels(String runtime, Map<SentinelModel, Double> nanos) {
        ReferenceLevels levels = new ReferenceLevels(state);
        Runtime.Builder ran = Runtime.newBuilder().setName(runtime).setProvider("cpu").setThreads(1);
        nanos.forEach((model, level) -> levels.put(ReferenceLevels.key(
            (runtime.equals("simulated") ? ran.setVersion("1") : ran).build(), List.of(), model),
            new ReferenceLevels.Reference(Math.round(level), 0)));
        return levels;
    }

    /** Some hundreds of intervals; the variance between processes is two fifths of that within one, as in recorded slices of lone tasks. */
    @ParameterizedTest
    @CsvSource({"1, 400", "4, 100", "15, 30", "64, 8"})
    void onSimulatedSlices(int tasks, int runs) throws Exception {
        double quickest = 1 + 0.02 * 0.2586;
        double median = 1 + 0.02 * 0.6915;
        ReferenceLevels levels = levels("simulated", Map.of(SentinelModel.CORE, SimulatedMachine.CORE_SENTINEL_NANOS * quickest,
            SentinelModel.MEMORY, SimulatedMachine.SENTINEL_NANOS * quickest));
        int covered = 0;
        for (int run = 0; run < runs; run++) {
            SimulatedMachine machine = new SimulatedMachine(1000L * tasks + run);
            machine.processDeviation = 0.005;
            machine.sessionDeviation = 0.0075;
            machine.taskOfProcessDeviation = 0.0047;
            for (int i = 0; i < tasks; i++) {
                machine.latencies.put("t" + i, 0.1 * MS * Math.pow(60, i / (double) Math.max(4, tasks)));
            }
            Rounds rounds = new Rounds(machine, levels, machine::nanoTime, machine, Clock.systemUTC(), new Random(run),
                new SystemWatch(state), "test");
            for (Map.Entry<String, Distribution> one : measure(rounds, machine.latencies.keySet(), RULES).entrySet()) {
                double truth = median * machine.latencies.get(one.getKey());
                covered += Math.abs(Math.log(one.getValue().getP50Nanos() / truth)) <= one.getValue().getRelativeHalfWidth() ? 1 : 0;
            }
        }
        assertThat(covered / (double) (tasks * runs)).isBetween(0.93, 0.97);
    }

    /** One machine as it was and beside somebody's job: the same tasks, by what is kept of both recordings, on one scale. */
    @Test
    void onRecordedSlices() {
        Map<Integer, List<List<Line>>> calm = RecordedMachine.phases("calm");
        Map<Integer, List<List<Line>>> busy = RecordedMachine.phases("busy");
        Map<Integer, int[]> pairs = new TreeMap<>();
        calm.forEach((phase, processes) -> {
            ReferenceLevels levels = levels("recorded", levels(processes));
            Map<String, Estimate> first = estimate(levels, processes);
            int[] counts = pairs.computeIfAbsent(first.size(), size -> new int[3]);
            estimate(levels, busy.get(phase)).forEach((task, estimate) -> count(counts, first.get(task), estimate));
        });
        int[] all = pairs.values().stream().reduce(new int[3], (a, b) -> new int[]{a[0] + b[0], a[1] + b[1], a[2] + b[2]});
        assertThat(all[0]).isGreaterThanOrEqualTo(20);
        assertThat(all[1] / (double) all[0]).as("of few pairs").isGreaterThan(0.8);
        assertThat(all[2] / (double) all[0]).isGreaterThan(0.95);
    }

    private static void count(int[] counts, Estimate a, Estimate b) {
        if (a != null && Double.isFinite(a.halfWidth()) && Double.isFinite(b.halfWidth())) {
            double off = Math.abs(a.logNanos() - b.logNanos());
            counts[0]++;
            counts[1] += off <= Math.hypot(a.halfWidth(), b.halfWidth()) ? 1 : 0;
            counts[2] += off <= Math.hypot(a.betweenRuns(), b.betweenRuns()) ? 1 : 0;
        }
    }

    private static Map<SentinelModel, Double> levels(List<List<Line>> processes) {
        Map<SentinelModel, Double> levels = new HashMap<>();
        for (SentinelModel model : SentinelModel.values()) {
            double[] read = processes.stream().flatMap(List::stream).filter(line -> line.name().equals(RecordedMachine.name(model)))
                .mapToDouble(Line::level).toArray();
            if (read.length > 0) {
                levels.put(model, Statistics.quantile(read, 0.2));
            }
        }
        return levels;
    }

    private static void read(Sentinels watch, boolean core, RecordedMachine machine) {
        try {
            TimeAccount account = new TimeAccount(machine.nanoTime());
            if (core) {
                watch.readCore(machine, () -> false, account);
            } else {
                watch.readMemory(machine, () -> false, account);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What an agent makes of some recorded processes: it judges, scales and estimates their slices as if they were its own. */
    private static Map<String, Estimate> estimate(ReferenceLevels levels, List<List<Line>> processes) {
        RecordedMachine machine = new RecordedMachine();
        Map<SentinelModel, Sentinels> sentinels = new HashMap<>();
        Map<SentinelModel, Map<String, Series>> series = new HashMap<>();
        SentinelModel ofMemory = SentinelModel.MEMORY;
        for (List<Line> process : processes) {
            List<Runnable> pending = new ArrayList<>();
            long since = 1000 * process.get(0).atMicros();
            for (int i = 0; i < process.size(); i++) {
                Line line = process.get(i);
                machine.go(line, process.get(Math.min(i + 1, process.size() - 1)));
                ofMemory = line.name().equals(RecordedMachine.name(SentinelModel.MEMORY))
                    ? SentinelModel.MEMORY
                    : line.name().equals(RecordedMachine.name(SentinelModel.WEIGHTS)) ? SentinelModel.WEIGHTS : ofMemory;
                Task task = Task.newBuilder().setId(line.name()).setProvider("cpu").setThreads(1).setRules(RULES).build();
                SentinelModel larger = ofMemory;
                Sentinels watch = sentinels.computeIfAbsent(larger, model -> new Sentinels(task, model, levels, machine::nanoTime));
                if (line.isOfSentinel()) {
                    read(watch, line.name().equals(RecordedMachine.name(SentinelModel.CORE)), machine);
                } else {
                    Series own = series.computeIfAbsent(larger, model -> new HashMap<>()).computeIfAbsent(line.name(), name -> new Series(
                        new Job(LeaseName.getDefaultInstance(), task, new byte[0], () -> false), new SystemWatch().cpuTime()));
                    Slice slice = RecordedMachine.slice(line, task);
                    long at = 1000 * (line.atMicros() + line.tookMicros() / 2);
                    double unrest = Math.max(Level.delayed(slice) / Defaults.DELAYED, Level.halvesApart(slice) / Defaults.HALVES);
                    pending.add(() -> own.add(watch.round(slice, at, unrest, since)));
                }
            }
            pending.forEach(Runnable::run);
        }
        Map<String, Estimate> estimates = new HashMap<>();
        series.forEach((model, tasks) -> {
            Sentinels watch = sentinels.get(model);
            tasks.values().forEach(one -> one.judge(watch.usual()));
            Scaling scaling = watch.scaling(List.copyOf(tasks.values()));
            tasks.forEach((name, one) -> {
                List<Observation> observations = one.observations(scaling.reference());
                if (observations.size() > 1) {
                    estimates.put(name, Estimate.of(observations, scaling));
                }
            });
        });
        return estimates;
    }
}
