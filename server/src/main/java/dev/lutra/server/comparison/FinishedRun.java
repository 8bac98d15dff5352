package dev.lutra.server.comparison;

import dev.lutra.InputException;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measures;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run's folder tells of it.
 *
 * @param name the folder's
 * @param experiment as the run was opened last
 * @param searched the experiment file that the front was found with
 * @param front that it has found
 * @param evaluated candidates in the order of their evaluation
 * @param over those of them that miss a limit by what devices have measured since
 * @param durations of its stages
 * @param peakBytes most memory that its trainings held; empty where none told
 * @param measured how many models devices timed for it
 * @param verified what devices said of files that are there and of this front, by file and device
 * @param retrained networks that were trained by themselves
 * @param tested networks on test images
 */
record FinishedRun(String name, Experiment experiment, Experiment.Text searched, Front front, List<Candidate> evaluated, Set<Architecture> over,
    Map<String, Duration> durations,
    OptionalLong peakBytes, int measured, List<RunEvent.FileVerified> verified, List<RunEvent.NetworkRetrained> retrained,
    List<RunEvent.NetworkTested> tested) {

    /** What the weights are told by in fronts and in files. */
    private static final String SUPERNET_WEIGHTS = "supernet.weights";

    /**
     * @throws InputException if the folder is no run's, or the run has no front yet, or one of other objectives than its experiment's
     */
    static FinishedRun read(Path folder) {
        RunFolder files = new RunFolder(folder);
        Experiment experiment = StoredExperiment.read(files);
        if (!Files.exists(files.front())) {
            throw InputException.in(files.front(), "no such file (expected: after lutra search)");
        }
        GeneSpace space = experiment.genes();
        Front front = Front.readJson(files.front(), space);
        if (!front.objectives().equals(experiment.objectives())) {
            throw InputException.in(files.front(), "searched with objectives " + front.objectives() + " (expected: "
                + experiment.objectives() + ", as the run's experiment has since: lutra search again)");
        }
        try (Database database = Database.open(files.database())) {
            RunHistory history = RunHistory.of(new ResultStore(database, experiment.name()));
            List<RunEvent.CandidateEvaluated> told = history.all(RunEvent.CandidateEvaluated.class).stream()
                .sorted(Comparator.comparingInt(RunEvent.CandidateEvaluated::number)).toList();
            Set<Architecture> over = told.stream().filter(RunEvent.CandidateEvaluated::isOver).map(event -> space.parse(event.architecture()))
                .collect(Collectors.toSet());
            List<Candidate> evaluated = told.stream()
                .map(event -> new Candidate(space.parse(event.architecture()), Measures.of(event.measures()))).toList();
            OptionalLong peak = history.all(RunEvent.TrainingPace.class).stream().map(RunEvent.TrainingPace::memory).filter(Objects::nonNull)
                .mapToLong(Long::longValue).max();
            return new FinishedRun(Optional.ofNullable(folder.toAbsolutePath().normalize().getFileName()).map(Path::toString).orElse("run"),
                experiment, StoredExperiment.searched(files).orElse(experiment.text()), front, evaluated, over, history.durations(), peak,
                history.all(RunEvent.EntryMeasured.class).size(), history.all(RunEvent.FileVerified.class).stream()
                    .filter(verified -> isOf(front, files.exports().resolve(verified.file()), verified.architecture())).toList(),
                history.all(RunEvent.NetworkRetrained.class), history.all(RunEvent.NetworkTested.class));
        }
    }

    /** How many images a call on a device takes. */
    int batch(String device) {
        return experiment.targets().stream().filter(target -> target.device().equals(device)).mapToInt(Experiment.Target::batch).findFirst()
            .orElse(1);
    }

    /** What was trained of an architecture by itself, last. */
    Optional<RunEvent.NetworkRetrained> retrained(String architecture) {
        return retrained.stream().filter(network -> network.architecture().equals(architecture)).reduce((one, later) -> later);
    }

    /** Accuracy on test images of a file. */
    Optional<Double> tested(String file) {
        return tested.stream().filter(network -> file.equals(network.file())).map(RunEvent.NetworkTested::accuracy).reduce((one, later) -> later);
    }

    /** Whether a file that devices ran is still there, with the weights that the front's accuracies are of. */
    private static boolean isOf(Front front, Path file, String architecture) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        Map<String, String> metadata = OnnxFile.metadata(file);
        String weights = front.provenance().getOrDefault(SUPERNET_WEIGHTS, "");
        return architecture.equals(metadata.get(OnnxMetadata.ARCHITECTURE))
            && metadata.getOrDefault(OnnxMetadata.ORIGIN + SUPERNET_WEIGHTS, weights).equals(weights);
    }
}
