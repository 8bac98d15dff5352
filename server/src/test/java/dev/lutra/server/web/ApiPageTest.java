package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.lutra.server.event.EventStore;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lines of Python on the page of the API, run as they stand there against a server that has a run. */
class ApiPageTest {

    private static final Path PAGE = Path.of("..", "docs", "reference", "api.md");
    private static final Path PYTHON = Path.of("/usr/bin/python3");
    private static final String EXPERIMENT = """
        name: flowers
        space: shufflenetv2-cifar
        data: {train: "synthetic:4x10", test: "synthetic:4x4"}
        """;

    @TempDir
    private Path folder;

    @Test
    void aFewLinesOfPythonReadTheCandidatesOfTheNewestRun() throws Exception {
        assumeTrue(Files.isExecutable(PYTHON), "no " + PYTHON + ": install the Debian package python3");
        String page = Files.readString(PAGE);
        int from = page.indexOf("```python\n") + "```python\n".length();
        Path script = Files.writeString(folder.resolve("candidates.py"), page.substring(from, page.indexOf("```", from)));
        try (AllRoutes all = new AllRoutes(folder)) {
            String id = submitted(all);
            search(new RunFolder(folder.resolve("runs").resolve(id)));
            Path token = Files.writeString(folder.resolve("token"), all.viewer() + "\n");
            Process python = new ProcessBuilder(PYTHON.toString(), script.toString(), all.server.address(), token.toString())
                .redirectErrorStream(true).start();
            String printed = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(python.waitFor()).as(printed).isZero();
            assertThat(printed).isEqualTo("flowers 3 k5,k3 0.75\n");
        }
    }

    private static String submitted(AllRoutes all) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(all.server.address() + "/api/runs"))
            .header("Authorization", "Bearer " + all.credentials.shown().get("an operator's token").token().orElseThrow())
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(JsonNodeFactory.instance.objectNode().put("experiment", EXPERIMENT).toString())).build(),
            BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new JsonMapper().readTree(answer.body()).path("id").asText();
    }

    /** As the run's own process writes what it finds. */
    private void search(RunFolder run) {
        try (Database database = Database.open(run.database())) {
            StoredExperiment.write(ExperimentFile.read(new Experiment.Text(folder.resolve("flowers.yaml"), EXPERIMENT)), run);
            RunEvents events = new RunEvents(List.of(new EventStore(new ResultStore(database, "flowers"), run.metrics(), Clock.systemUTC())));
            Map.of("k3,k3", 0.5, "k5,k3", 0.75, "k3,k5", 0.625)
                .forEach((architecture, accuracy) -> events.emit(new RunEvent.CandidateEvaluated(1, 9, architecture,
                    Map.of("accuracy", accuracy, "macs", 100.0), false)));
        }
    }
}
