package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.search.Measure;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerFile;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments that name no device: accuracy under a limit on what is counted, from training to exported files. */
class WithoutTargetsTest {

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    /** More parameters against fewer MACs, so that the front has several networks whatever their accuracy. */
    private ExperimentRun open(String more) throws IOException {
        return open("[accuracy, macs, max params]", more);
    }

    private ExperimentRun open(String objectives, String more) throws IOException {
        return open(objectives, "{top: 2}", more);
    }

    private ExperimentRun exporting(String export, String more) throws IOException {
        return open("[accuracy, macs, max params]", export, more);
    }

    private ExperimentRun open(String objectives, String export, String more) throws IOException {
        Experiment experiment = ExperimentFile.read(Files.writeString(folder.resolve("bare.yaml"), """
            name: bare
            space: nine.yaml
            data: {train: "synthetic:4x20", test: "synthetic:4x10"}
            supernet: {epochs: 2, batch: 8}
            evaluation: {recalibration-images: 16}
            search: {population: 4, generations: 2}
            export: %s
            objectives: %s
            """.formatted(export, objectives) + more));
        return ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), progress, "test");
    }

    private RunHistory history() {
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            return RunHistory.of(new ResultStore(database, "bare"));
        }
    }

    private String architecture(String file) {
        return OnnxFile.metadata(folder.resolve("run/export").resolve(file)).get(OnnxMetadata.ARCHITECTURE);
    }

    @Test
    void runsToFilesThatNobodyVerified() throws IOException {
        try (ExperimentRun run = open("constraints: {params: {at-least: 100}}\n")) {
            run.all();
            assertThat(run.winners()).hasSize(2).allMatch(winner -> winner.checks().isEmpty() && !winner.isVerified());
            assertThat(run.isVerified()).isTrue();
            JsonNode report = ReportFile.data(run.folder().report()).path("run");
            assertThat(report.toString()).contains("no device was asked", "time for train", "images a second").doesNotContain("0.0e+00")
                .as("the words of the experiment file, no Java names").doesNotContainPattern("[A-Z][A-Za-z]+\\[[a-z][A-Za-z]*=");
            assertThat(report.path("training").path("probes")).as("after an epoch").isNotEmpty();
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class)
                .hasMessage("targets: missing (expected: at least one device, which verifies exported files)");
        }
        assertThat(folder.resolve("run/export/winner-1.onnx")).exists();
        assertThat(Files.readAllLines(folder.resolve("run/metrics.jsonl"))).hasSameSizeAs(new HashSet<>(Files.readAllLines(
            folder.resolve("run/metrics.jsonl")))).anyMatch(line -> line.contains("\"event\":\"generation-ended\""));
        RunHistory history = history();
        assertThat(history.all(RunEvent.SearchTimed.class)).singleElement().satisfies(timed -> {
            assertThat(timed.asked()).isPositive().isLessThanOrEqualTo(history.all(RunEvent.CandidateEvaluated.class).size());
            assertThat(timed.own()).isPositive().isLessThan(timed.seconds());
        });
        assertThat(history.all(RunEvent.PathsProbed.class)).singleElement().satisfies(probed -> {
            assertThat(probed.epoch()).isEqualTo(1);
            assertThat(probed.paths()).isNotEmpty().allMatch(path -> path.accuracy() >= 0 && path.accuracy() <= 1);
        });
        assertThat(history.all(RunEvent.TrainingPace.class)).isNotEmpty().allMatch(pace -> pace.imagesPerSecond() > 0
            && pace.dataWaitShare() >= 0 && pace.dataWaitShare() < 1);
        assertThat(history.curve("train")).extracting(RunEvent.TrainingStep::epoch).contains(1, 2);
        assertThat(history.all(RunEvent.EpochSaved.class)).hasSize(2);
        assertThat(history.all(RunEvent.CandidateEvaluated.class)).isNotEmpty();
        assertThat(history.all(RunEvent.FrontFound.class)).singleElement()
            .satisfies(front -> assertThat(front.accuracy()).isBetween(0.0, 1.0));
        assertThat(history.all(RunEvent.FileExported.class)).extracting(RunEvent.FileExported::file)
            .containsExactly("winner-1.onnx", "winner-2.onnx");
        assertThat(history.durations()).containsOnlyKeys("train", "profile", "search", "export");
    }

    /** Beside the network's file, with what it answers to the same images before and after, and with all layers in integers. */
    @Test
    void writesWinnersInIntegersToo() throws IOException {
        Path exports = folder.resolve("run/export");
        try (ExperimentRun run = exporting("{top: 2, int8: {calibration: entropy, images: 24}}", "")) {
            run.all();
            assertThat(history().all(RunEvent.FileQuantized.class)).extracting(RunEvent.FileQuantized::file)
                .containsExactly("winner-1-int8.onnx", "winner-2-int8.onnx");
            assertThat(history().all(RunEvent.FileQuantized.class)).allSatisfy(file -> {
                assertThat(file.bytes()).isEqualTo(Files.size(exports.resolve(file.file())));
                assertThat(file.real()).isEmpty();
                assertThat(file.accuracy()).isCloseTo(file.accuracyBefore(), within(0.15)); // of 40 images
                assertThat(file.alike()).isGreaterThan(0.8);
                assertThat(file.difference()).isLessThan(1 / 255.0);
            });
            ExportedNetwork read = ExportedNetwork.read(exports.resolve("winner-1-int8.onnx"));
            assertThat(read.architecture().toString().replace("@8", "")).isEqualTo(architecture("winner-1.onnx"));
            assertThat(OnnxFile.metadata(exports.resolve("winner-1-int8.onnx"))).containsEntry("export.int8.calibration", "entropy")
                .containsEntry("lutra.quantized.network", OnnxFile.metadata(exports.resolve("winner-1.onnx")).get("lutra.network"));
            run.export();
            assertThat(exports.resolve("earlier")).doesNotExist();
        }
    }

    @Test
    void writesTheFormsThatProgramsWant() throws IOException {
        String forms = "{top: 2, deploy: {camera: {batch: 3, opset: 13, pixels: true}, phone: {precision: float16, softmax: true, output: p}}}";
        Path exports = folder.resolve("run/export");
        try (ExperimentRun run = exporting(forms, "retrain: {epochs: 1, batch: 8}\n")) {
            run.all();
            assertThat(exports).isDirectoryContaining(file -> file.endsWith("winner-2-phone.onnx"));
            assertThat(OnnxFile.metadata(exports.resolve("winner-1-camera.onnx"))).containsEntry("lutra.deploy.pixels", "true")
                .containsEntry("lutra.deploy.batch", "3").containsEntry("lutra.architecture", architecture("winner-1.onnx"))
                .doesNotContainKey("lutra.data.mean");
            assertThat(OnnxFile.metadata(exports.resolve("winner-1-phone.onnx"))).containsEntry("lutra.precision", "float16")
                .containsKey("lutra.data.mean");
            assertThat(history().all(RunEvent.FileDeployed.class)).hasSize(4).allSatisfy(deployed -> {
                assertThat(deployed.bytes()).isEqualTo(Files.size(exports.resolve(deployed.file())));
                assertThat(deployed.difference()).isBetween(0.0, deployed.file().contains("phone") ? 2e-2 : 1e-4);
            });
            RetrainedNetwork own = run.retrain(RetrainRequest.WINNERS).get(0);
            assertThat(own.file().resolveSibling("network-camera.onnx")).exists();
            run.export();
            assertThat(exports.resolve("earlier")).doesNotExist();
        }
    }

    @Test
    void eachStageTakesOnlyWhatIsOfThisExperiment() throws IOException {
        try (ExperimentRun run = open("")) {
            run.all();
        }
        String front = folder.resolve("run/front.json").toString();
        try (ExperimentRun run = open("[accuracy, params]", "")) {
            assertThatThrownBy(run::export).isInstanceOf(InputException.class).hasMessage(front + ": searched with objectives "
                + "[max accuracy, min macs, max params] (expected: [max accuracy, min params], as the experiment has: lutra search again)");
        }
        try (ExperimentRun run = open("constraints: {params: 1k}\n")) {
            assertThatThrownBy(() -> run.test(false)).isInstanceOf(InputException.class).hasMessageStartingWith(front + ": ")
                .hasMessageEndingWith(" does not keep params ≤ 1000 (expected: a front under the experiment's limits: lutra search again)");
        }
        try (ExperimentRun run = open("targets: [{device: box, table: box.json}]\n")) {
            assertThatThrownBy(run::export).isInstanceOf(InputException.class).hasMessage(front
                + ": searched without latency:box (expected: with the experiment's targets: lutra search again)");
        }
    }

    @Test
    void filesOfAnotherFrontDoNotStayBesideNewOnes() throws IOException {
        Path exports = folder.resolve("run/export");
        try (ExperimentRun run = open("")) {
            run.all();
            String first = architecture("winner-1.onnx");
            String second = architecture("winner-2.onnx");
            Files.copy(exports.resolve("winner-2.onnx"), exports.resolve("winner-4.onnx"));
            Files.copy(exports.resolve("winner-1.onnx"), exports.resolve("retrained-1.onnx"));
            Files.copy(exports.resolve("winner-2.onnx"), exports.resolve("retrained-2-float16.onnx"));
            Files.move(exports.resolve("winner-1.onnx"), exports.resolve("winner-2.onnx"),
                StandardCopyOption.REPLACE_EXISTING);
            run.export();
            assertThat(architecture("winner-1.onnx")).isEqualTo(first);
            assertThat(architecture("winner-2.onnx")).isEqualTo(second);
            assertThat(architecture("earlier/winner-2.onnx")).isEqualTo(first);
            assertThat(exports.resolve("earlier/winner-4.onnx")).exists();
            assertThat(exports.resolve("winner-4.onnx")).doesNotExist();
            assertThat(exports.resolve("retrained-1.onnx")).exists();
            assertThat(exports.resolve("retrained-2-float16.onnx")).exists();
        }
    }

    @Test
    void testsTheWinnersThatWereConfirmed() throws IOException {
        try (ExperimentRun run = open("")) {
            run.all();
            List<Winner> winners = run.winners();
            assertThat(run.test(false)).hasSize(2);
            Comparison one = new Comparison(Optional.empty(), Optional.of(1L), Optional.empty(), 1, Optional.empty());
            Winner.Check good = new Winner.Check("box", 1, Optional.empty(), one, one, one, one, Optional.empty(), Optional.empty(), 1, 0, 0, true,
                Optional.empty());
            WinnerFile.write(run.folder().verification(), List.of(winners.get(0), new Winner(winners.get(1).architecture(),
                winners.get(1).file(), winners.get(1).measures(), List.of(good))));
            assertThat(run.test(false)).extracting(TestedNetwork::architecture).containsExactly(winners.get(1).architecture());
            Map<String, Double> byOtherWeights = new HashMap<>(winners.get(1).measures());
            byOtherWeights.put(Measure.ACCURACY, 0.125);
            WinnerFile.write(run.folder().verification(), List.of(new Winner(winners.get(1).architecture(), winners.get(1).file(),
                byOtherWeights, List.of(good))));
            assertThat(run.test(false)).as("confirmed was a candidate of another search").hasSize(2);
            Winner.Check bad = new Winner.Check("box", 1, Optional.empty(), one, one, one, one, Optional.empty(), Optional.empty(), 1, 0, 1, false,
                Optional.empty());
            WinnerFile.write(run.folder().verification(), winners.stream().map(winner -> new Winner(winner.architecture(), winner.file(),
                winner.measures(), List.of(bad))).toList());
            for (ThrowingCallable stage : List.<ThrowingCallable>of(() -> run.test(false), () -> run.retrain(RetrainRequest.WINNERS))) {
                assertThatThrownBy(stage).isInstanceOf(InputException.class)
                    .hasMessageStartingWith(run.folder().verification() + ": devices confirmed none of the winners (expected: one at least");
            }
        }
    }

    @Test
    void aTrainingThatWasCutOffRepeatsItsStepsOnce() throws IOException {
        SaidLines broken = new SaidLines(what -> what.equals("train"), 10);
        Experiment experiment;
        try (ExperimentRun run = open("")) {
            experiment = ExperimentFile.read(folder.resolve("bare.yaml"));
        }
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), broken,
            "test")) {
            assertThatThrownBy(run::train).hasMessage("cut off");
        }
        List<Long> before = history().curve("train").stream().map(RunEvent.TrainingStep::step).toList();
        try (ExperimentRun run = open("")) {
            run.train();
        }
        List<Long> after = history().curve("train").stream().map(RunEvent.TrainingStep::step).toList();
        assertThat(after).doesNotHaveDuplicates().containsAll(before).hasSizeGreaterThan(before.size());
        assertThat(history().all(RunEvent.StageBegan.class)).hasSize(2);
        assertThat(history().all(RunEvent.StageEnded.class)).hasSize(1);
    }
}
