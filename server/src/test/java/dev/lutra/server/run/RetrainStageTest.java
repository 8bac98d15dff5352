package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.lowering.Precision;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.predictor.Classifier;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.space.interchange.ArchitectureFile;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks from anywhere, each trained by itself in its own folder. */
class RetrainStageTest {

    private static final float[] IMAGE = new float[3 * 8 * 8];

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    private ExperimentRun open(SaidLines listener, String more) throws IOException {
        return open(OwnServer.onThisMachine(), listener, more);
    }

    private ExperimentRun open(FleetAccess access, SaidLines listener, String more) throws IOException {
        return ExperimentRun.open(
            ExperimentFile.read(Files.writeString(folder.resolve("own.yaml"),
                """
                    name: own
                    space: nine.yaml
                    data: {train: "synthetic:4x20", test: "synthetic:4x10"}
                    supernet: {epochs: 2, batch: 8}
                    search: {population: 4, generations: 1}
                    objectives: [accuracy, macs]
                    """ + (more.contains("export:") ? "" : "export: {top: 2}\n")
                    + (more.contains("evaluation:") ? "" : "evaluation: {recalibration-images: 16}\n") + more)),
            new RunFolder(folder.resolve("run")),
            access, listener, "test");
    }

    private static RetrainRequest architectures(String... architectures) {
        return new RetrainRequest(List.of(architectures), List.of(), true);
    }

    private RunHistory history() {
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            return RunHistory.of(new ResultStore(database, "own"));
        }
    }

    @Test
    void winnersAreHeldAgainstTheirSharedWeightsAndTestedAsFiles() throws IOException {
        try (ExperimentRun run = open(progress, "retrain: {epochs: 2, batch: 8}\n")) {
            run.all();
            List<RetrainedNetwork> retrained = run.retrain(RetrainRequest.WINNERS);
            int winners = run.winners().size();
            assertThat(retrained).hasSize(winners).allSatisfy(network -> {
                assertThat(network.before()).isPresent();
                assertThat(network.after().images()).isEqualTo(network.before().get().images());
                assertThat(network.after().top1()).isBetween(0.0, 1.0);
                assertThat(network.after().top5()).as("four classes").isEqualTo(1);
                assertThat(network.macs()).isPositive();
                assertThat(OnnxFile.metadata(network.file())).containsEntry(OnnxMetadata.ARCHITECTURE, network.architecture())
                    .containsEntry("lutra.retrain.epochs", "2");
                assertThat(network.file().resolveSibling("weights.safetensors")).exists();
            });
            assertThat(retrained).extracting(RetrainedNetwork::name).startsWith("winner-1");
            assertThat(retrained).extracting(network -> network.file().getParent()).doesNotHaveDuplicates();
            List<TestedNetwork> tested = run.test(false);
            assertThat(tested).hasSize(2 * winners);
            assertThat(tested.subList(0, winners)).allMatch(network -> network.file().isEmpty() && network.hits().images() == 40);
            assertThat(tested.subList(winners, 2 * winners)).allMatch(network -> network.hits().images() == 40)
                .extracting(network -> network.file().orElseThrow())
                .containsExactlyInAnyOrderElementsOf(retrained.stream().map(network -> "retrain/" + network.file().getParent().getFileName()
                    + "/network.onnx").toList());
        }
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).contains("winner-1.onnx", "/network.onnx", "/ 100.00 %");
        assertThat(history().all(RunEvent.NetworkTested.class)).anyMatch(network -> network.file() != null && network.top5() == 1.0);

        Path file = folder.resolve("own.yaml");
        String tested = "\"weights\":\"supernet\"";
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).contains(tested);
        Files.writeString(file, Files.readString(file).replace("4x10", "4x12"));
        try (ExperimentRun run = ExperimentRun.open(ExperimentFile.read(file), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(),
            progress, "test")) {
            run.export();
        }
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).as("accuracies on other test images").doesNotContain(tested);
    }

    @Test
    void networksOfAnyOriginNeedNoSearch() throws IOException {
        ArchitectureFile other = new ArchitectureFile(SpaceFile.load("proxylessnas"),
            SpaceFile.load("proxylessnas").random(new Random(3)));
        Path theirs = folder.resolve("net.config");
        other.writeNetConfig(theirs);
        String more = "retrain: {epochs: 1, batch: 8}\nimage-size: 16\n";
        Path ours;
        try (ExperimentRun run = open(progress, more)) {
            List<RetrainedNetwork> first = run.retrain(architectures("k3,k7"));
            assertThat(first).singleElement().satisfies(network -> assertThat(network.before()).as("no supernet").isEmpty());
            ours = first.get(0).file();
            List<RetrainedNetwork> all = run.retrain(new RetrainRequest(List.of("k5,k5"), List.of(ours, theirs), true));
            assertThat(all).extracting(RetrainedNetwork::name).containsExactly("arch-1", "network.onnx", "net.config");
            assertThat(all.get(1).file()).as("the same network and settings, so the same training").isEqualTo(ours);
            assertThat(all.get(1).after()).isEqualTo(first.get(0).after());
            assertThat(OnnxFile.metadata(all.get(2).file())).containsEntry(OnnxMetadata.ARCHITECTURE, all.get(2).architecture())
                .containsEntry(OnnxMetadata.IMAGE_SIZE, "16").containsEntry(OnnxMetadata.OUTPUTS, "4");
            assertThat(run.test(false)).as("of every command so far").extracting(TestedNetwork::architecture)
                .containsExactlyInAnyOrder("k3,k7", "k5,k5", all.get(2).architecture());
        }
        assertThat(progress.begun().stream().filter(what -> what.contains("train "))).as("what is trained is trained once")
            .containsExactly("retrain arch-1", "retrain arch-1", "retrain net.config");
    }

    @Test
    void whatHasLearnedOtherImagesIsNotTested() throws IOException {
        String more = "retrain: {epochs: 1, batch: 8}\n";
        String file;
        try (ExperimentRun run = open(progress, more)) {
            run.retrain(architectures("k3,k7"));
            file = run.test(false).get(0).file().orElseThrow();
        }
        try (ExperimentRun run = open(progress, more + "seed: 2\n")) {
            RetrainedNetwork own = run.retrain(architectures("k5,k5")).get(0);
            assertThat(run.test(false)).singleElement().extracting(TestedNetwork::architecture).isEqualTo(own.architecture());
        }
        assertThat(progress.lines()).anyMatch(line -> line.contains(file + ": left out: trained on other images: data."));
    }

    @Test
    void theFileOfEveryPrecisionIsTested() throws IOException {
        try (ExperimentRun run = open(progress, "retrain: {epochs: 3, batch: 8}\ntargets: [{device: box, precision: float16}]\n")) {
            RetrainedNetwork network = run.retrain(new RetrainRequest(List.of("k3,k7"), List.of(), false)).get(0);
            assertThat(network.files()).extracting(file -> OnnxFile.metadata(file).get(OnnxMetadata.PRECISION)).containsExactly("float32", "float16");
            List<TestedNetwork> tested = run.test(false);
            assertThat(tested).extracting(one -> folder.resolve("run").resolve(one.file().orElseThrow()))
                .containsExactlyInAnyOrderElementsOf(network.files());
            assertThat(tested).allSatisfy(one -> assertThat(one.hits().images()).isEqualTo(40));
            assertThat(tested.get(0).hits().top1()).as("rounded").isCloseTo(tested.get(1).hits().top1(), within(0.1));
            float[][] logits = new float[2][];
            for (int i = 0; i < 2; i++) {
                try (Classifier classifier = Classifier.open(network.files().get(i))) {
                    logits[i] = classifier.logits(IMAGE, 1, ImageSize.square(8));
                }
            }
            assertThat(logits[1]).isNotEqualTo(logits[0]).containsExactly(logits[0], within(0.05f));
        }
    }

    /** Beside the file of float32, with its accuracy before and after, confirmed by devices and tested like it. */
    @Test
    void whatIsRetrainedIsWrittenInIntegersToo() throws IOException {
        SimulatedDevice box = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20));
        try (ExperimentRun run = open(box, progress, "retrain: {epochs: 3, batch: 8}\nexport: {int8: percentile}\ntargets: [{device: box}]\n")) {
            RetrainedNetwork network = run.retrain(architectures("k3,k7")).get(0);
            assertThat(network.files()).extracting(file -> file.getFileName().toString()).containsExactly("network.onnx", "network-int8.onnx");
            assertThat(network.devices()).singleElement().satisfies(device -> {
                assertThat(device.isVerified()).isTrue();
                assertThat(device.integers().orElseThrow().p50Nanos()).as("of the other file, which has more nodes").isGreaterThan(device.p50Nanos());
                assertThat(device.integers().orElseThrow().difference()).as("of answers on grids").isLessThan(1 / 255.0);
            });
            assertThat(history().all(RunEvent.NetworkRetrained.class)).singleElement().satisfies(told -> assertThat(told.devices().get(0)
                .p50InIntegers()).isEqualTo(network.devices().get(0).integers().orElseThrow().p50Nanos()));
            String shown = "retrain/" + network.file().getParent().getFileName() + "/network-int8.onnx";
            assertThat(history().all(RunEvent.FileQuantized.class)).singleElement().satisfies(told -> {
                assertThat(told.file()).isEqualTo(shown);
                assertThat(told.accuracyBefore()).as("that of the network by itself").isEqualTo(network.after().top1());
                assertThat(told.accuracy()).isCloseTo(told.accuracyBefore(), within(0.25)); // of 8 images
                assertThat(told.alike()).isGreaterThanOrEqualTo(0.75);
                assertThat(told.real()).isEmpty();
            });
            assertThat(OnnxFile.metadata(network.files().get(1))).containsEntry(OnnxMetadata.ARCHITECTURE, "k3@8,k7@8")
                .containsEntry(OnnxMetadata.QUANTIZED_ARCHITECTURE, "k3,k7").containsEntry("lutra.retrain.epochs", "3")
                .containsEntry("export.int8.calibration", "percentile");
            assertThat(run.test(false)).extracting(one -> one.file().orElseThrow()).containsExactlyInAnyOrder(shown,
                shown.replace("-int8", ""));
        }
    }

    /** Its one file is of integers; what it answers is told without anything being quantized after the training. */
    @Test
    void whatHasBitsIsRetrainedInThem() throws IOException {
        Files.writeString(folder.resolve("nine.yaml"), Files.readString(folder.resolve("nine.yaml")) + "bits: [8, 4.8]\n");
        try (ExperimentRun run = open(progress, "retrain: {epochs: 3, batch: 8}\n")) {
            RetrainedNetwork network = run.retrain(architectures("k3@8,k7@4.8")).get(0);
            assertThat(history().all(RunEvent.FileQuantized.class)).singleElement().satisfies(told -> {
                assertThat(told.accuracyBefore()).isEqualTo(network.after().top1());
                assertThat(told.alike()).isGreaterThanOrEqualTo(0.75);
                assertThat(told.difference()).isLessThan(1 / 255.0);
                assertThat(told.real()).isEmpty();
            });
            assertThat(run.test(false)).singleElement().satisfies(one -> assertThat(one.hits().images()).isEqualTo(40));
        }
    }

    /** On a device of which is known that it takes longer for larger kernels than the limit allows. */
    @Test
    void whatDevicesRefusedStaysRefusedUntilTheyAreAskedAgain() throws IOException {
        SimulatedDevice box = new SimulatedDevice().and("box", SimulatedDevice.law(300, 20));
        String more = "retrain: {epochs: 1, batch: 8}\ntargets: [{device: box, latency: {p50: 30 us}}]\n";
        RetrainRequest asked = architectures("k3,k3", "k7,k7");
        RetrainRequest notAsked = new RetrainRequest(asked.architectures(), List.of(), false);
        try (ExperimentRun run = open(box, progress, more)) {
            List<RetrainedNetwork> retrained = run.retrain(asked);
            assertThat(retrained).extracting(network -> network.devices().get(0).isVerified()).containsExactly(true, false);
            assertThat(run.retrain(notAsked)).as("of this command").allMatch(network -> network.devices().isEmpty());
            assertThat(history().all(RunEvent.NetworkRetrained.class)).extracting(RunEvent.NetworkRetrained::architecture,
                network -> network.devices().size(), RunEvent.NetworkRetrained::refusedBy)
                .containsExactlyInAnyOrder(tuple("k3,k3", 1, List.of()), tuple("k7,k7", 1, List.of("box")));
            assertThat(run.test(false)).extracting(TestedNetwork::architecture).containsExactly("k3,k3");
            assertThat(run.test(true)).extracting(TestedNetwork::architecture).containsExactlyInAnyOrder("k3,k3", "k7,k7");
            String file = folder.resolve("run").relativize(retrained.get(1).file()).toString();
            assertThat(progress.lines()).anyMatch(line -> line.contains("arch-2: box refused " + file + " before and was not asked again"))
                .anyMatch(line -> line.contains(file + ": left out: refused by box (lutra test --refused tests it)"));
        }
        // batch norm of the file is another, the weights are those that there are
        try (ExperimentRun run = open(box, progress, more.replace("retrain:", "evaluation: {recalibration-images: 24}\nretrain:"))) {
            assertThat(run.retrain(notAsked)).allSatisfy(network -> assertThat(OnnxFile.metadata(network.file()))
                .containsEntry("lutra.evaluation.recalibration-images", "24"));
            assertThat(history().all(RunEvent.NetworkRetrained.class)).as("what was confirmed were other files").hasSize(2)
                .extracting(network -> network.devices().size(), RunEvent.NetworkRetrained::refusedBy)
                .containsExactlyInAnyOrder(tuple(0, List.of()), tuple(1, List.of("box")));
        }
        assertThat(progress.begun()).filteredOn(what -> what.startsWith("retrain arch")).hasSize(2);
        try (ExperimentRun run = open(box, progress, more.replace("30 us", "3 ms"))) {
            run.retrain(asked);
            assertThat(run.test(false)).hasSize(2);
        }
    }

    @Test
    void aTrainingGoesOnAndIsNotRepeated() throws IOException {
        String more = "retrain: {epochs: 3, batch: 8}\n";
        try (ExperimentRun run = open(new SaidLines("retrain arch-1"::equals, 20), more)) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k7"))).hasMessage("cut off");
        }
        RetrainedNetwork resumed;
        try (ExperimentRun run = open(progress, more)) {
            resumed = run.retrain(architectures("k3,k7")).get(0);
            assertThat(run.retrain(architectures("k3,k7")).get(0)).isEqualTo(resumed);
            Path own = resumed.file().getParent();
            Files.move(own.resolve("weights.safetensors"), folder.resolve("run/retrained-" + own.getFileName() + ".safetensors"));
            long begun = progress.begun().stream().filter("retrain arch-1"::equals).count();
            assertThat(run.retrain(architectures("k3,k7")).get(0)).as("weights where an earlier version kept them").isEqualTo(resumed);
            assertThat(progress.begun().stream().filter("retrain arch-1"::equals)).hasSize((int) begun);
        }
        byte[] weights = Files.readAllBytes(resumed.file().resolveSibling("weights.safetensors"));
        Files.walk(folder.resolve("run")).sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        try (ExperimentRun run = open(progress, more)) {
            RetrainedNetwork unbroken = run.retrain(architectures("k3,k7")).get(0);
            assertThat(unbroken.after()).isEqualTo(resumed.after());
            assertThat(unbroken.file().resolveSibling("weights.safetensors")).hasBinaryContent(weights);
        }
    }

    @Test
    void weightsMayBeInherited() throws IOException {
        String more = "retrain: {epochs: 1, batch: 8, weights: supernet, optimizer: {lr: 0.000001, warm-up: 0}}\n";
        try (ExperimentRun run = open(progress, more)) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k7"))).isInstanceOf(InputException.class)
                .hasMessage(run.folder().checkpoint() + ": not a finished training (expected: after lutra train)");
            run.train();
            RetrainedNetwork network = run.retrain(architectures("k3,k7")).get(0);
            assertThat(network.after().top1()).as("weights that hardly moved").isCloseTo(network.before().orElseThrow().top1(), within(0.2));
            assertThat(OnnxFile.metadata(network.file()).get("lutra.retrain.weights")).startsWith("supernet ");
        }
        Path file;
        try (ExperimentRun run = open(progress, "retrain: {epochs: 1, batch: 8}\n")) {
            RetrainedNetwork scratch = run.retrain(architectures("k3,k7")).get(0);
            file = scratch.file().resolveSibling("weights.safetensors");
            assertThat(history().all(RunEvent.NetworkRetrained.class)).as("other weights, other network").hasSize(2);
        }
        try (ExperimentRun run = open(progress, "retrain: {epochs: 1, batch: 8, weights: " + file + "}\n")) {
            assertThat(OnnxFile.metadata(run.retrain(architectures("k3,k7")).get(0).file()).get("lutra.retrain.weights")).startsWith("file ");
        }
        try (ExperimentRun run = open(progress, "retrain: {epochs: 1, batch: 8, weights: nowhere.safetensors}\n")) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k7"))).isInstanceOf(InputException.class)
                .hasMessageStartingWith(folder.resolve("nowhere.safetensors") + ": ");
        }
    }

    /** A file of one network's weights lacks the other's, which is told before the one that it has is trained again. */
    @Test
    void allWeightsAreThereBeforeTheFirstNetworkIsTrained() throws IOException {
        Path file;
        try (ExperimentRun run = open(progress, "retrain: {epochs: 1, batch: 8}\n")) {
            file = run.retrain(architectures("k3,k3")).get(0).file().resolveSibling("weights.safetensors");
        }
        int done = history().all(RunEvent.NetworkRetrained.class).size();
        Path weights = Files.copy(file, folder.resolve("one.safetensors"));
        try (ExperimentRun run = open(progress, "retrain: {epochs: 1, batch: 8, weights: one.safetensors}\n")) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k3", "k7,k3"))).isInstanceOf(InputException.class)
                .hasMessageStartingWith(weights + ": ");
        }
        assertThat(history().all(RunEvent.NetworkRetrained.class)).as("none of both was trained").hasSize(done);
    }

    @Test
    void aTeacherIsTheSupernetOrAFile() throws IOException {
        Path file;
        String supernet;
        try (ExperimentRun run = open(progress, "retrain: {epochs: 1, batch: 8, distillation: {from: supernet, share: 0.7, temperature: 2}}\n")) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k7"))).isInstanceOf(InputException.class)
                .hasMessageContaining("after lutra train");
            run.train();
            RetrainedNetwork taught = run.retrain(architectures("k3,k7")).get(0);
            file = taught.file();
            supernet = OnnxFile.metadata(file).get("lutra.retrain.distillation");
            assertThat(supernet).startsWith("supernet ").endsWith("k7,k7");
        }
        String byFile = "retrain: {epochs: 1, batch: 8, distillation: {from: " + file + ", share: 1}}\n";
        try (ExperimentRun run = open(progress, byFile)) {
            RetrainedNetwork taught = run.retrain(architectures("k3,k7")).get(0);
            assertThat(OnnxFile.metadata(taught.file())).containsEntry("lutra.retrain.distillation.share", "1");
            assertThat(taught.file()).isNotEqualTo(file);
        }
        Path twelve = folder.resolve("twelve.onnx");
        SearchSpace other = SpaceFile.load(folder.resolve("nine.yaml").toString()).withClasses(12);
        OnnxFile.write(twelve, OnnxExporter.export(other.build(other.parse("k3,k3")), new RandomWeights(1),
            new OnnxOptions(true, OptionalInt.empty(), Precision.FLOAT32, Map.of())));
        try (ExperimentRun run = open(progress, "retrain: {distillation: {from: twelve.onnx}}\n")) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k7"))).isInstanceOf(InputException.class)
                .hasMessage(twelve + ": tells 12 classes apart (expected: 4, as the images have)");
        }
    }

    @Test
    void aNetworkMayBeRetrainedInALargerSpaceOfTheSameGenes() throws IOException {
        Files.writeString(folder.resolve("large.yaml"), Files.readString(folder.resolve("nine.yaml")).replace("name: nine", "name: large")
            .replace("channels: 8,", "channels: 16,"));
        Files.writeString(folder.resolve("other.yaml"), Files.readString(folder.resolve("nine.yaml")).replace("[k3, k5, k7]", "[k3, k7]"));
        try (ExperimentRun run = open(progress, "retrain: {epochs: 1, batch: 8, space: large.yaml}\n")) {
            run.train();
            RetrainedNetwork grown = run.retrain(architectures("k3,k7")).get(0);
            assertThat(grown.before()).as("what was searched").isPresent();
            assertThat(grown.architecture()).isEqualTo("k3,k7");
            SearchSpace nine = SpaceFile.load(folder.resolve("nine.yaml").toString());
            assertThat(grown.macs()).isGreaterThan(Cost.of(nine.build(nine.parse("k3,k7"))).macs());
        }
        try (ExperimentRun run = open(progress, "retrain: {space: other.yaml}\n")) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k7"))).isInstanceOf(InputException.class)
                .hasMessageStartingWith("retrain.space: " + folder.resolve("other.yaml") + " has other genes than nine");
        }
    }

    @Test
    void whatIsNoNetworkIsRefusedBeforeTraining() throws IOException {
        try (ExperimentRun run = open(progress, "")) {
            assertThatThrownBy(() -> run.retrain(architectures("k3,k7", "k9,k3"))).isInstanceOf(InputException.class).hasMessageContaining("k9");
            assertThatThrownBy(() -> run.retrain(new RetrainRequest(List.of(), List.of(folder.resolve("none.onnx")), true)))
                .isInstanceOf(InputException.class).hasMessageContaining("none.onnx");
            assertThatThrownBy(() -> run.retrain(RetrainRequest.WINNERS)).isInstanceOf(InputException.class)
                .hasMessage(run.folder().front() + ": no such file (expected: after lutra search)");
        }
        assertThat(folder.resolve("run/retrain")).doesNotExist();
    }
}
