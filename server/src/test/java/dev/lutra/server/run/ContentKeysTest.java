package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.lowering.Precision;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.search.Front;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is stored meets what it was computed for, and nothing else. */
class ContentKeysTest {

    private static final String TRAINING = "supernet: {epochs: 1, batch: 16}";
    private static final String SYNTHETIC = "{train: \"synthetic:4x24\"}";

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    @BeforeEach
    void writeSpace() throws IOException {
        space(8);
    }

    private void space(int channels) throws IOException {
        Files.writeString(folder.resolve("tiny.yaml"), """
            name: tiny
            title: Three layers
            source: This test
            input: {channels: 3, size: 16}
            classes: 4
            choices:
              k3: {block: mb, kernel: 3, expand: 1}
              k5: {block: mb, kernel: 5, expand: 1}
              k7: {block: mb, kernel: 7, expand: 1}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [k3, k5, k7], channels: %d, repeat: 2, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.formatted(channels));
    }

    private ExperimentRun open(String name, String data, String training, String more) throws IOException {
        Path file = Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: tiny.yaml
            data: %s
            %s
            evaluation: {recalibration-images: 32, validation-images: 20, batch: 16}
            targets: [{device: phone, table: table.json}]
            search: {population: 6, generations: 2}
            %s
            """.formatted(name, data, training, more.isEmpty() ? "export: {top: 1}" : more));
        Experiment experiment = ExperimentFile.read(file);
        EstimatedTable.of(experiment.baseSpace(), Device.newBuilder().setName("phone").build(),
            Runtime.newBuilder().setName("onnxruntime").setProvider("cpu").setThreads(1).build(), "float32", 1).save(folder.resolve("table.json"));
        return ExperimentRun.open(experiment, new RunFolder(folder.resolve("runs").resolve(name)), (targets, run, database, said) -> {
            throw new AssertionError("a device is asked for");
        }, progress, "test");
    }

    private void search(String name, String data, String training) throws IOException {
        try (ExperimentRun run = open(name, data, training, "")) {
            run.train();
            run.search();
        }
    }

    private Path supernet(String name) {
        return folder.resolve("runs").resolve(name).resolve("supernet.safetensors");
    }

    private Front front(String name) {
        SearchSpace space = ExperimentFile.read(folder.resolve(name + ".yaml")).searchSpace(4);
        return Front.readJson(folder.resolve("runs").resolve(name).resolve("front.json"), space);
    }

    @Test
    void aStageThatDoesNotLookAtTestImagesDoesNotAskForThem() throws IOException {
        search("first", SYNTHETIC, TRAINING);
        byte[] before = Files.readAllBytes(supernet("first"));
        Front front = front("first");
        try (ExperimentRun run = open("first", "{train: \"synthetic:4x24\", test: \"synthetic:4x10\"}", TRAINING, "")) {
            run.train();
            run.search();
            assertThat(front("first").candidates()).isEqualTo(front.candidates());
            assertThat(run.test(false)).hasSize(1);
        }
        assertThat(Files.readAllBytes(supernet("first"))).isEqualTo(before);
    }

    @Test
    void anotherSpaceUnderTheSameNameMeetsNothing() throws IOException {
        search("first", SYNTHETIC, TRAINING);
        Front front = front("first");
        space(12);
        assertThatThrownBy(() -> search("first", SYNTHETIC, TRAINING)).isInstanceOf(InputException.class)
            .hasMessageMatching(".*supernet\\.safetensors: of another training: space \\w{12}… \\(expected: \\w{12}…\\); change that back to "
                + "keep it, or move the file away to train anew, which repeats 1 epochs \\(5 steps\\)");
        Files.delete(supernet("first"));
        search("first", SYNTHETIC, TRAINING);
        assertThat(front("first").provenance().get("space.fingerprint")).isNotEqualTo(front.provenance().get("space.fingerprint"));
        search("fresh", SYNTHETIC, TRAINING);
        assertThat(front("first").candidates()).as("as if the folder were new").isEqualTo(front("fresh").candidates());
    }

    @Test
    void imagesThatWereTrainedOnDoNotValidate() throws IOException {
        search("first", SYNTHETIC, TRAINING);
        assertThatThrownBy(() -> search("first", "{train: \"synthetic:4x24\", validation-share: 0.3}", TRAINING))
            .isInstanceOf(InputException.class).hasMessageContaining(": of another training: data.validation-share 0.1 (expected: 0.3)");
        assertThatThrownBy(() -> search("other", "{train: \"synthetic:4x24\", validation-share: 0.3}", "supernet: {from: runs/first}"))
            .isInstanceOf(InputException.class).hasMessage(supernet("first") + ": trained on other images: data.validation-share 0.1 "
                + "(expected: 0.3); what is held back here to validate may be among them");
    }

    @Test
    void experimentsShareASupernet() throws IOException {
        search("first", SYNTHETIC, TRAINING);
        search("second", SYNTHETIC, "supernet: {from: runs/first}");
        search("third", SYNTHETIC, "supernet: {from: runs/first/supernet.safetensors}");
        assertThat(front("second").candidates()).isEqualTo(front("first").candidates()).isEqualTo(front("third").candidates());
        assertThat(supernet("second")).doesNotExist();
        try (ExperimentRun run = open("second", SYNTHETIC, "supernet: {from: runs/first}", "")) {
            assertThat(run.train()).hasValue(supernet("first"));
        }
        assertThat(front("second").provenance()).containsEntry("supernet.epochs", "1").containsEntry("space", "tiny")
            .containsEntry("supernet.optimizer.lr", "0.1").containsEntry("evaluation.recalibration-images", "32")
            .containsEntry("data.validation-share", "0.1").containsKeys("supernet.weights", "data.train", "space.fingerprint")
            .doesNotContainKey("training").allSatisfy((name, value) -> assertThat(value).doesNotContain("Settings["));
        assertThatThrownBy(() -> open("both", SYNTHETIC, "supernet: {from: runs/first, epochs: 3}", "")).isInstanceOf(InputException.class)
            .hasMessageContaining("both.yaml:4: supernet.epochs: given with supernet.from, whose weights are trained (expected: one of them)");
        assertThatThrownBy(() -> search("third", SYNTHETIC, "supernet: {from: runs/none}")).isInstanceOf(InputException.class)
            .hasMessageContaining("not a finished training");
    }

    @Test
    void aSupernetWhoseOptionsWereJudgedByImagesOfTheirOwnIsShared() throws IOException {
        String data = "{train: \"synthetic:4x24\", validation: \"synthetic:4x10\"}";
        search("first", data, "supernet: {epochs: 2, batch: 16, phases: [{share: 0.5, sampling: uniform, then: {shrink: {paths: 4}}}, "
            + "{sampling: uniform}]}");
        search("second", data, "supernet: {from: runs/first}");
        assertThat(front("second").candidates()).isEqualTo(front("first").candidates());
        assertThatThrownBy(() -> search("third", "{train: \"synthetic:4x25\", validation: \"synthetic:4x10\"}", "supernet: {from: runs/first}"))
            .isInstanceOf(InputException.class).hasMessageContaining("trained on other images: data.train ");
    }

    @Test
    void anExportedFileKeepsItsNetwork() throws IOException {
        try (ExperimentRun run = open("first", SYNTHETIC, TRAINING, "")) {
            run.train();
            run.search();
            run.export();
        }
        Path file = folder.resolve("runs/first/export/winner-1.onnx");
        space(12);
        ExportedNetwork exported = ExportedNetwork.read(file);
        assertThat(exported.architecture().toString()).isEqualTo(front("first").spread(1).get(0).architecture().toString());
        assertThat(exported.classNames()).hasSize(4).doesNotHaveDuplicates();
        Map<String, String> metadata = OnnxFile.metadata(file);
        assertThat(metadata).containsEntry("lutra.supernet.epochs", "1").containsEntry("lutra.evaluation.batch", "16")
            .containsEntry("lutra.data.preparation", "RGB, scaled to 16x16, values / 255").containsEntry("lutra.seed", "1")
            .containsEntry("lutra.space", "tiny").containsEntry("lutra.image-size", "16").containsEntry("lutra.outputs", "4");
    }

    /** Of an earlier front, or, with the same choices, of the space as it was. */
    @Test
    void aFileOfAnotherNetworkIsNotVerified() throws IOException {
        try (ExperimentRun run = open("first", SYNTHETIC, TRAINING, "")) {
            run.train();
            run.search();
            run.export();
            Architecture winner = front("first").spread(1).get(0).architecture();
            Path file = folder.resolve("runs/first/export/winner-1.onnx");
            SearchSpace own = ExperimentFile.read(folder.resolve("first.yaml")).searchSpace(4);
            space(12);
            SearchSpace changed = ExperimentFile.read(folder.resolve("first.yaml")).searchSpace(4);
            for (ExportedNetwork other : List.of(new ExportedNetwork(changed, changed.parse(winner.toString()), List.of()),
                new ExportedNetwork(own, own.architecture(otherValues(winner)), List.of()))) {
                OnnxFile.write(file, OnnxExporter.export(other.space().build(other.architecture()), new RandomWeights(1),
                    new OnnxOptions(true, OptionalInt.empty(), Precision.FLOAT32, other.metadata())));
                assertThatThrownBy(run::verify).isInstanceOf(InputException.class)
                    .hasMessage(file + ": holds another network than " + winner + " (expected: of this front): lutra export again");
            }
            Files.delete(file);
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class)
                .hasMessage(file + ": no such file (expected: after lutra export)");
        }
    }

    /** The network is the same and only its weights are not, which its numbers alone would tell. */
    @Test
    void whatWasMadeWithOtherWeightsIsNotTakenForThisRuns() throws IOException {
        Path file = folder.resolve("runs/first/export/winner-1.onnx");
        byte[] earlier;
        try (ExperimentRun run = open("first", SYNTHETIC, TRAINING, "")) {
            run.train();
            run.search();
            run.export();
            earlier = Files.readAllBytes(file);
        }
        Files.delete(supernet("first"));
        String longer = "supernet: {epochs: 2, batch: 16}";
        try (ExperimentRun run = open("first", SYNTHETIC, longer, "")) {
            run.train();
            for (Runnable stage : List.<Runnable>of(run::export, run::verify, () -> run.retrain(RetrainRequest.WINNERS))) {
                assertThatThrownBy(stage::run).isInstanceOf(InputException.class).hasMessageMatching(".*front\\.json: searched by other "
                    + "accuracies: supernet\\.weights \\w{12}… \\(expected: \\w{12}…\\): lutra search again");
            }
            run.search();
            run.export();
        }
        ModelProto.Builder later = OnnxFile.read(file).toBuilder();
        String weights = OnnxFile.metadata(file).get("lutra.supernet.weights");
        later.getMetadataPropsBuilderList().stream().filter(entry -> entry.getValue().equals(weights))
            .forEach(entry -> entry.setValue("0".repeat(64)));
        try (ExperimentRun run = open("first", SYNTHETIC, longer, "")) {
            Files.write(file, earlier);
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class).hasMessageEndingWith(": lutra export again");
            Files.write(file, later.build().toByteArray());
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class).hasMessage(file + ": of other weights or settings: "
                + "supernet.weights 000000000000… (expected: " + weights.substring(0, 12) + "…): lutra export again");
            run.export();
        }
        try (ExperimentRun run = open("first", SYNTHETIC, longer, "export: {top: 1, fold-batch-norm: false}")) {
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class).hasMessage(file + ": of other weights or settings: "
                + "export.fold-batch-norm true (expected: false): lutra export again");
            run.export();
            assertThat(folder.resolve("runs/first/export/earlier/winner-1.onnx")).exists();
            assertThatThrownBy(run::verify).as("goes as far as the device").isInstanceOf(AssertionError.class).hasMessage("a device is asked for");
        }
    }

    private static int[] otherValues(Architecture architecture) {
        int[] values = architecture.values().clone();
        values[0] = (values[0] + 1) % 3;
        return values;
    }
}
