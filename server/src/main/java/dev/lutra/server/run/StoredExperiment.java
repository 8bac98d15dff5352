package dev.lutra.server.run;

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

/** What a run's folder says of its experiment, so that who has the folder needs not the file. */
public final class StoredExperiment {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_BYTES = 1 << 27;

    private StoredExperiment() {}

    static void write(Experiment experiment, RunFolder folder) {
        try {
            AtomicFile.write(folder.experiment(), JSON.writeValueAsString(JSON.createObjectNode()
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
        try {
            JsonNode stored = JSON.readTree(InputFile.text(folder.experiment(), MOST_BYTES));
            return ExperimentFile.read(new Experiment.Text(Path.of(stored.path("file").asText()), stored.path("text").asText()));
        } catch (JsonProcessingException e) {
            throw new InputException(folder.experiment() + ": not JSON: " + e.getOriginalMessage() + " (expected: as lutra run writes it)", e);
        }
    }
}
