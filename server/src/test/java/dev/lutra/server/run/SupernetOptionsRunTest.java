package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs whose supernet is split, and whose candidates are judged in other ways than usual. */
class SupernetOptionsRunTest {

    @TempDir
    private Path folder;
    private final SaidLines said = new SaidLines();

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    private ExperimentRun open(String supernet, String evaluation) throws IOException {
        return ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve("e.yaml"), """
            name: e
            space: nine.yaml
            data: {train: "synthetic:4x60"}
            supernet: %s
            evaluation: %s
            search: {algorithm: nsga2, population: 4, generations: 3}
            retrain: {epochs: 1, batch: 8, weights: supernet}
            export: {top: 1}
            objectives: [accuracy, macs]
            """.formatted(supernet, evaluation))), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), said, "test");
    }

    private Map<String, Map<String, Double>> candidates() {
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            Map<String, Map<String, Double>> candidates = new TreeMap<>();
            RunHistory.of(new ResultStore(database, "e")).all(RunEvent.CandidateEvaluated.class)
                .forEach(event -> candidates.put(event.architecture(), event.measures()));
            return candidates;
        }
    }

    @Test
    void aSplitSupernetIsSearchedExportedAndHandedOn() throws IOException {
        String supernet = "{epochs: 4, batch: 8, split: {by: layer1}}";
        Front front;
        try (ExperimentRun run = open(supernet, "{recalibration-images: 16}")) {
            run.all();
            front = run.searched().front();
            String best = run.winners().get(0).architecture();
            String part = "@layer1.choice:" + best.substring(0, best.indexOf(','));
            assertThat(OnnxFile.metadata(folder.resolve("run/export/winner-1.onnx"))).containsEntry("lutra.supernet.phases.2.then.1", "split")
                .containsEntry("lutra.supernet.phases.2.then.1.by", "layer1");
            assertThat(Files.readString(folder.resolve("run/export/winner-1.onnx"), StandardCharsets.ISO_8859_1))
                .contains(part);
            List<RetrainedNetwork> retrained = run.retrain(RetrainRequest.WINNERS);
            assertThat(retrained).singleElement().satisfies(network -> assertThat(network.architecture()).isEqualTo(best));
        }
        try (ExperimentRun again = open(supernet, "{recalibration-images: 16}")) {
            again.all();
            assertThat(again.searched().front()).isEqualTo(front);
        }
        Files.move(folder.resolve("run"), folder.resolve("first"));
        try (ExperimentRun other = open("{from: first, split: {by: layer1}}", "{recalibration-images: 16}")) {
            assertThat(other.search().candidates()).extracting(Candidate::architecture)
                .isEqualTo(front.candidates().stream().map(Candidate::architecture).toList());
        }
    }

    /** Of hundreds of images at hand only some are looked at of candidates that are far behind. */
    @Test
    void whatWasStoppedSaysSoAndIsNotTakenForAnAccuracy() throws IOException {
        String supernet = "{epochs: 2, batch: 8}";
        Map<String, Map<String, Double>> whole;
        try (ExperimentRun run = open(supernet, "{recalibration-images: 16, batch: 2}")) {
            run.train();
            run.search();
            whole = candidates();
        }
        Front front;
        try (ExperimentRun run = open(supernet, "{recalibration-images: 16, batch: 2, early-stopping: 0.8}")) {
            front = run.search();
            Map<String, Map<String, Double>> told = candidates();
            assertThat(told).isNotEmpty().allSatisfy((architecture, measures) -> {
                if (measures.containsKey(Measure.STOPPED_AFTER)) {
                    assertThat(measures.get(Measure.STOPPED_AFTER)).isLessThan(24);
                    assertThat(measures.get(Measure.ACCURACY_AT_MOST)).isLessThan(1);
                } else {
                    assertThat(measures.get(Measure.ACCURACY)).isEqualTo(whole.getOrDefault(architecture, measures).get(Measure.ACCURACY));
                }
            });
            assertThat(front.provenance()).containsEntry("evaluation.early-stopping", "0.8");
        }
        try (ExperimentRun again = open(supernet, "{recalibration-images: 16, batch: 2, early-stopping: 0.8}")) {
            assertThat(again.search()).isEqualTo(front);
        }
    }

    @Test
    void recalibrationIsPartOfWhatAnAccuracyFollowsFrom() throws IOException {
        String supernet = "{epochs: 2, batch: 8}";
        Map<String, String> judged = new TreeMap<>();
        for (String recalibration : new String[]{"mean", "moving", "batch"}) {
            try (ExperimentRun run = open(supernet, "{recalibration-images: 16, recalibration: " + recalibration + "}")) {
                run.all();
                judged.put(recalibration, run.searched().front().provenance().toString());
                assertThat(run.searched().front().provenance()).containsEntry("evaluation.recalibration", recalibration);
                assertThat(OnnxFile.metadata(folder.resolve("run/export/winner-1.onnx")))
                    .as("a file has statistics").containsEntry("lutra.evaluation.recalibration",
                        recalibration.equals("batch") ? "mean" : recalibration);
            }
        }
        assertThat(judged.values()).doesNotHaveDuplicates();
    }
}
