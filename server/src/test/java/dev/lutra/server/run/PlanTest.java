package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.plan.Plan;
import dev.lutra.server.plan.Plan.StageTime;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of an experiment before anything of it starts. */
class PlanTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    private Plan plan(String more) throws IOException {
        Path file = Files.writeString(folder.resolve("experiment.yaml"), "name: planned\nspace: nine.yaml\n" + more);
        try (ExperimentRun run = ExperimentRun.open(ExperimentFile.read(file), new RunFolder(folder.resolve("scratch")),
            OwnServer.onThisMachine(), new SaidLines(), "test")) {
            return run.plan(folder.resolve("runs/planned"));
        }
    }

    private static Map<String, StageTime> byStage(Plan plan) {
        return plan.stages().stream().collect(Collectors.toMap(StageTime::stage, Function.identity()));
    }

    @Test
    void everyStageHasItsHours() throws IOException {
        Plan plan = plan("""
            data: {train: "synthetic:4x100", test: "synthetic:4x10", cache: cache}
            supernet: {epochs: 40, batch: 8}
            retrain: {epochs: 20, batch: 8}
            evaluation: {recalibration-images: 64}
            search: {algorithm: random, budget: 300}
            export: {top: 2}
            targets: [{device: phone}]
            profile: {rounds: 4, slice: 60 ms, calibrate: 0}
            """);
        Map<String, StageTime> stages = byStage(plan);
        assertThat(plan.stages()).extracting(StageTime::stage).containsExactly("decode", "train", "profile phone", "search", "export", "verify",
            "retrain",
            "test");
        assertThat(stages.get("decode").from()).startsWith("440 images, ");
        assertThat(stages.get("train").from()).startsWith("40 epochs of 360 images, ").contains("steps of 8 images");
        assertThat(stages.get("search").from()).startsWith("300 architectures, ");
        assertThat(stages.get("retrain").from()).startsWith("2 networks, 20 epochs of 360 images, ");
        assertThat(plan.stages()).allSatisfy(stage -> assertThat(stage.seconds()).as(stage.stage()).isPositive());
        assertThat(plan.lacks()).containsExactly("device phone: not there (its agent joins a server that --server names, or the run itself)");
        int models = Integer.parseInt(stages.get("profile phone").from().split(" ")[0]);
        assertThat(stages.get("profile phone").seconds()).as("rounds, slices and their warm-up").isCloseTo(models * 4 * 0.09, within(1e-6));
        assertThat(stages.get("profile phone").from()).contains("4 rounds of 0.09 s at least");
        assertThat(stages.get("export").from()).isEqualTo("2 files, 64 images to measure the batch norm of each");
        assertThat(stages.get("verify").seconds()).as("rounds, and outputs to compare with").isGreaterThanOrEqualTo(2 * 4 * 0.09)
            .isLessThan(2 * 4 * 0.09 + 60);
        assertThat(stages.get("verify").from()).isEqualTo("2 networks on phone, 4 rounds of 0.09 s at least, as nobody is there to be measured");
        assertThat(stages.get("retrain").from()).endsWith("; judged, written, verified on phone, 4 rounds of 0.09 s at least, as nobody is there to "
            + "be measured");
        assertThat(stages.get("test").from()).isEqualTo("40 images, 2 networks with shared weights and as retrained");
        assertThat(plan.disk().get(0).what()).isEqualTo("decoded images");
        assertThat(plan.disk().get(0).place()).isEqualTo(folder.resolve("cache"));
        assertThat(folder.resolve("cache")).as("nothing is begun").doesNotExist();
        assertThat(folder.resolve("runs")).doesNotExist();
        assertThat(plan.seconds()).isEqualTo(plan.stages().stream().mapToDouble(StageTime::seconds).sum());
    }

    @Test
    void whatTrainingsTakeBesidesTheirStepsIsReckoned() throws IOException {
        String experiment = """
            data: {train: "synthetic:4x20", cache: cache}
            supernet: {epochs: 1, batch: 8}
            retrain: {epochs: 2, batch: 8, batch-norm-epoch: true, distillation: {from: %s}}
            evaluation: {recalibration-images: 16, validation-images: 16}
            """;
        SearchSpace nine = SpaceFile.load(folder.resolve("nine.yaml").toString());
        OnnxFile.write(folder.resolve("teacher.onnx"), OnnxExporter.export(nine.build(nine.parse("k7,k7")), new RandomWeights(1),
            new OnnxOptions(true, OptionalInt.empty(), Map.of())));
        Plan taught = plan(experiment.formatted("teacher.onnx"));
        assertThat(byStage(taught).get("retrain").from()).endsWith(", with the teacher, and an epoch for batch norm; judged, written");
        assertThat(taught.lacks()).isEmpty();
        assertThat(byStage(plan(experiment.formatted("supernet"))).get("retrain").from()).contains(", with the teacher, and");
        Plan without = plan(experiment.formatted("none.onnx"));
        assertThat(without.lacks()).containsExactly(folder.resolve("none.onnx") + ": no such file");
        assertThat(byStage(without).get("retrain").from()).endsWith("random networks each, and an epoch for batch norm; judged, written");
    }

    /** A run would refuse it before its first step. */
    @Test
    void imagesThatFillNoBatchAreLacking() throws IOException {
        Plan plan = plan("""
            data: {train: "synthetic:4x5", cache: cache}
            supernet: {epochs: 1, batch: 64}
            retrain: {epochs: 1, batch: 8}
            evaluation: {recalibration-images: 16}
            """);
        assertThat(plan.lacks()).containsExactly("train: 18 images to train on (expected: at least 64, a batch)");
        assertThat(byStage(plan).get("train").from()).isEqualTo("not one batch of images is there");
        assertThat(byStage(plan).get("retrain").from()).contains("1 epochs of 18 images, ");
    }

    /** Networks that the supernet's order is held against are trained as well, and the winners in the space that they grow into. */
    @Test
    void networksByThemselvesAreThoseThatWillBeTrained() throws IOException {
        Files.writeString(folder.resolve("wide.yaml"), Files.readString(folder.resolve("nine.yaml")).replace("name: nine", "name: wide")
            .replace("channels: 8", "channels: 256"));
        String experiment = """
            data: {train: "synthetic:4x20", cache: cache}
            supernet: {epochs: 1, batch: 8}
            retrain: {epochs: 1, batch: 8%s}
            rank: {train: 5}
            export: {top: 2}
            """;
        Plan own = plan(experiment.formatted(""));
        Plan wide = plan(experiment.formatted(", space: wide.yaml"));
        assertThat(wide.stages()).extracting(StageTime::stage).containsExactly("decode", "train", "rank", "search", "export", "retrain");
        assertThat(byStage(wide).get("rank").from()).startsWith("5 networks, 1 epochs of 72 images, ");
        assertThat(byStage(wide).get("rank").seconds()).isPositive();
        assertThat(bytes(wide, "rank")).as("in the space that is searched").isEqualTo(bytes(own, "rank"));
        assertThat(bytes(own, "retrain") * 6).as("one is written while the old one is still there").isEqualTo(bytes(own, "rank") * 3);
        assertThat(bytes(wide, "retrain")).as("256 channels to 256 in place of 8 to 8").isGreaterThan(100 * bytes(own, "retrain"));
    }

    /** RMSProp keeps squares beside the momentum, an average of the weights is as large as they are. */
    @Test
    void checkpointsHaveWhatTheirTrainingKeeps() throws IOException {
        String experiment = """
            data: {train: "synthetic:4x20", cache: cache}
            accuracy: {table: known.csv}
            objectives: [accuracy, macs]
            search: {algorithm: random, budget: 5}
            retrain: {epochs: 1, batch: 8%s}
            """;
        Files.writeString(folder.resolve("known.csv"), "arch,accuracy\n0,0.5\n");
        Plan sgd = plan(experiment.formatted(""));
        long floats = bytes(sgd, "retrain") / Float.BYTES;
        assertThat(bytes(plan(experiment.formatted(", optimizer: rmsprop, ema: 0.9")), "retrain")).isEqualTo(floats / 2 * 4 * Float.BYTES);
        assertThat(sgd.memory().bytes()).as("retraining takes memory where no supernet is trained").isPresent();
    }

    /** Tables of accuracies need the supernet's as well, and what is not timed is said. */
    @Test
    void whatIsAskedBesidesTheStepsIsReckonedOrSaid() throws IOException {
        Files.writeString(folder.resolve("known.csv"), "arch,accuracy\n\"k3,k3\",0.5\n\"k3,k5\",0.6\n\"k5,k3\",0.7\n");
        Plan plan = plan("""
            data: {train: "synthetic:4x20", cache: cache}
            supernet: {epochs: 2, batch: 8, probes: 1, phases: [{share: 0.5, sampling: uniform, then: shrink}, {sampling: uniform}]}
            evaluation: {recalibration-images: 16}
            rank: {table: known.csv}
            """);
        assertThat(byStage(plan).get("rank").seconds()).isPositive();
        assertThat(byStage(plan).get("rank").from()).startsWith("at most ").contains(" architectures, ").endsWith(" s each");
        assertThat(byStage(plan).get("train").from()).endsWith(" images, without probes, without what shrinking judges");
    }

    private static long bytes(Plan plan, String stage) {
        return plan.disk().stream().filter(use -> use.what().contains("(" + stage + ")")).findFirst().orElseThrow().bytes();
    }

    /** What is kept of an image is what a run then keeps. */
    @Test
    void bytesOfImagesAreThoseOfTheCache() throws IOException {
        String experiment = """
            data: {train: "synthetic:3x20", cache: cache}
            supernet: {epochs: 1, batch: 8}
            """;
        long planned = plan(experiment).disk().get(0).bytes();
        try (ExperimentRun run = ExperimentRun.open(ExperimentFile.read(folder.resolve("experiment.yaml")),
            new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), new SaidLines(), "test")) {
            run.train();
        }
        try (var files = Files.list(folder.resolve("cache"))) {
            Path pixels = files.filter(file -> file.toString().endsWith(".pixels")).findFirst().orElseThrow();
            assertThat(Files.size(pixels)).isBetween(planned, planned + 5_000);
        }
    }

    @Test
    void moreThanThereIsIsSaid() throws IOException {
        Plan plan = plan("""
            data: {train: "synthetic:10x200000000", cache: cache}
            supernet: {epochs: 1, batch: 4}
            """);
        assertThat(plan.lacks()).anyMatch(what -> what.matches("disk: [0-9.]+ GB of decoded images, [0-9.]+ GB free in " + folder.resolve("cache")));
    }

    @Test
    void knownAccuraciesTakeNoTime() throws IOException {
        Files.writeString(folder.resolve("known.csv"), "arch,accuracy\n0,0.5\n");
        Plan plan = plan("accuracy: {table: known.csv}\nobjectives: [accuracy, macs]\nsearch: {budget: 5}\n");
        assertThat(plan.stages()).containsExactly(new StageTime("search", 0, "5 architectures, whose accuracies are known"));
        assertThat(plan.disk()).isEmpty();
        assertThat(plan.trains()).isFalse();
    }
}
