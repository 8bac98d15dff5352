package dev.lutra.server.folder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What a run's folder says of its experiment, so that who has the folder needs not the file. */
public final class StoredExperiment {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_BYTES = 1 << 27;

    private StoredExperiment() {}

    /** Keeps the experiment that the run is opened with. */
    public static void write(Experiment experiment, RunFolder folder) {
        write(experiment, folder.experiment());
    }

    /** Keeps the experiment beside the front that is found with it. */
    public static void writeSearched(Experiment experiment, RunFolder folder) {
        write(experiment, folder.searched());
    }

    private static void write(Experiment experiment, Path file) {
        try {
            AtomicFile.write(file, JSON.writeValueAsString(JSON.createObjectNode()
                .put("file", experiment.text().file().toString()).put("text", experiment.text().content())) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree always writes", e);
        }
    }

    /**
     * The experiment that a run was opened with last.
     *
     * @throws InputException if the folder is no run's
     */
    public static Experiment read(RunFolder folder) {
        if (!Files.exists(folder.experiment())) {
            throw InputException.in(folder.root(), "not the folder of a run (expected: one that lutra run has made)");
        }
        return ExperimentFile.read(text(folder.experiment()));
    }

    /** The experiment file that the front was found with; empty where an earlier version has not kept it. */
    public static Optional<Experiment.Text> searched(RunFolder folder) {
        return Files.exists(folder.searched()) ? Optional.of(text(folder.searched())) : Optional.empty();
    }

    private static Experiment.Text text(Path file) {
        try {
            JsonNode stored = JSON.readTree(InputFile.text(file, MOST_BYTES));
            return new Experiment.Text(Path.of(stored.path("file").asText()), stored.path("text").asText());
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not JSON: " + e.getOriginalMessage() + " (expected: as lutra run writes it)", e);
        }
    }
}
