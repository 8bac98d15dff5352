package dev.lutra.server.run;

import dev.lutra.server.profile.FrontPrecision;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.BudgetedAccuracies;
import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Searches the space under the experiment's constraints and objectives, and writes the Pareto front that it gives. */
public final class SearchStage implements Stage<Front> {

    @Override
    public String name() {
        return "search";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return !experiment.hasSupernet() ? Set.of(Artifact.TABLES) : Set.of(Artifact.SUPERNET, Artifact.TABLES);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.FRONT);
    }

    /**
     * @throws InputException if no network of the space keeps the limits that can be told by now, or something is to be weighed or
     *     bounded that nobody tells
     */
    @Override
    public void check(RunContext run) {
        requireFeasible(run);
        if (!run.experiment().hasSupernet()) {
            run.accuracies(); // read before anything is measured
        }
        Map<String, LookupTable> tables = run.knownTables();
        if (tables.size() == run.experiment().targets().size()) {
            CandidateEvaluator judge = new CandidateEvaluator(run.wanted(), run.cheap(tables), run.experiment().constraints(),
                AccuracySource.oneByOne(architecture -> 0), CandidateLog.inMemory());
            run.experiment().search().algorithm().search(judge, run.experiment().objectives(), run.experiment().search().seed());
        }
    }

    /**
     * @throws InputException if nothing keeps the constraints
     */
    @Override
    public Front run(RunContext run) {
        AccuracySource accuracy = run.accuracies();
        CandidateEvaluator judge = new CandidateEvaluator(run.searched(), run.cheap(), run.experiment().constraints(),
            new BudgetedAccuracies(accuracy, run.experiment().search().algorithm().budget()), run.searchedCandidates());
        Front front = run(run.experiment(), judge, run.events()).with(run.provenance());
        Path file = run.folder().front();
        front.writeCsv(file.resolveSibling("front.csv"));
        AtomicFile.write(file.resolveSibling("front.svg"),
            run.reporter().frontPlot(front, run.evaluated(), List.of()));
        front.writeJson(file);
        if (run.experiment().hasNetworks()) {
            run.exporter().setAsideOthers(run.ranked(), run.events());
        }
        run.events().emit(new RunEvent.FrontFound(front.candidates().size(),
            front.candidates().stream().mapToDouble(Candidate::accuracy).max().orElse(0), file.toString()));
        run.tables().forEach((device, table) -> FrontPrecision.of(device, table, run.space(), front)
            .filter(FrontPrecision::isTooCoarse).ifPresent(precision -> run.events().emit(new RunEvent.Warning(name(), precision.described()))));
        if (!run.experiment().hasSupernet()) {
            run.report(List.of()); // nothing comes after that would
        }
        return front;
    }

    /**
     * Looks for one architecture that keeps the limits that can be told by now.
     *
     * @throws InputException if there is none, naming the limit and the best value found
     */
    static void requireFeasible(RunContext run) {
        CheapMeasures cheap = run.cheap(run.knownTables());
        List<Constraint> countable = run.experiment().constraints().stream()
            .filter(constraint -> cheap.names().contains(constraint.measure())).toList();
        CandidateEvaluator anyAccuracy = new CandidateEvaluator(run.wanted(), cheap, countable,
            AccuracySource.oneByOne(architecture -> 0), CandidateLog.inMemory());
        FeasibleSampler.of(anyAccuracy, new Random(run.experiment().search().seed())).draw();
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
            LatencyModel model = models.get(target.device());
            if (model != null && experiment.limit(Measure.p99(target.device())).isPresent() && !model.predictsP99()) {
                throw new InputException("targets: " + target.device() + ": latency.p99: " + tables.get(target.device()).origin()
                    + " predicts no p99 (expected: a table calibrated on whole networks, see profile.calibrate)");
            }
        }
        return CheapMeasures.counted(space, models, experiment.measures());
    }

    /**
     * How candidates are judged.
     *
     * @param cheap what is computed, or where accuracies come from a table, its other columns in the place of that
     */
    public static CandidateEvaluator evaluator(Experiment experiment, GeneSpace space, CheapMeasures cheap, AccuracySource accuracy,
        CandidateLog log) {
        return new CandidateEvaluator(space, cheap, experiment.constraints(), accuracy, log);
    }

    static Front run(Experiment experiment, CandidateEvaluator evaluator, RunEvents events) {
        Algorithm algorithm = experiment.search().algorithm();
        events.emit(new RunEvent.BegunAnew("search/candidate"));
        events.emit(new RunEvent.BegunAnew("search/generation"));
        Search search = algorithm.search(evaluator, experiment.objectives(), experiment.search().seed());
        try (Progress.Work work = events.begin("search", algorithm.budget(), "candidates")) {
            return search.run(new Watch(events, work));
        }
    }

    /** Tells what the search tells. */
    private static final class Watch implements SearchListener {

        private final RunEvents events;
        private final dev.lutra.server.event.Progress.Work work;
        private double best;

        Watch(RunEvents events, dev.lutra.server.event.Progress.Work work) {
            this.events = events;
            this.work = work;
        }

        @Override
        public void evaluated(Candidate candidate, int done, int budget) {
            best = Math.max(best, candidate.accuracy());
            work.at(done, String.format(Locale.ROOT, "best accuracy %.2f %%", 100 * best));
            events.emit(new RunEvent.CandidateEvaluated(done, budget, candidate.architecture().toString(), candidate.measures().values()));
        }

        @Override
        public void generation(SearchListener.Progress now) {
            Map<String, Double> leaders = new LinkedHashMap<>();
            now.best().forEach((objective, value) -> leaders.put(objective.toString(), value));
            events.emit(new RunEvent.GenerationEnded(now.generation(), now.done(), leaders, now.hypervolume()));
        }
    }
}
