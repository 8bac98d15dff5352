package dev.lutra.server.comparison;

import dev.lutra.InputException;
import dev.lutra.search.Candidate;
import dev.lutra.search.Hypervolume;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.decision.HypervolumeCurve;
import dev.lutra.search.decision.TradeOff;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.report.CallFigures;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Several runs side by side. Hypervolumes are of one box, around all that any of them has evaluated, in the objectives that all share. */
public final class RunComparison {

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final int BRIEF_DIGITS = 12;

    private final List<FinishedRun> runs;
    private final List<Objective> objectives;
    private final Hypervolume box;

    private RunComparison(List<FinishedRun> runs, List<Objective> objectives) {
        this.runs = runs;
        this.objectives = objectives;
        box = Hypervolume.around(objectives, runs.stream().flatMap(run -> of(run).stream()).toList());
    }

    /**
     * Reads runs.
     *
     * @param folders at least two
     * @throws InputException if one is no run's folder or has no front, or they share too few objectives
     */
    public static RunComparison of(List<Path> folders) {
        if (folders.size() < 2) {
            throw new InputException("compare: one run (expected: at least two)");
        }
        List<FinishedRun> runs = folders.stream().map(FinishedRun::read).toList();
        List<Objective> shared = runs.get(0).front().objectives().stream()

            .filter(objective -> runs.stream().allMatch(run -> tells(run, objective)))
            .filter(objective -> runs.stream().map(run -> images(run, objective)).distinct().count() == 1).toList();
        if (shared.size() < 2 || shared.stream().noneMatch(objective -> objective.measure().equals(Measure.ACCURACY))) {
            throw new InputException("compare: " + folders.get(0) + " and others share the objectives " + shared
                + " (expected: accuracy and at least one more that all of them tell, of calls of as many images)");
        }
        return new RunComparison(runs, shared);
    }

    private static boolean tells(FinishedRun run, Objective objective) {
        return !run.front().candidates().isEmpty()
            && run.front().candidates().get(0).measures().values().containsKey(objective.measure());
    }

    private static int images(FinishedRun run, Objective objective) {
        return new CallFigures(run.experiment().targets()).images(objective.measure());
    }

    /** What a run evaluated, or where it tells none of that its front. */
    private static Collection<Candidate> of(FinishedRun run) {
        return run.evaluated().isEmpty() ? run.front().candidates() : run.evaluated();
    }

    public List<String> names() {
        Set<String> names = new LinkedHashSet<>();
        runs.forEach(run -> {
            String name = run.name();
            for (int i = 2; !names.add(name); i++) {
                name = run.name() + " (" + i + ")";
            }
        });
        return List.copyOf(names);
    }

    /** The objectives that all runs share, of calls of as many images. */
    public List<Objective> objectives() {
        return objectives;
    }

    /**
     * Settings that differ, by key, a value a run; empty where a file does not name it. They are those that the fronts were found with. What
     * files held that settings name differs too, as hashes tell that stand in the fronts.
     */
    public Map<String, List<String>> settings() {
        Map<String, List<String>> settings = new TreeMap<>(SettingDifferences.of(runs.stream().map(run -> run.searched().content()).toList()));
        runs.stream().flatMap(run -> run.front().provenance().entrySet().stream()).filter(entry -> HASH.matcher(entry.getValue()).matches())
            .map(Map.Entry::getKey).distinct().forEach(name -> {
                List<String> values = runs.stream().map(run -> run.front().provenance().getOrDefault(name, "")).toList();
                if (values.stream().distinct().count() > 1) {
                    settings.putIfAbsent(name, values.stream().map(value -> value.substring(0, Math.min(BRIEF_DIGITS, value.length()))).toList());
                }
            });
        return settings;
    }

    /**
     * A setting that a run's experiment has otherwise since its front was found, so that no figure here follows from it.
     *
     * @param then what the front was found with; empty where the file did not name it
     * @param now what it is by now; empty where the file does not name it
     */
    public record Change(String run, String setting, String then, String now) {}

    /** What was changed since in any run. */
    public List<Change> changes() {
        List<Change> changes = new ArrayList<>();
        List<String> names = names();
        for (int i = 0; i < runs.size(); i++) {
            String run = names.get(i);
            SettingDifferences.of(List.of(runs.get(i).searched().content(), runs.get(i).experiment().text().content()))
                .forEach((setting, values) -> changes.add(new Change(run, setting, values.get(0), values.get(1))));
        }
        return changes;
    }

    /** Of each run's front. */
    public List<Double> hypervolumes() {
        return runs.stream().map(run -> box.of(run.front().candidates())).toList();
    }

    /** Of each run, by number of evaluations. */
    public List<SortedMap<Integer, Double>> curves() {
        return runs.stream().map(run -> HypervolumeCurve.of(box, run.evaluated(), objectives,
            candidate -> !run.over().contains(candidate.architecture()))).toList();
    }

    /** Of each run, accuracy against one of the shared costs. */
    public List<TradeOff> fronts(Objective cost) {
        return runs.stream().map(run -> TradeOff.of(run.front(), cost)).toList();
    }

    /** The shared objectives but accuracy. */
    public List<Objective> costs() {
        return objectives.stream().filter(objective -> !objective.measure().equals(Measure.ACCURACY)).toList();
    }

    /** Of each stage that any run had, how long every run worked on it; zero where it did not. */
    public Map<String, List<Duration>> durations() {
        Map<String, List<Duration>> durations = new LinkedHashMap<>();
        runs.forEach(run -> run.durations().keySet().forEach(stage -> durations.computeIfAbsent(stage,
            name -> runs.stream().map(one -> one.durations().getOrDefault(name, Duration.ZERO)).toList())));
        return durations;
    }

    /** How shared objectives are called, and their axes. */
    public CallFigures calls() {
        return new CallFigures(runs.get(0).experiment().targets());
    }

    /** Of each run whose supernet it took over, so that its training is another's; empty where it trained its own, or had none. */
    public List<Optional<String>> supernetsOf() {
        return runs.stream().map(run -> run.experiment().supernetFrom().map(Path::toString)).toList();
    }

    /** Of each run how many architectures it evaluated. */
    public List<Integer> evaluations() {
        return runs.stream().map(run -> run.evaluated().size()).toList();
    }

    /** Of each run how many models devices timed for its tables. */
    public List<Integer> measured() {
        return runs.stream().map(FinishedRun::measured).toList();
    }

    /** Of each run the most memory that its trainings held, in bytes; 0 where none told. */
    public List<Long> peakBytes() {
        return runs.stream().map(run -> run.peakBytes().orElse(0)).toList();
    }

    /**
     * An exported file on a device.
     *
     * @param accuracy as the front has it
     * @param retrained on validation images, of the network trained by itself; empty where it was not
     * @param tested the same on test images
     * @param batch images of a call, which latencies are of
     * @param learned whether the table had learned from this network, so that what it says is no prediction
     */
    public record Winner(String run, String file, String architecture, double accuracy, Optional<Double> retrained, Optional<Double> tested,
        String device, int batch, long predictedNanos, long p50Nanos, boolean confirmed, boolean learned) {

        /** What came of it, in words. */
        public String state() {
            return (confirmed ? "verified" : "not confirmed") + (learned ? ", learned" : "");
        }
    }

    /** What devices said of the runs' files. */
    public List<Winner> winners() {
        List<Winner> winners = new ArrayList<>();
        List<String> names = names();
        for (int i = 0; i < runs.size(); i++) {
            Map<String, Candidate> front = new LinkedHashMap<>();
            runs.get(i).front().candidates().forEach(candidate -> front.put(candidate.architecture().toString(), candidate));
            for (RunEvent.FileVerified verified : runs.get(i).verified()) {
                if (front.containsKey(verified.architecture())) {
                    FinishedRun run = runs.get(i);
                    Optional<RunEvent.NetworkRetrained> retrained = run.retrained(verified.architecture());
                    winners.add(new Winner(names.get(i), verified.file(), verified.architecture(),
                        front.get(verified.architecture()).accuracy(), retrained.map(RunEvent.NetworkRetrained::accuracy),
                        retrained.flatMap(network -> run.tested(network.file())), verified.device(), run.batch(verified.device()),
                        verified.predicted(), verified.p50(), verified.confirmed(), verified.learned()));
                }
            }
        }
        return winners;
    }
}
