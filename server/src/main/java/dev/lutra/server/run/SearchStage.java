package dev.lutra.server.run;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Nsga2Search;
import dev.lutra.search.Objective;
import dev.lutra.search.RandomSearch;
import dev.lutra.search.SearchListener;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Searches the space under the experiment's constraints and objectives, and writes the Pareto front that it gives. */
public final class SearchStage implements Stage<Front> {

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return experiment.accuracyTable().isPresent() ? Set.of(Artifact.TABLES) : Set.of(Artifact.SUPERNET, Artifact.TABLES);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.FRONT);
    }

    /**
     * @throws InputException if nothing keeps the constraints
     */
    @Override
    public Front run(RunContext run) {
        Optional<AccuracyTable> known = run.accuracyTable();
        StoredCandidates log = run.candidates();
        CheapMeasures computed = computed(run.experiment(), run.space(), run.tables());
        CandidateEvaluator judge = known
            .map(table -> evaluator(run.experiment(), run.space(), table.replacing(computed), table, log))
            .orElseGet(() -> evaluator(run.experiment(), run.space(), computed, run.supernetAccuracies(), log));
        Front front = run(run.experiment(), judge, run.progress()).with(run.provenance());
        Path file = run.folder().front();
        front.writeCsv(file.resolveSibling("front.csv"));
        AtomicFile.write(file.resolveSibling("front.svg"),
            new RunReport(run.experiment(), run.space(), run.folder()).frontPlot(front, log.all(), List.of()));
        front.writeJson(file);
        run.progress().say(String.format(Locale.ROOT, "search: %d architectures on the front, best accuracy %.2f %%, wrote %s",
            front.candidates().size(), 100 * front.candidates().stream().mapToDouble(Candidate::accuracy).max().orElse(0), file));
        run.tables().forEach((device, table) -> FrontPrecision.of(device, table, run.space(), front)
            .filter(FrontPrecision::isTooCoarse).ifPresent(precision -> run.progress().say("search: " + precision.described())));
        return front;
    }

    /** What the search bounds before it looks at accuracy, in the words of the experiment file. */
    public static List<Constraint> constraints(Experiment experiment) {
        List<Constraint> constraints = new ArrayList<>();
        experiment.macs().ifPresent(bound -> constraints.add(Constraint.atMost(Measure.MACS, bound)));
        experiment.params().ifPresent(bound -> constraints.add(Constraint.atMost(Measure.PARAMS, bound)));
        for (Experiment.Target target : experiment.targets()) {
            target.p50().ifPresent(bound -> constraints.add(Constraint.atMost(Measure.latency(target.device()), bound.toNanos())
                .from("targets: " + target.device() + ": latency.p50")));
            target.p99().ifPresent(bound -> constraints.add(Constraint.atMost(Measure.p99(target.device()), bound.toNanos())
                .from("targets: " + target.device() + ": latency.p99")));
        }
        return constraints;
    }

    /**
     * Looks for one architecture that keeps the limits that need no table.
     *
     * @throws InputException if there is none, naming the limit and the best value found
     */
    static void requireFeasible(Experiment experiment, SearchSpace space) {
        CheapMeasures counted = CheapMeasures.counted(space, Map.of());
        List<Constraint> countable = constraints(experiment).stream()
            .filter(constraint -> counted.names().contains(constraint.measure())).toList();
        CandidateEvaluator anyAccuracy = new CandidateEvaluator(space, counted, countable,
            AccuracySource.oneByOne(architecture -> 0), CandidateLog.inMemory());
        new RandomSearch(anyAccuracy, List.of(Objective.parse(Measure.MACS)), 1, experiment.search().seed()).run(SearchListener.NONE);
    }

    /** The objectives; {@code latency} stands for the latency on every target, and without targets for a table's column. */
    public static List<Objective> objectives(Experiment experiment) {
        List<Objective> objectives = new ArrayList<>();
        for (String name : experiment.objectives()) {
            if (name.equals(Measure.LATENCY) && !experiment.targets().isEmpty()) {
                experiment.targets().forEach(target -> objectives.add(Objective.parse(Measure.latency(target.device()))));
            } else {
                objectives.add(Objective.parse(name));
            }
        }
        return objectives;
    }

    /**
     * What is known of an architecture without running it.
     *
     * @throws InputException if p99 is limited on a target whose table does not predict it
     */
    public static CheapMeasures computed(Experiment experiment, SearchSpace space, Map<String, LookupTable> tables) {
        Map<String, LatencyModel> models = new LinkedHashMap<>();
        tables.forEach((device, table) -> models.put(device, new LatencyModel(table)));
        for (Experiment.Target target : experiment.targets()) {
            if (target.p99().isPresent() && !models.get(target.device()).predictsP99()) {
                throw new InputException("targets: " + target.device() + ": latency.p99: " + tables.get(target.device()).origin()
                    + " predicts no p99 (expected: a table calibrated on whole networks, see profile.calibrate)");
            }
        }
        return CheapMeasures.counted(space, models);
    }

    /**
     * How candidates are judged.
     *
     * @param cheap what is computed, or where accuracies come from a table, its other columns in the place of that
     */
    public static CandidateEvaluator evaluator(Experiment experiment, SearchSpace space, CheapMeasures cheap, AccuracySource accuracy,
        CandidateLog log) {
        return new CandidateEvaluator(space, cheap, constraints(experiment), accuracy, log);
    }

    static Front run(Experiment experiment, CandidateEvaluator evaluator, Progress progress) {
        Nsga2Search.Settings settings = Nsga2Search.Settings.DEFAULT
            .withSize(experiment.search().population(), experiment.search().generations())
            .withSeed(experiment.search().seed());
        Nsga2Search search = new Nsga2Search(evaluator, objectives(experiment), settings);
        int budget = experiment.search().population() * experiment.search().generations();
        try (Progress.Work work = progress.begin("search", budget, "candidates")) {
            return search.run(new Watch(work));
        }
    }

    /** Turns what the search tells into progress. */
    private static final class Watch implements SearchListener {

        private final dev.lutra.server.run.Progress.Work work;
        private double best;

        Watch(dev.lutra.server.run.Progress.Work work) {
            this.work = work;
        }

        @Override
        public void evaluated(Candidate candidate, int done, int budget) {
            best = Math.max(best, candidate.accuracy());
            work.at(done, String.format(Locale.ROOT, "best accuracy %.2f %%", 100 * best));
        }
    }
}
