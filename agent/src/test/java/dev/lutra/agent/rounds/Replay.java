package dev.lutra.agent.rounds;

import dev.lutra.agent.bench.TimeAccount;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.estimate.Round;
import dev.lutra.agent.estimate.Scaling;
import dev.lutra.agent.rounds.RecordedMachine.Line;
import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.sentinel.Speed;
import dev.lutra.agent.statistics.Level;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What an agent makes of a recorded phase, or of the slices of some of its processes: it judges, scales and estimates them as if they
 * were its own. The sentinels' readings count in any case.
 */
final class Replay {

    /**
     * One process.
     *
     * @param rounds of tasks, by their names
     * @param usual the speed that the machine usually has by what is known at its end
     */
    private record Recorded(Map<String, List<Round>> rounds, Map<SentinelModel, Speed> usual) {}

    private final ReferenceLevels levels;
    private final MeasureRules rules;
    private final RecordedMachine machine = new RecordedMachine();
    private final List<List<Line>> processes;
    private final Map<String, SentinelModel> larger;
    private final List<Recorded> recorded = new ArrayList<>();

    /**
     * @param levels gets the reference that an agent would have established by the end, unless it has one
     * @param processes of a phase, in order
     */
    Replay(ReferenceLevels levels, List<List<Line>> processes, MeasureRules rules) throws InterruptedException {
        this.levels = levels;
        this.rules = rules;
        this.processes = processes;
        this.larger = largerSentinels(processes);
        Map<SentinelModel, Sentinels> sentinels = sentinels();
        for (List<Line> process : processes) {
            recorded.add(goThrough(process, sentinels));
        }
        sentinels.values().forEach(Sentinels::establishReference);
    }

    /** By the larger sentinel that was read last before most of a task's slices: tasks that share one are measured one after the other. */
    private static Map<String, SentinelModel> largerSentinels(List<List<Line>> processes) {
        Map<String, Map<SentinelModel, Integer>> counts = new TreeMap<>();
        SentinelModel last = SentinelModel.MEMORY;
        for (Line line : processes.stream().flatMap(List::stream).toList()) {
            if (!line.isOfSentinel()) {
                counts.computeIfAbsent(line.name(), name -> new EnumMap<>(SentinelModel.class)).merge(last, 1, Integer::sum);
            } else if (!line.isOf(SentinelModel.CORE)) {
                last = line.isOf(SentinelModel.MEMORY) ? SentinelModel.MEMORY : SentinelModel.WEIGHTS;
            }
        }
        Map<String, SentinelModel> larger = new TreeMap<>();
        counts.forEach((task, models) -> larger.put(task,
            models.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey()));
        return larger;
    }

    private Map<SentinelModel, Sentinels> sentinels() {
        Map<SentinelModel, Sentinels> sentinels = new EnumMap<>(SentinelModel.class);
        larger.values().forEach(model -> sentinels.computeIfAbsent(model,
            key -> new Sentinels(task("conditions"), key, levels, machine::nanoTime)));
        return sentinels;
    }

    private Task task(String id) {
        return Task.newBuilder().setId(id).setProvider("cpu").setThreads(1).setRules(rules).build();
    }

    private Recorded goThrough(List<Line> process, Map<SentinelModel, Sentinels> sentinels) throws InterruptedException {
        Map<String, List<Supplier<Round>>> pending = new TreeMap<>();
        long since = 1000 * process.get(0).atMicros();
        for (int i = 0; i < process.size(); i++) {
            Line line = process.get(i);
            if (line.isOfSentinel()) {
                read(line, process.get(Math.min(i + 1, process.size() - 1)), sentinels);
            } else {
                Slice slice = RecordedMachine.slice(line, task(line.name()));
                long at = 1000 * (line.atMicros() + line.tookMicros() / 2);
                double unrest = Math.max(Level.delayed(slice) / Defaults.DELAYED, Level.halvesApart(slice) / Defaults.HALVES);
                pending.computeIfAbsent(line.name(), name -> new ArrayList<>())
                    .add(() -> sentinels.get(larger.get(line.name())).round(slice, at, unrest, since));
            }
        }
        Map<String, List<Round>> rounds = new TreeMap<>();
        pending.forEach((task, some) -> rounds.put(task, some.stream().map(Supplier::get).toList()));
        Map<SentinelModel, Speed> usual = new EnumMap<>(SentinelModel.class);
        sentinels.forEach((model, watch) -> usual.put(model, watch.usual()));
        return new Recorded(rounds, usual);
    }

    /** All tasks have the same core. */
    private void read(Line line, Line next, Map<SentinelModel, Sentinels> sentinels) throws InterruptedException {
        for (Map.Entry<SentinelModel, Sentinels> one : sentinels.entrySet()) {
            machine.go(line, next);
            TimeAccount account = new TimeAccount(machine.nanoTime());
            if (line.isOf(one.getKey())) {
                one.getValue().readMemory(machine, () -> false, account);
            } else if (line.isOf(SentinelModel.CORE)) {
                one.getValue().readCore(machine, () -> false, account);
            }
        }
    }

    /**
     * @param taken by the number of a process: whether the tasks have its slices
     * @param tasksEnd whether a task ends as its rules say; otherwise it has all slices that are taken
     * @return by the tasks' names; of two slices or more
     */
    Map<String, Measured> measure(IntPredicate taken, boolean tasksEnd) throws InterruptedException {
        Map<SentinelModel, Sentinels> sentinels = sentinels();
        for (Line line : processes.stream().flatMap(List::stream).filter(Line::isOfSentinel).toList()) {
            if (sentinels.values().stream().allMatch(Sentinels::haveWorked)) {
                break;
            }
            read(line, line, sentinels); // what they say does not count any more, only that they run
        }
        Map<String, Series> inHand = new TreeMap<>();
        Map<String, Measured> measured = new TreeMap<>();
        for (int i = 0; i < recorded.size(); i++) {
            if (taken.test(i)) {
                recorded.get(i).rounds().forEach((name, rounds) -> {
                    if (!measured.containsKey(name)) {
                        rounds.forEach(inHand.computeIfAbsent(name, first -> series(name))::add);
                    }
                });
                if (tasksEnd) {
                    decide(sentinels, recorded.get(i).usual(), inHand, measured, series -> series.progress() == 1);
                }
            }
        }
        decide(sentinels, recorded.get(recorded.size() - 1).usual(), inHand, measured, series -> series.slices() > 1);
        return measured;
    }

    private Series series(String task) {
        return new Series(new Job(LeaseName.getDefaultInstance(), task(task), new byte[0], () -> false), new SystemWatch.Counts(0, 0, 0));
    }

    private void decide(Map<SentinelModel, Sentinels> sentinels, Map<SentinelModel, Speed> usual, Map<String, Series> inHand,
        Map<String, Measured> measured, Predicate<Series> ends) {
        sentinels.forEach((model, watch) -> {
            List<Series> group = inHand.entrySet().stream().filter(one -> larger.get(one.getKey()) == model).map(Map.Entry::getValue).toList();
            group.forEach(series -> series.judge(usual.get(model)));
            Scaling scaling = watch.scaling(group);
            for (Series series : group) {
                series.advance(scaling);
                if (ends.test(series)) {
                    watch.learn(series, scaling);
                    measured.put(series.job().task().getId(), series.result(scaling));
                }
            }
        });
        inHand.keySet().removeAll(measured.keySet());
    }
}
