package dev.lutra.server.experiment;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.data.ImageData;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.server.experiment.Progress.Work;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Checkpoint;
import dev.lutra.supernet.EvaluationSettings;
import dev.lutra.supernet.Sampling;
import dev.lutra.supernet.SubnetEvaluator;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Trainer;
import dev.lutra.supernet.TrainingListener;
import dev.lutra.supernet.TrainingSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * One run of an experiment in its folder. Stages may be called in any later process: each finds what earlier ones left, and
 * does only what is missing. What several stages need (images, weights, devices) is opened once, when first asked for.
 */
public final class ExperimentRun implements AutoCloseable {

    private static final int HASH_BYTES = 8;
    private static final int SAMPLED_PATHS = 8;

    private final Experiment experiment;
    private final RunFolder folder;
    private final FleetAccess access;
    private final Progress progress;
    private final String version;
    private final FileLock lock;
    private final Database database;
    private final ResultStore results;
    private ImageData data;
    private SearchSpace space;
    private SupernetWeights supernet;
    private SubnetEvaluator evaluator;
    private RunFleet fleet;
    private final List<Winner> winners = new ArrayList<>();

    private ExperimentRun(Experiment experiment, RunFolder folder, FleetAccess access, Progress progress, String version) {
        this.experiment = experiment;
        this.folder = folder;
        this.access = access;
        this.progress = progress;
        this.version = version;
        lock = folder.lock();
        database = Database.open(folder.database());
        results = new ResultStore(database, experiment.name());
    }

    /**
     * Opens a run, making its folder if need be.
     *
     * @param version of Lutra, for provenance
     * @throws InputException if another process works in the folder, or the space does not exist
     */
    public static ExperimentRun open(Experiment experiment, RunFolder folder, FleetAccess access, Progress progress,
        String version) {
        experiment.baseSpace();
        return new ExperimentRun(experiment, folder, access, progress, version);
    }

    /** Every stage; of an experiment with an accuracy table, those that need no weights. */
    public void all() {
        train();
        profile();
        search();
        if (experiment.accuracyTable().isEmpty()) {
            export();
            verify();
        }
    }

    /**
     * Trains the supernet, or what is left of its epochs; reads the accuracy table where the experiment has one instead.
     *
     * @throws InputException if no network of the space keeps the limits on MACs and parameters, before any training
     */
    public void train() {
        if (experiment.accuracyTable().isPresent()) {
            progress.say("train: no supernet; " + experiment.accuracyTable().get() + " has the accuracy of "
                + AccuracyTable.load(experiment.accuracyTable().get(), space()).size() + " architectures");
            return;
        }
        SearchStage.requireFeasible(experiment, space());
        supernet();
        sampledPaths();
    }

    /** Measures what the targets' tables lack. */
    public void profile() {
        tables(true);
    }

    /**
     * Finds the Pareto front and writes it.
     *
     * @throws InputException if a target has no table yet, or nothing keeps the constraints
     */
    public void search() {
        AccuracySource accuracy = accuracy();
        StoredCandidates log = candidates();
        CandidateEvaluator judge = SearchStage.evaluator(experiment, space(), tables(false), accuracy, log);
        Front front = SearchStage.run(experiment, judge, progress).with(provenance());
        front.writeCsv(folder.front().resolveSibling("front.csv"));
        AtomicFile.write(folder.front().resolveSibling("front.svg"),
            new RunReport(experiment, space(), folder).frontPlot(front, log.all(), List.of()));
        front.writeJson(folder.front());
        progress.say(String.format(Locale.ROOT, "search: %d architectures on the front, best accuracy %.2f %%, wrote %s",
            front.candidates().size(), 100 * front.candidates().stream().mapToDouble(Candidate::accuracy).max().orElse(0),
            folder.front()));
    }

    /**
     * Writes the first winners as ONNX.
     *
     * @throws InputException if there is no front yet, or no supernet
     */
    public void export() {
        requireSupernet();
        List<Candidate> ranked = ranked();
        int count = Math.min(experiment.export().top(), ranked.size());
        try (Progress.Work work = progress.begin("export", count, "files")) {
            for (int rank = 1; rank <= count; rank++) {
                exporter().export(rank, ranked.get(rank - 1), evaluator(), data());
                work.at(rank, ExportStage.fileName(rank));
            }
        }
    }

    /**
     * Has the devices confirm the exported files. A file that misses a limit when measured stays, marked as such, and the next
     * candidate of the front takes its place, until enough are verified or the front is exhausted.
     *
     * @throws InputException if nothing is exported yet, or there is no supernet
     */
    public void verify() {
        requireSupernet();
        List<Candidate> ranked = ranked();
        int wanted = Math.min(experiment.export().top(), ranked.size());
        for (int rank = 1; rank <= wanted; rank++) {
            if (!Files.exists(exporter().file(rank))) {
                throw InputException.in(exporter().file(rank), "no such file (expected: after lutra export)");
            }
        }
        winners.clear();
        int verified = 0;
        try (Progress.Work work = progress.begin("verify", wanted, "files")) {
            for (int rank = 1; rank <= ranked.size() && verified < wanted; rank++) {
                if (rank > wanted) {
                    exporter().export(rank, ranked.get(rank - 1), evaluator(), data());
                }
                Winner winner = exporter().verify(rank, ranked.get(rank - 1), evaluator(), data(), fleet(), runId());
                winners.add(winner);
                verified += winner.isVerified() ? 1 : 0;
                work.at(verified, winner.file());
            }
        }
        WinnerFile.write(folder.verification(), winners);
        Front front = Front.readJson(folder.front(), space());
        RunReport report = new RunReport(experiment, space(), folder);
        report.write(front, candidates().all(), winners, Checkpoint.read(folder.checkpoint()).curve(), sampledPaths(), tables(false));
        progress.say("report: " + folder.report());
    }

    /** Accuracy of the verified winners on the test split, which no earlier stage has looked at. */
    public Map<String, Double> test() {
        requireSupernet();
        var split = data().test().orElseThrow(() -> new InputException("data.test: missing (expected: a source of test images)"));
        Map<String, Double> accuracies = new LinkedHashMap<>();
        List<Candidate> ranked = ranked();
        int count = Math.min(experiment.export().top(), ranked.size());
        try (Progress.Work work = progress.begin("test", count, "networks")) {
            for (Candidate candidate : ranked.subList(0, count)) {
                accuracies.put(candidate.architecture().toString(), evaluator().accuracy(candidate.architecture(), split));
                work.at(accuracies.size(), "");
            }
        }
        return accuracies;
    }

    /**
     * Trains the first winners from scratch, each with its weights to itself, and writes them as ONNX beside the others.
     *
     * @return validation accuracy by file
     */
    public Map<Path, Double> retrain() {
        Map<Path, Double> accuracies = new LinkedHashMap<>();
        List<Candidate> ranked = ranked();
        for (int rank = 1; rank <= Math.min(experiment.export().top(), ranked.size()); rank++) {
            Candidate candidate = ranked.get(rank - 1);
            Path checkpoint = folder.root().resolve("retrained-" + hash(candidate.architecture().toString()) + ".safetensors");
            Trainer trainer = new Trainer(space(), data(), alone(candidate.architecture()), checkpoint);
            try (TrainingProgress training = new TrainingProgress("retrain " + rank);
                SupernetWeights weights = trainer.train(training);
                SubnetEvaluator judge = new SubnetEvaluator(space(), weights, data(), experiment.evaluation())) {
                Path file = exporter().exportRetrained(rank, candidate, judge, data());
                accuracies.put(file, judge.evaluate(candidate.architecture()).accuracy());
            }
        }
        return accuracies;
    }

    private TrainingSettings alone(Architecture architecture) {
        TrainingSettings settings = experiment.retraining();
        return new TrainingSettings(settings.epochs(), settings.batch(), Sampling.fixed(architecture), 0, settings.learningRate(),
            settings.warmUp(), settings.schedule(), settings.momentum(), settings.weightDecay(), settings.labelSmoothing(), settings.seed());
    }

    /** What {@link #verify} found, the most accurate first. */
    public List<Winner> winners() {
        return List.copyOf(winners);
    }

    public RunFolder folder() {
        return folder;
    }

    private List<Candidate> ranked() {
        if (!Files.exists(folder.front())) {
            throw InputException.in(folder.front(), "no such file (expected: after lutra search)");
        }
        Front front = Front.readJson(folder.front(), space());
        return front.spread(front.candidates().size());
    }

    private ExportStage exporter() {
        return new ExportStage(experiment, space(), folder, version);
    }

    private ImageData data() {
        if (data == null) {
            try (DecodingProgress decoding = new DecodingProgress(progress)) {
                data = ImageData.open(experiment.dataSpec(experiment.baseSpace()), folder.imageCache(), decoding);
            }
        }
        return data;
    }

    private SearchSpace space() {
        if (space == null) {
            space = experiment.data().isPresent() ? experiment.searchSpace(data().classes().size()) : experiment.baseSpace();
        }
        return space;
    }

    private AccuracySource accuracy() {
        if (experiment.accuracyTable().isPresent()) {
            return AccuracyTable.load(experiment.accuracyTable().get(), space());
        }
        requireTrained();
        return architecture -> evaluator().evaluate(architecture).accuracy();
    }

    private void requireSupernet() {
        if (experiment.accuracyTable().isPresent()) {
            throw new InputException("accuracy.table: an experiment with it has no supernet, whose weights this needs "
                + "(expected: lutra retrain, which trains winners by themselves)");
        }
    }

    private void requireTrained() {
        if (!Files.exists(folder.checkpoint())
            || Checkpoint.read(folder.checkpoint()).epochs() < experiment.training().epochs()) {
            throw InputException.in(folder.checkpoint(), "not a finished training (expected: after lutra train)");
        }
    }

    private SupernetWeights supernet() {
        if (supernet == null) {
            Trainer trainer = new Trainer(space(), data(), experiment.training(), folder.checkpoint());
            try (TrainingProgress training = new TrainingProgress("train")) {
                supernet = trainer.train(training);
            }
        }
        return supernet;
    }

    /** Accuracy of a few random subnets, which says how far the shared weights have come. */
    private List<Double> sampledPaths() {
        List<Double> accuracies = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(experiment.training().seed());
        StoredCandidates log = candidates();
        try (Progress.Work work = progress.begin("judge random paths", SAMPLED_PATHS, "paths")) {
            for (int i = 0; i < SAMPLED_PATHS; i++) {
                Architecture path = space().random(random);
                double accuracy = log.find(path).map(Candidate::accuracy).orElseGet(() -> evaluator().evaluate(path).accuracy());
                log.record(new Candidate(path, Measures.of(Map.of(Measure.ACCURACY, accuracy))));
                accuracies.add(accuracy);
                work.at(accuracies.size(), String.format(Locale.ROOT, "mean accuracy %.2f %%",
                    100 * accuracies.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
            }
        }
        return accuracies;
    }

    private SubnetEvaluator evaluator() {
        if (evaluator == null) {
            evaluator = new SubnetEvaluator(space(), supernet(), data(),
                experiment.evaluation());
        }
        return evaluator;
    }

    private RunFleet fleet() {
        if (fleet == null) {
            fleet = RunFleet.open(access, experiment.targets(), folder, database, progress);
        }
        return fleet;
    }

    /** Tables by device; {@code measure} says whether what they lack is measured or an error. */
    private Map<String, LookupTable> tables(boolean measure) {
        if (measure) {
            return new ProfileStage(experiment, space(), folder, runId(), this::fleet, progress).run();
        }
        Map<String, LookupTable> tables = new LinkedHashMap<>();
        for (Experiment.Target target : experiment.targets()) {
            LookupTable table = ProfileStage.find(experiment, folder, target).orElseThrow(() -> InputException.in(
                experiment.table(target).orElse(folder.tables()),
                "no lookup table of device " + target.device() + " (expected: after lutra profile)"));
            ProfileStage.requireWhole(table, space());
            tables.put(target.device(), table);
        }
        return tables;
    }

    private StoredCandidates candidates() {
        String judge = experiment.accuracyTable().map(ExperimentRun::identity).orElseGet(() -> String.join("\n", data().hash(),
            space().input().toString(), experiment.training().toString(), experiment.evaluation().toString()));
        return new StoredCandidates(results, hash(experiment.space() + "\n" + judge));
    }

    private Map<String, String> provenance() {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("lutra", version);
        provenance.put("experiment", experiment.name());
        if (experiment.accuracyTable().isPresent()) {
            provenance.put("accuracy table", identity(experiment.accuracyTable().get()));
            return provenance;
        }
        provenance.put("training", experiment.training().toString());
        provenance.put("evaluation", experiment.evaluation().toString());
        provenance.put("data hash", data().hash());
        return provenance;
    }

    /** A table's file, and a hash of what is in it. */
    private static String identity(Path table) {
        try {
            return table.getFileName() + " " + hash(Files.readString(table));
        } catch (IOException e) {
            throw new UncheckedIOException(table + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Names this run's tasks in a fleet: the same after a crash, different from every other run's. */
    private String runId() {
        return results.find("run", "id").orElseGet(() -> {
            String id = UUID.randomUUID().toString();
            results.put("run", "id", id);
            return id;
        });
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    @Override
    public void close() {
        closeQuietly(fleet);
        closeQuietly(evaluator);
        closeQuietly(supernet);
        closeQuietly(data);
        database.close();
        try {
            lock.release();
            lock.acquiredBy().close();
        } catch (IOException e) {
            progress.say(folder.root() + ": its lock cannot be released: " + e.getMessage());
        }
    }

    private void closeQuietly(AutoCloseable part) {
        try {
            if (part != null) {
                part.close();
            }
        } catch (Exception e) {
            progress.say("while closing: " + e.getMessage());
        }
    }

    /** Training as progress. */
    private final class TrainingProgress implements TrainingListener, AutoCloseable {

        private static final double SMOOTHING = 0.98;

        private final String what;
        private Work work;
        private double loss = Double.NaN;

        TrainingProgress(String what) {
            this.what = what;
        }

        @Override
        public void step(TrainingListener.Progress now) {
            if (work == null) {
                work = progress.begin(what, now.steps() * now.images(), "images");
            }
            loss = Double.isNaN(loss) ? now.loss() : SMOOTHING * loss + (1 - SMOOTHING) * now.loss();
            work.at(now.step() * now.images(),
                String.format(Locale.ROOT, "epoch %d of %d, loss %.3f", now.epoch(), now.epochs(), loss));
        }

        @Override
        public void close() {
            closeQuietly(work);
        }
    }
}
