package dev.lutra.server.run;

import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.server.profile.FrontPrecision;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import java.util.stream.Collectors;
import dev.lutra.space.Architecture;
import dev.lutra.search.lutra.LutraSearch;
import dev.lutra.identity.NamedValues;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.border.FileTrouble;
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
import dev.lutra.search.Measures;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.search.Search;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.report.FrontPlot;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;

/** Searches the space under the experiment's constraints and objectives, and writes the Pareto front that it gives. */
public final class SearchStage implements Stage<Front> {

    private static final String NAME = "search";
    private static final double NANOS = 1e9;
    private static final int CONTINUED_ONE_IN = 10;

    @Override
    public String name() {
        return NAME;
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
        if (run.experiment().hasSupernet()) {
            run.requireDevices();
        } else {
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
        run.events().emit(new RunEvent.BegunAnew(RunEvent.AccuracyCounted.PART));
        run.sharedImages().ifPresent(images -> run.events().emit(new RunEvent.AccuracyCounted(images)));
        Front front = found(run).with(run.provenance());
        run.experiment().superkernel().ifPresent(decided -> warnOfMissedTargets(run, decided, front.candidates().get(0)));
        write(run, front);
        if (!run.experiment().hasSupernet()) {
            run.report(List.of()); // nothing comes after that would
        }
        return front;
    }

    /**
     * What superkernels aim at may be out of their reach, or take longer than they were trained. Of several targets the one that is farthest
     * above is aimed at, and the others are kept by far.
     */
    private static void warnOfMissedTargets(RunContext run, SuperkernelSampling decided, Candidate candidate) {
        Map<String, Double> shares = new LinkedHashMap<>();
        decided.targets().forEach((device, target) -> shares.put(device, (double) new LatencyModel(run.tables().get(device))
            .predict(run.space().build(candidate.architecture())).nanos() / target.toNanos()));
        shares.entrySet().stream().max(Map.Entry.comparingByValue()).filter(share -> Math.abs(share.getValue() - 1) > SuperkernelSampling.MISSED)
            .ifPresent(share -> {
                double aim = decided.targets().get(share.getKey()).toNanos() / 1e6;
                run.events()
                    .emit(new RunEvent.Warning(NAME, String.format(Locale.ROOT, "superkernels aimed at %.3f ms on %s and came to %s, predicted at "
                        + "%.3f ms (expected: a target that networks of %s can take, and epochs enough to get there)", aim, share.getKey(),
                        candidate.architecture(), share.getValue() * aim, run.space().name())));
            });
    }

    /** A search that was repaired is searched as it was at first, then goes on from where the last repair left it. */
    private static Front found(RunContext run) {
        Repairs repairs = run.repairs();
        Map<String, LookupTable> tables = run.tables();
        Front first = searched(run, repairs.before(tables));
        String search = fingerprint(first, run);
        if (repairs.areOf(search, tables)) {
            return repairs.all().isEmpty() ? first : continued(run, first);
        }
        boolean hadOthers = !repairs.all().isEmpty();
        repairs.forget();
        repairs.begin(search);
        return hadOthers ? searched(run, tables) : first;
    }

    /** What a search follows from besides its tables. */
    private static String fingerprint(Front front, RunContext run) {
        NamedValues.Builder values = NamedValues.builder().put("judge", run.searchedCandidates().judge())
            .put("objectives", front.objectives().toString());
        front.provenance().forEach(values::put);
        return values.build().fingerprint("search", 1);
    }

    private static Front searched(RunContext run, Map<String, LookupTable> tables) {
        Algorithm algorithm = run.algorithm();
        TimedAccuracies accuracies = new TimedAccuracies(run.accuracies());
        CandidateEvaluator judge = new CandidateEvaluator(run.searched(), run.cheap(tables), run.experiment().constraints(),
            new BudgetedAccuracies(accuracies, algorithm.budget()), run.searchedCandidates());
        long begun = System.nanoTime();
        Front front = run(algorithm, run.experiment(), stopping(run, judge), run.events());
        accuracies.timed(System.nanoTime() - begun).ifPresent(run.events()::emit);
        return front;
    }

    /** Accuracies with the time that it takes until they are found and whoever asked has heard of them. */
    private static final class TimedAccuracies implements AccuracySource {

        private final AccuracySource source;
        private long nanos;
        private int asked;

        TimedAccuracies(AccuracySource source) {
            this.source = source;
        }

        @Override
        public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
            time(architectures.size(), () -> source.find(architectures, found));
        }

        @Override
        public void find(Map<Architecture, Double> least, BiConsumer<Architecture, Answer> found) {
            time(least.size(), () -> source.find(least, found));
        }

        @Override
        public OptionalLong images() {
            return source.images();
        }

        private void time(int architectures, Runnable finding) {
            long begun = System.nanoTime();
            finding.run();
            nanos += System.nanoTime() - begun;
            asked += architectures;
        }

        /**
         * What to tell of a search; nothing of one that was only replayed.
         *
         * @param whole nanoseconds that it took
         */
        Optional<RunEvent.SearchTimed> timed(long whole) {
            return asked == 0 ? Optional.empty() : Optional.of(new RunEvent.SearchTimed(asked, whole / NANOS, (whole - nanos) / NANOS));
        }
    }

    /** As the experiment wants candidates judged that will hardly reach the front. */
    private static CandidateEvaluator stopping(RunContext run, CandidateEvaluator judge) {
        return run.experiment().evaluation().stopping().map(stopping -> judge.stopping(run.experiment().objectives())).orElse(judge);
    }

    /**
     * Goes on from all that was known at the last repair, by today's tables: Lutra's own search learns from it and looks at as many more
     * as a tenth of the experiment's search, whatever algorithm found the first front.
     *
     * @param before the front until now
     * @throws InputException if nothing keeps the constraints
     */
    static Front continued(RunContext run, Front before) {
        List<Repairs.Repair> repairs = run.repairs().all();
        Repairs.Repair last = repairs.get(repairs.size() - 1);
        Algorithm algorithm = run.experiment().search().algorithm();
        LutraSearch.Settings own = algorithm instanceof LutraSearch.Settings settings ? settings : LutraSearch.Settings.DEFAULT;
        LutraSearch.Settings more = own.withBudget(Math.max(own.batch(), algorithm.budget() / CONTINUED_ONE_IN));
        Set<Architecture> over = last.over().stream().map(run.genes()::parse).collect(Collectors.toSet());
        CandidateEvaluator judge = stopping(run, new CandidateEvaluator(run.searched(), run.cheap(), run.experiment().constraints(),
            new BudgetedAccuracies(run.accuracies(), more.budget()), run.searchedCandidates()).without(over));
        List<Architecture> known = last.known().stream().map(run.genes()::parse).toList();
        Search search = more.continued(new SearchProblem(judge, run.experiment().objectives(), run.experiment().search().seed() + repairs.size()),
            known);
        try (Progress.Work work = run.events().begin("search on", known.size() + (long) more.budget(), "candidates")) {
            Front front = search.run(new Watch(run.events(), work, false));
            retell(run, judge);
            return new Front(front.objectives(), front.candidates(), before.provenance())
                .with(Map.of("verify.repairs", Integer.toString(repairs.size())));
        }
    }

    /** Tells every candidate by today's tables, those too that keep the limits no more: what was told of it before is known to be wrong. */
    private static void retell(RunContext run, CandidateEvaluator judge) {
        Map<String, Measures> judged = run.judged();
        run.events().emit(new RunEvent.BegunAnew("search/candidate"));
        int number = 0;
        for (Map.Entry<String, Measures> candidate : judged.entrySet()) {
            boolean isOver = !judge.isFeasible(run.genes().parse(candidate.getKey()));
            run.events().emit(new RunEvent.CandidateEvaluated(++number, judged.size(), candidate.getKey(), candidate.getValue().values(), isOver));
        }
    }

    /** Puts a front into its files, and says so. */
    static void write(RunContext run, Front front) {
        Path file = run.folder().front();
        front.writeCsv(file.resolveSibling("front.csv"));
        AtomicFile.write(file.resolveSibling("front.svg"),
            FrontPlot.svg(run.experiment(), front, run.evaluated().values()));
        delete(run.folder().searched()); // so that it is never of another front
        front.writeJson(file);
        StoredExperiment.writeSearched(run.experiment(), run.folder());
        if (run.experiment().hasNetworks()) {
            run.exporter().setAsideOthers(run.ranked(), run.events());
        }
        run.events().emit(new RunEvent.FrontFound(front.candidates().size(),
            front.candidates().stream().mapToDouble(Candidate::accuracy).max().orElse(0), file.toString()));
        run.tables().forEach((device, table) -> FrontPrecision.of(device, table, run.timed(), front)
            .filter(FrontPrecision::isTooCoarse)
            .ifPresent(precision -> run.events().emit(new RunEvent.Warning(NAME, precision.described()))));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be deleted: " + FileTrouble.reason(e), e);
        }
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
     * @throws InputException if p99, memory or energy is weighed or bounded on a target whose table does not predict it
     */
    public static CheapMeasures computed(Experiment experiment, SearchSpace space, Map<String, LookupTable> tables) {
        Map<String, LatencyModel> models = models(tables);
        for (Experiment.Target target : experiment.targets()) {
            LatencyModel model = models.get(target.device());
            if (model != null && experiment.asks(Measure.p99(target.device())) && !model.predictsP99()) {
                throw new InputException((target.p99().isPresent() ? "targets: " + target.device() + ": latency.p99" : Measure.p99(target.device()))
                    + ": " + tables.get(target.device()).origin()
                    + " predicts no p99 (expected: a table calibrated on whole networks, see profile.calibrate)");
            }
            if (model != null) {
                Profiler.requireEnergy(experiment, tables.get(target.device()), target);
            }
            if (model != null && experiment.asks(Measure.memory(target.device())) && model.memory().isEmpty()) {
                throw new InputException(Measure.memory(target.device()) + ": " + tables.get(target.device()).origin()
                    + " tells no peak memory (expected: a table with whole networks whose memory a device has told)");
            }
        }
        return CheapMeasures.counted(space, models, experiment.measures());
    }

    static Map<String, LatencyModel> models(Map<String, LookupTable> tables) {
        Map<String, LatencyModel> models = new LinkedHashMap<>();
        tables.forEach((device, table) -> models.put(device, new LatencyModel(table)));
        return models;
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

    static Front run(Algorithm algorithm, Experiment experiment, CandidateEvaluator evaluator, RunEvents events) {
        events.emit(new RunEvent.BegunAnew("search/candidate"));
        events.emit(new RunEvent.BegunAnew("search/generation"));
        Search search = algorithm.search(evaluator, experiment.objectives(), experiment.search().seed());
        try (Progress.Work work = events.begin("search", algorithm.budget(), "candidates")) {
            Watch watch = new Watch(events, work, true);
            Front front = search.run(watch);
            watch.tellStopped();
            return front;
        }
    }

    /** Tells what the search tells. */
    private static final class Watch implements SearchListener {

        private final RunEvents events;
        private final dev.lutra.server.event.Progress.Work work;
        private final boolean tellsGenerations;
        private double best;
        private int stopped;
        private int judged;

        /** @param tellsGenerations whether they are those of the experiment's own search, in whose box hypervolumes are told */
        Watch(RunEvents events, dev.lutra.server.event.Progress.Work work, boolean tellsGenerations) {
            this.events = events;
            this.work = work;
            this.tellsGenerations = tellsGenerations;
        }

        @Override
        public void evaluated(Candidate candidate, int done, int budget) {
            best = Math.max(best, candidate.accuracy());
            judged++;
            stopped += candidate.isWhole() ? 0 : 1;
            work.at(done, String.format(Locale.ROOT, "best accuracy %.2f %%", 100 * best));
            events.emit(new RunEvent.CandidateEvaluated(done, budget, candidate.architecture().toString(), candidate.measures().values(),
                false));
        }

        void tellStopped() {
            if (stopped > 0) {
                events.say("search: of " + judged + " candidates " + stopped + " were not judged to the end, as they would hardly have reached "
                    + "the front");
            }
        }

        @Override
        public void generation(SearchListener.Progress now) {
            if (!tellsGenerations) {
                return;
            }
            Map<String, Double> leaders = new LinkedHashMap<>();
            now.best().forEach((objective, value) -> leaders.put(objective.toString(), value));
            events.emit(new RunEvent.GenerationEnded(now.generation(), now.done(), leaders, now.hypervolume()));
        }
    }
}
