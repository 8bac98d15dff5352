package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.identity.Sha256;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** What several stages of a run need. Images, weights and devices are opened once, when first asked for. */
final class RunContext implements AutoCloseable {

    private final Experiment experiment;
    private final RunFolder folder;
    private final FleetAccess access;
    private final Progress progress;
    private final String version;
    private final Database database;
    private final ResultStore results;
    private ImageData data;
    private SearchSpace space;
    private SupernetWeights supernet;
    private SubnetEvaluator evaluator;
    private RunFleet fleet;

    RunContext(Experiment experiment, RunFolder folder, FleetAccess access, Progress progress, String version) {
        this.experiment = experiment;
        this.folder = folder;
        this.access = access;
        this.progress = progress;
        this.version = version;
        database = Database.open(folder.database());
        results = new ResultStore(database, experiment.name());
    }

    Experiment experiment() {
        return experiment;
    }

    RunFolder folder() {
        return folder;
    }

    Progress progress() {
        return progress;
    }

    /** Names this run's tasks in a fleet: the same after a crash, different from every other run's. */
    String id() {
        return results.find("run", "id").orElseGet(() -> {
            String id = UUID.randomUUID().toString();
            results.put("run", "id", id);
            return id;
        });
    }

    ImageData data() {
        if (data == null) {
            try (DecodingProgress decoding = new DecodingProgress(progress)) {
                data = ImageData.open(experiment.dataSpec(experiment.baseSpace()), folder.imageCache(), decoding);
            }
        }
        return data;
    }

    /** The space, with as many classes as the data has. */
    SearchSpace space() {
        if (space == null) {
            space = experiment.data().isPresent() ? experiment.searchSpace(data().classes().size()) : experiment.baseSpace();
        }
        return space;
    }

    /** The supernet's file: the run's own, or the one that the experiment takes over. */
    Path checkpoint() {
        return experiment.supernetFrom()
            .map(from -> Files.isDirectory(from) ? new RunFolder(from).checkpoint() : from)
            .orElse(folder.checkpoint());
    }

    /** The trained weights; whatever is left of their training is done first. */
    SupernetWeights supernet() {
        if (supernet == null && experiment.supernetFrom().isPresent()) {
            supernet = Checkpoint.load(checkpoint(), space(), data());
        }
        if (supernet == null) {
            Trainer trainer = new Trainer(space(), data(), experiment.training(), experiment.evaluation(), folder.checkpoint());
            try (TrainingProgress training = new TrainingProgress(progress, "train")) {
                supernet = trainer.train(training);
            }
        }
        return supernet;
    }

    SubnetEvaluator evaluator() {
        if (evaluator == null) {
            evaluator = new SubnetEvaluator(space(), supernet(), data(), experiment.evaluation());
        }
        return evaluator;
    }

    /** The experiment's table of accuracies, where it has one in place of a supernet. */
    Optional<AccuracyTable> accuracyTable() {
        return experiment.accuracyTable().map(file -> AccuracyTable.load(file, space()));
    }

    /** Accuracies by the supernet's weights. */
    AccuracySource supernetAccuracies() {
        return (architectures, found) -> evaluator().accuracies(architectures, found);
    }

    RunFleet fleet() {
        if (fleet == null) {
            fleet = access.open(experiment.targets(), folder, database, progress);
        }
        return fleet;
    }

    /**
     * Tables by device.
     *
     * @throws InputException if one is not there, or lacks a segment that nobody here can measure
     */
    Map<String, LookupTable> tables() {
        Map<String, LookupTable> tables = new LinkedHashMap<>();
        for (Experiment.Target target : experiment.targets()) {
            LookupTable table = Profiler.find(experiment, folder, target).orElseThrow(() -> InputException.in(
                experiment.table(target).orElse(folder.tables()),
                "no lookup table of device " + target.device() + " (expected: after lutra profile)"));
            Profiler.requireWhole(table, space());
            tables.put(target.device(), table);
        }
        return tables;
    }

    /** The front's candidates, those to export first at its beginning. */
    List<Candidate> ranked() {
        Front front = Front.readJson(folder.front(), space());
        return front.spread(front.candidates().size());
    }

    /** How many winners the experiment asks for, and the front has. */
    int winnersWanted() {
        return Math.min(experiment.export().top(), ranked().size());
    }

    WinnerExport exporter() {
        return new WinnerExport(experiment, space(), folder, version);
    }

    /** Every candidate whose accuracy is known by the same weights and images. */
    StoredCandidates candidates() {
        return new StoredCandidates(results, judge().fingerprint("accuracy", 1));
    }

    /** What a candidate's accuracy follows from besides its architecture. */
    private NamedValues judge() {
        return experiment.accuracyTable()
            .map(table -> NamedValues.builder().put("space", space().fingerprint()).put("accuracy.table", content(table)).build())
            .orElseGet(() -> SubnetEvaluator.origin(space(), Checkpoint.weightsFingerprint(checkpoint()), data(),
                experiment.evaluation()));
    }

    Map<String, String> provenance() {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("lutra", version);
        provenance.put("experiment", experiment.name());
        Map<String, String> origin = new LinkedHashMap<>(judge().shown());
        if (experiment.accuracyTable().isEmpty()) {
            origin.putAll(trained());
        }
        origin.forEach((name, value) -> provenance.put(name.equals("space") ? "space.fingerprint" : name, value));
        return provenance;
    }

    /** What the supernet's weights follow from, as their file says. */
    Map<String, String> trained() {
        return Checkpoint.read(checkpoint()).origin();
    }

    private static String content(Path table) {
        try {
            return Sha256.of(Files.readAllBytes(table));
        } catch (IOException e) {
            throw new UncheckedIOException(table + ": cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        closeQuietly(fleet);
        closeQuietly(evaluator);
        closeQuietly(supernet);
        closeQuietly(data);
        database.close();
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
}
