package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.lutra.InputException;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that show any number of classes, and that are wider than high, from a list to tested files. */
class SeveralClassesRunTest {

    private static final List<String> CLASSES = List.of("blue", "green", "red");
    private static final List<Color> COLOURS = List.of(Color.BLUE, Color.GREEN, Color.RED);

    @TempDir
    private Path folder;

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    /** Grey images with a bar of each colour that they show, anywhere. */
    private void draw(String name, int images, long seed) throws IOException {
        Files.createDirectories(folder.resolve(name));
        Random random = new Random(seed);
        List<String> lines = new ArrayList<>(List.of("file,colours"));
        for (int i = 0; i < images; i++) {
            BufferedImage image = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = image.createGraphics();
            graphics.setColor(Color.GRAY);
            graphics.fillRect(0, 0, 32, 16);
            List<String> shown = new ArrayList<>();
            for (int label = 0; label < CLASSES.size(); label++) {
                if (random.nextInt(5) < 2) {
                    graphics.setColor(COLOURS.get(label));
                    graphics.fillRect(random.nextInt(26), random.nextInt(2) + 5 * label, 6, 4);
                    shown.add(CLASSES.get(label));
                }
            }
            graphics.dispose();
            String file = name + "/" + i + ".png";
            ImageIO.write(image, "png", folder.resolve(file).toFile());
            lines.add(file + "," + String.join("|", shown));
        }
        Files.write(folder.resolve(name + ".csv"), lines);
    }

    private ExperimentRun open(String more) throws IOException {
        return ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve("own.yaml"), """
            name: own
            space: nine.yaml
            image-size: 8x16
            data: {train: {list: train.csv, label: colours, separator: '|'}, test: {list: test.csv, label: colours, separator: '|'}}
            supernet: {epochs: 4, batch: 16, optimizer: {lr: 0.2}}
            search: {population: 4, generations: 1}
            objectives: [accuracy, macs]
            """ + more)), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), new SaidLines(), "test");
    }

    @Test
    void fromAListToTestedFiles() throws Exception {
        draw("train", 240, 1);
        draw("test", 60, 2);
        try (ExperimentRun run = open(
            """
                evaluation: {recalibration-images: 64, threshold: 0.4}
                export: {top: 1, int8: min-max, deploy: {camera: {batch: 1, pixels: true, sigmoid: true}}}
                retrain: {epochs: 12, batch: 16, optimizer: {lr: 0.2}, mixup: 0.1, distillation: {from: supernet, share: 0.3}, augmentation: [cutout, rand-augment]}
                """)) {
            run.all();
            RetrainedNetwork retrained = run.retrain(RetrainRequest.WINNERS).get(0);
            assertThat(retrained.after().isOfSeveral()).isTrue();
            List<TestedNetwork> tested = run.test(false);
            TestedNetwork own = tested.get(tested.size() - 1);
            assertThat(own.averagePrecisions()).containsOnlyKeys(CLASSES);
            assertThat(own.hits().meanAveragePrecision()).as("two in five would be as many by chance").isGreaterThan(0.75);
            assertThat(OnnxFile.metadata(retrained.file())).containsEntry(OnnxMetadata.CLASSES, "[\"blue\",\"green\",\"red\"]")
                .containsEntry(OnnxMetadata.IMAGE_SIZE, "8x16").containsEntry(OnnxMetadata.THRESHOLD, "0.4")
                .containsEntry("lutra.data.shows", "any number of classes");
            assertThat(input(retrained.file())).containsExactly(-1, 3, 8, 16);
            assertThat(input(folder.resolve("run/export/winner-1-camera.onnx"))).containsExactly(1, 8, 16, 3);
            assertThat(folder.resolve("run/export/winner-1-int8.onnx")).exists();
        }
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            RunHistory history = RunHistory.of(new ResultStore(database, "own"));
            RunEvent.NetworkTested told = history.all(RunEvent.NetworkTested.class).stream().filter(one -> one.file() != null).findFirst()
                .orElseThrow();
            assertThat(told.averagePrecisions()).containsOnlyKeys(CLASSES);
            assertThat(told.accuracy())
                .isEqualTo(told.averagePrecisions().values().stream().mapToDouble(Double::doubleValue).average().orElseThrow());
            assertThat(told.top5()).isNull();
        }
        assertThat(folder.resolve("run/report.html")).content().contains("winner-1.onnx");
    }

    private static long[] input(Path file) throws Exception {
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString())) {
            return ((TensorInfo) session.getInputInfo().values().iterator().next().getInfo()).getShape();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "evaluation: {accuracy: top1}; evaluation.accuracy: top1, of images that show several classes (expected: macro-f1, micro-f1, mean-average-precision)",
        "evaluation: {early-stopping: 0.99}; evaluation.early-stopping: given with accuracies as mean-average-precision",
        "export: {deploy: {camera: {softmax: true}}}; export.deploy.camera.softmax: true, of images that show several classes (expected: sigmoid"})
    void whatNeedsOneClassIsRefused(String more, String message) {
        assertThatThrownBy(() -> open(more + "\n")).isInstanceOf(InputException.class).hasMessageContaining(message);
    }
}
