package dev.lutra.server.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.server.event.EventStore;
import dev.lutra.server.event.ProgressFile;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SearchSpace;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that goes on while it is looked at. */
class RunReaderTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = """
        name: looked-at
        space: shufflenetv2-cifar
        data: {train: "synthetic:4x10", test: "synthetic:4x4"}
        evaluation: {recalibration-images: 20}
        """;

    @TempDir
    private Path root;
    private RunFolder folder;
    private Database database;
    private RunEvents events;
    private ProgressFile progress;
    private RunReader reader;

    @BeforeEach
    void begin() {
        folder = new RunFolder(root.resolve("run"));
        database = Database.open(folder.database());
        StoredExperiment.write(ExperimentFile.read(new Experiment.Text(root.resolve("looked-at.yaml"), FILE)), folder);
        progress = new ProgressFile(folder.progress(), System::nanoTime);
        events = new RunEvents(List.of(new EventStore(new ResultStore(database, "looked-at"), folder.metrics(), Clock.systemUTC()), progress));
        reader = new RunReader(folder, Clock.systemUTC());
    }

    @AfterEach
    void end() {
        database.close();
    }

    private JsonNode view() throws Exception {
        // one that looks for the first time, as after a while
        return JSON.readTree(new RunReader(folder, Clock.systemUTC()).view());
    }

    private void evaluate(String architecture, double accuracy) {
        events.emit(new RunEvent.CandidateEvaluated(1, 9, architecture, Map.of("accuracy", accuracy, "macs", 100.0), false));
    }

    private JsonNode candidates() throws Exception {
        return JSON.readTree(reader.candidates());
    }

    @Test
    void itTellsWhatIsKnownWhileTheRunGoesOn() throws Exception {
        events.emit(new RunEvent.StageBegan("train"));
        events.emit(new RunEvent.TrainingStep("train", 1, 2, 10, 20, 1.5, 0.25, 0.1));
        events.emit(new RunEvent.Warning("train", "look here"));
        JsonNode view = view();
        assertThat(view.path("stages")).singleElement().satisfies(stage -> assertThat(stage.path("state").asText()).isEqualTo("running"));
        assertThat(view.path("training").path("curves").path(0).path("plot").path("curves").path(0).path("y").path(0).asDouble()).isEqualTo(1.5);
        assertThat(view.path("warnings").path(0).path("text").asText()).isEqualTo("look here");
        assertThat(view.path("front").isNull()).isTrue();
        assertThat(view.path("verdict").asText()).isEmpty();
        events.emit(new RunEvent.StageEnded("train"));
        progress.close();
        assertThat(view().path("stages").path(0).path("state").asText()).isEqualTo("done");
        assertThat(view().path("progress").isNull()).isTrue();
    }

    /** Intervals of accuracies are known while the search goes on, not in the report alone. */
    @Test
    void whatAccuraciesAreSharesOfIsTold() throws Exception {
        assertThat(view().path("images").isNull()).isTrue();
        events.emit(new RunEvent.AccuracyCounted(250));
        assertThat(view().path("images").asLong()).isEqualTo(250);
    }

    /** A view a second reads images and tables once, and again when they are others. */
    @Test
    void whatTheRunIsMadeOfIsReadAgainWhenItsFilesChange() throws Exception {
        RunSources sources = new RunSources(folder);
        Experiment first = sources.experiment();
        SearchSpace networks = sources.networks().orElseThrow();
        assertThat(networks.build(networks.architecture(new int[networks.genes().size()])).segments()).isNotEmpty();
        assertThat(sources.models()).isEmpty();
        assertThat(sources.experiment()).isSameAs(first);
        assertThat(sources.networks().orElseThrow()).isSameAs(networks);
        LookupTable table = EstimatedTable.of(networks, Device.newBuilder().setName("box").build(),
            Runtime.newBuilder().setName("onnxruntime").setProvider("cpu").setThreads(1).build(), "float32", 1);
        StoredExperiment.write(ExperimentFile.read(new Experiment.Text(root.resolve("looked-at.yaml"), FILE + "targets: [{device: box}]\n")), folder);
        assertThat(sources.experiment()).isNotSameAs(first).extracting(now -> now.targets().size()).isEqualTo(1);
        Files.createDirectories(folder.tables());
        Path file = folder.tables().resolve("box.json");
        table.save(file);
        LatencyModel model = sources.models().get("box");
        assertThat(model.table().entries()).isNotEmpty();
        assertThat(sources.models().get("box")).isSameAs(model);
        LookupTable.of(table.content().toBuilder().removeEntries(0).build()).save(file);
        assertThat(sources.models().get("box").table().entries()).hasSize(model.table().entries().size() - 1);
    }

    @Test
    void theExperimentIsToldInItsOwnWords() throws Exception {
        JsonNode view = view();
        assertThat(view.path("settings")).anySatisfy(setting -> {
            assertThat(setting.path("key").asText()).isEqualTo("evaluation.recalibration-images");
            assertThat(setting.path("value").asText()).isEqualTo("20");
        });
        assertThat(view.toString()).as("no Java names").doesNotContainPattern("[A-Z][A-Za-z]+\\[[a-z][A-Za-z]*=");
    }

    @Test
    void candidatesComeAsTheyAreEvaluatedAndGoWhenTheSearchBeginsAnew() throws Exception {
        evaluate("k3,k3", 0.5);
        assertThat(candidates().path("architectures")).hasSize(1);
        evaluate("k5,k3", 0.75);
        evaluate("k3,k3", 0.625);
        assertThat(candidates().path("measures").path("accuracy").toString()).as("a candidate that is told again is one").isEqualTo("[0.625,0.75]");
        assertThat(new String(reader.candidatesAsCsv(), StandardCharsets.UTF_8).lines())
            .containsExactly("arch,accuracy,macs,stopped,over", "\"k3,k3\",0.625,100,false,false", "\"k5,k3\",0.75,100,false,false");
        events.emit(new RunEvent.BegunAnew("search/candidate"));
        assertThat(candidates().path("architectures")).isEmpty();
        evaluate("k7,k7", 0.25);
        assertThat(candidates().path("architectures").toString()).isEqualTo("[\"k7,k7\"]");
    }

    @Test
    void whoComesBackHearsWhatCameMeanwhile() {
        Supplier<String> first = reader.watch("");
        evaluate("k3,k3", 0.5);
        String heard = first.get();
        assertThat(heard).contains("\"architecture\":\"k3,k3\"", "event: progress");
        String id = heard.lines().filter(line -> line.startsWith("id: ")).findFirst().orElseThrow().substring(4);
        assertThat(first.get()).as("nothing new").isEmpty();
        evaluate("k5,k3", 0.5);
        assertThat(reader.watch(id).get()).contains("k5,k3").doesNotContain("k3,k3\"");
        assertThat(reader.watch("nonsense").get()).as("an id that is none").contains("k3,k3", "k5,k3");
        events.emit(new RunEvent.BegunAnew("search/candidate"));
        assertThat(reader.watch(id).get()).as("what was heard holds no more").contains("event: anew");
    }

    @Test
    void aFolderOfNoRunSaysSo() {
        RunFolder empty = new RunFolder(root.resolve("empty"));
        assertThatThrownBy(() -> new RunReader(empty, Clock.systemUTC()).view()).isInstanceOf(InputException.class)
            .hasMessageContaining("not the folder of a run (expected: one that lutra run has made)");
    }
}
