package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.lutra.InputException;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.Precision;
import dev.lutra.network.SharedTensor;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.Inference;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transitions;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.Hits;
import dev.lutra.supernet.evaluation.Subnet;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.TrainingListener.Progress;
import dev.lutra.supernet.training.curve.CurvePoint;
import dev.lutra.weights.SafetensorsFile;
import dev.lutra.yaml.YamlNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {

    private static final int EPOCHS = 3;
    /** The first path has one epoch: a killed training resumes where weights are handed on. */
    private static final Curriculum RECIPE = Curriculum.firstPathThen(0.34, Sampling.uniform());

    @TempDir
    Path folder;

    private static TrainingSettings settings(long seed, Curriculum curriculum, double rate) {
        return settings(EPOCHS, seed, curriculum, rate);
    }

    private static TrainingSettings settings(int epochs, long seed, Curriculum curriculum, double rate) {
        return new TrainingSettings(epochs, 16, curriculum, rate, 0.1, Schedule.COSINE, 0.9, 4e-5, 0.1, seed);
    }

    private static Trainer trainer(SearchSpace space, ImageData data, TrainingSettings settings, Path checkpoint) {
        return new Trainer(space, data, settings, EvaluationSettings.defaults(), checkpoint, Device.cpu());
    }

    private static ImageData data(Path folder, long seed) {
        return ImageData.open(DataSpec.of(new Source.Synthetic(4, 80), 16, seed), folder.resolve("cache"), DataProgress.NONE);
    }

    private static void train(Path folder, Path checkpoint, TrainingListener listener) throws IOException {
        try (ImageData data = data(folder, 1)) {
            trainer(TestNetworks.space(folder), data, settings(1, RECIPE, 0.1), checkpoint)
                .train(listener).close();
        }
    }

    /** Run by a process of its own, to be killed. */
    static final class Victim {

        private Victim() {}

        public static void main(String[] args) throws IOException {
            train(Path.of(args[0]), Path.of(args[1]), KilledProcess::tell);
        }
    }

    @Test
    void endsTheSameAfterBeingKilled() throws Exception {
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path killed = folder.resolve("killed.safetensors");
        List<Progress> steps = new ArrayList<>();
        train(folder, unbroken, steps::add);
        int stepsPerEpoch = steps.size() / EPOCHS;
        assertThat(stepsPerEpoch).isEqualTo(18);

        KilledProcess.afterStep(stepsPerEpoch + stepsPerEpoch / 2, Victim.class, folder, killed);
        assertThat(Checkpoint.read(killed).epochs()).isEqualTo(1);
        List<Long> resumed = new ArrayList<>();
        train(folder, killed, new TrainingListener() {
            @Override
            public void step(Progress progress) {
                resumed.add(progress.step());
            }

            @Override
            public void resumed(Checkpoint checkpoint) {
                resumed.add(-checkpoint.steps());
            }
        });
        assertThat(resumed).startsWith(-18L, 19L).endsWith(54L).hasSize(1 + 2 * stepsPerEpoch);
        assertThat(Files.mismatch(unbroken, killed)).as("first byte that differs").isEqualTo(-1);
    }

    /** Stopped in the middle of epochs, twice in one of them, and asked to at an epoch's last step, which ends it anyhow. */
    @Test
    void endsTheSameAfterBeingStopped() throws Exception {
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path stopped = folder.resolve("stopped.safetensors");
        train(folder, unbroken, TrainingListener.NONE);

        List<Long> taken = new ArrayList<>();
        for (long stop : new long[]{5, 7, 18, 40}) {
            TrainingListener stopping = new TrainingListener() {
                @Override
                public void step(Progress progress) {
                    taken.add(progress.step());
                }

                @Override
                public boolean stops() {
                    return taken.get(taken.size() - 1) >= stop;
                }
            };
            if (stop == 18) {
                assertThatThrownBy(() -> train(folder, stopped, stopping)).hasMessageStartingWith("stopped after step 19 of 54");
            } else {
                assertThatThrownBy(() -> train(folder, stopped, stopping)).isInstanceOf(TrainingStoppedException.class)
                    .hasMessage("stopped after step " + stop + " of 54, which is kept: the same command goes on there");
                assertThat(Checkpoint.read(stopped).steps()).isEqualTo(stop);
            }
        }
        train(folder, stopped, progress -> taken.add(progress.step()));
        assertThat(taken).as("no step is taken twice").doesNotHaveDuplicates().isSorted().hasSize(54);
        assertThat(Files.mismatch(unbroken, stopped)).as("first byte that differs").isEqualTo(-1);
    }

    @Test
    void aCurriculumGoesOnWithTheOptionsThatAreLeft() throws Exception {
        Curriculum curriculum = Curriculum.read(YamlNode.parse("f", """
            [{share: 0.25, sampling: {uniform: {widest: 0.5}}, then: [widen, shrink]},
             {share: 0.25, sampling: uniform, then: shrink},
             {share: 0.25, sampling: first-path, then: inherit}, {sampling: uniform}]"""), Samplings.ALL, Transitions.ALL);
        SearchSpace space = TestNetworks.space(folder);
        EvaluationSettings few = new EvaluationSettings(32, 16, 16, 1, 2);
        TrainingSettings settings = settings(4, 1, curriculum, 0.05);
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path broken = folder.resolve("broken.safetensors");
        List<Options> left = new ArrayList<>();
        try (ImageData data = data(folder, 1)) {
            new Trainer(space, data, settings, few, unbroken, Device.cpu()).train(new TrainingListener() {
                @Override
                public void step(Progress progress) {}

                @Override
                public void ended(Phase phase, Options surviving) {
                    left.add(surviving);
                }
            }).close();
            assertThat(left).hasSize(4);
            assertThat(left.get(0).names()).allSatisfy(names -> assertThat(names).hasSizeBetween(1, 2));
            assertThat(left.get(1).names().stream().mapToInt(List::size).sum())
                .isLessThan(left.get(0).names().stream().mapToInt(List::size).sum());
            assertThat(left.get(3)).isEqualTo(left.get(1));
            assertThat(Checkpoint.read(unbroken).surviving(space)).isEqualTo(left.get(3));
            for (int stop : new int[]{20, 40, 60}) {
                assertThatThrownBy(() -> new Trainer(space, data, settings, few, broken, Device.cpu()).train(progress -> {
                    if (progress.step() == stop) {
                        throw new IllegalStateException("stopped");
                    }
                })).hasMessage("stopped");
            }
            new Trainer(space, data, settings, few, broken, Device.cpu()).train(TrainingListener.NONE).close();
        }
        assertThat(Files.mismatch(unbroken, broken)).as("first byte that differs").isEqualTo(-1);
    }

    @Test
    void aFinishedTrainingOnlyLoads() throws Exception {
        Path checkpoint = folder.resolve("c.safetensors");
        train(folder, checkpoint, TrainingListener.NONE);
        byte[] before = Files.readAllBytes(checkpoint);
        train(folder, checkpoint, progress -> {
            throw new AssertionError("a step was taken");
        });
        assertThat(Files.readAllBytes(checkpoint)).isEqualTo(before);
        Checkpoint stored = Checkpoint.read(checkpoint);
        assertThat(stored.epochs()).isEqualTo(EPOCHS);
        assertThat(stored.curve()).hasSize(EPOCHS * 18).last().satisfies(point -> assertThat(point.step()).isEqualTo(54));
    }

    @Test
    void refusesTheCheckpointOfAnotherTraining() throws Exception {
        Path checkpoint = folder.resolve("c.safetensors");
        train(folder, checkpoint, TrainingListener.NONE);
        SearchSpace space = TestNetworks.space(folder);
        try (ImageData data = data(folder, 1); ImageData other = data(folder, 2)) {
            assertRefused(trainer(space, data, settings(2, RECIPE, 0.1), checkpoint),
                checkpoint + ": of another training: seed 1 (expected: 2); change that back to keep it, or move the file away to train anew, "
                    + "which repeats 3 epochs (54 steps)");
            assertRefused(trainer(space, data, settings(1, RECIPE, 0.2), checkpoint),
                checkpoint + ": of another training: supernet.optimizer.lr 0.1 (expected: 0.2)");
            assertRefused(trainer(space, other, settings(1, RECIPE, 0.1), checkpoint),
                checkpoint + ": of another training: data.seed 1 (expected: 2)");
            assertRefused(trainer(space.withImageSize(32), data, settings(1, RECIPE, 0.1), checkpoint),
                checkpoint + ": of another training: space ");
        }
        assertThatThrownBy(() -> Checkpoint.load(checkpoint, space.withClasses(5), Device.cpu()))
            .isInstanceOf(InputException.class).hasMessageStartingWith(checkpoint + ": trained on another space than tiny with 5");
    }

    private static void assertRefused(Trainer trainer, String message) {
        assertThatThrownBy(() -> trainer.train(TrainingListener.NONE)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(message);
    }

    @Test
    void anImportedSupernetIsEvaluatedAsTheOneItWasTakenFrom() throws Exception {
        Path trained = folder.resolve("c.safetensors");
        train(folder, trained, TrainingListener.NONE);
        SearchSpace space = TestNetworks.space(folder);
        SafetensorsFile stored = SafetensorsFile.open(trained);
        Path imported = folder.resolve("imported.safetensors");
        SafetensorsFile.write(imported, Checkpoint.imported(space, "released.npz", 1), stored.names().stream()
            .filter(name -> !name.endsWith(".momentum"))
            .map(name -> new SafetensorsFile.Entry(name, stored.dims(name), () -> stored.read(name))).toList());
        assertThat(Checkpoint.read(imported).isFinished()).isTrue();
        assertThat(Checkpoint.read(imported).origin()).containsOnlyKeys("seed", "space", "supernet.source");
        assertThat(Checkpoint.weightsFingerprint(imported)).isEqualTo(Checkpoint.weightsFingerprint(trained));
        EvaluationSettings settings = new EvaluationSettings(64, 32, 16, 1, 1);
        try (ImageData data = data(folder, 1);
            SupernetWeights one = Checkpoint.load(trained, space, data, Devices.of(Devices.Wanted.ANY));
            SupernetWeights other = Checkpoint.load(imported, space, data, Devices.of(Devices.Wanted.ANY));
            SubnetEvaluator first = new SubnetEvaluator(space, one, data, settings);
            SubnetEvaluator second = new SubnetEvaluator(space, other, data, settings);
            var images = data.validation().inOrder(4, 4)) {
            var batch = images.next();
            Architecture architecture = space.random(new Random(2));
            assertThat(second.logits(architecture, Precision.FLOAT32, batch))
                .isEqualTo(first.logits(architecture, Precision.FLOAT32, batch));
        }
        try (ImageData otherImages = data(folder, 2)) {
            assertThatThrownBy(() -> Checkpoint.load(trained, space, otherImages, Devices.of(Devices.Wanted.ANY))).isInstanceOf(InputException.class)
                .hasMessage(trained + ": trained on other images: data.seed 1 (expected: 2); what is held back here to validate may be "
                    + "among them");
        }
    }

    @Test
    void saysWhatToDoWithTheCheckpointOfAnEarlierVersion() throws Exception {
        Path checkpoint = folder.resolve("c.safetensors");
        SafetensorsFile.write(checkpoint, Map.of("format", "lutra-supernet-1", "epochs_done", "7"), List.of());
        String message = checkpoint + ": format lutra-supernet-1 (expected: lutra-supernet-2): go on with the version of Lutra that wrote "
            + "it, or move the file away and train anew, which repeats its 7 epochs";
        assertThatThrownBy(() -> train(folder, checkpoint, TrainingListener.NONE)).isInstanceOf(InputException.class).hasMessage(message);
        assertThatThrownBy(() -> Checkpoint.load(checkpoint, TestNetworks.space(folder), Device.cpu())).hasMessage(message);
    }

    /** Such a file may come from anybody, and be taken over by {@code supernet: {from: …}}. */
    @Test
    void whatIsNoWholeCheckpointIsRefusedInOneLine() throws Exception {
        Path file = folder.resolve("c.safetensors");
        SearchSpace space = TestNetworks.space(folder);
        Map<String, String> whole = new HashMap<>(Checkpoint.imported(space, "a test", 1));
        for (Map.Entry<String, String> broken : List.of(Map.entry("curve", "null"), Map.entry("curve", "[null]"), Map.entry("curve", "[{"),
            Map.entry("surviving_options", "[[null]]"), Map.entry("surviving_options", "[7]"), Map.entry("epochs_done", "many"),
            Map.entry("origin.seed", "?"), Map.entry("origin.supernet.epochs", "1e9"))) {
            Map<String, String> metadata = new HashMap<>(whole);
            metadata.put(broken.getKey(), broken.getValue());
            SafetensorsFile.write(file, metadata, List.of());
            assertThatThrownBy(() -> Checkpoint.read(file)).as("%s", broken).isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": not whole: ");
        }
        SharedTensor tensor = space.everyOption().get(0).ops().stream().flatMap(op -> op.weights().stream()).findFirst().orElseThrow().tensor();
        SafetensorsFile.write(file, whole, List.of(new SafetensorsFile.Entry(tensor.name(), List.of(2), () -> new float[2])));
        assertThatThrownBy(() -> Checkpoint.load(file, space, Device.cpu())).isInstanceOf(InputException.class)
            .hasMessage(file + ": " + tensor.name() + ": [2] (expected: " + tensor.dims() + ", as in tiny)");
    }

    @Test
    void refusesImagesOfOtherClasses() throws Exception {
        SearchSpace space = TestNetworks.space(folder).withClasses(7);
        try (ImageData data = data(folder, 1)) {
            assertThatThrownBy(() -> trainer(space, data, settings(1, RECIPE, 0.1), folder.resolve("c")))
                .isInstanceOf(InputException.class).hasMessage("tiny: 7 classes (expected: 4, as the images have)");
        }
    }

    @Test
    void stopsWhenTheLossIsNotFinite() throws Exception {
        Path checkpoint = folder.resolve("c.safetensors");
        try (ImageData data = data(folder, 1)) {
            Trainer trainer = trainer(TestNetworks.space(folder), data, settings(1, RECIPE, 1e38), checkpoint);
            assertThatThrownBy(() -> trainer.train(TrainingListener.NONE)).isInstanceOf(TrainingDivergedException.class)
                .hasMessageMatching("(loss (NaN|Infinity)|a gradient that is not finite) at step \\d+ with learning rate \\d\\.\\d+E37 .*lower.*");
        }
        assertThat(checkpoint).doesNotExist();
    }

    @Test
    void aNetworkTrainedAloneLearnsAndIsEvaluatedAsItIsUsed() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        Architecture architecture = space.parse("k3:1.0,xception:0.5,k5:1.0,k3:0.5");
        try (ImageData data = colours();
            SupernetWeights weights = trainer(space, data, settings(8, 1, Curriculum.of(Sampling.fixed(architecture)), 0.05),
                folder.resolve("c.safetensors")).train(TrainingListener.NONE);
            SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, new EvaluationSettings(128, 30, 12, 1, 2))) {
            List<CurvePoint> curve = Checkpoint.read(folder.resolve("c.safetensors")).curve();
            assertThat(curve.get(curve.size() - 1).loss()).isLessThan(0.9 * curve.get(0).loss());
            Hits hits = evaluator.hits(architecture);
            assertThat(hits.images()).isEqualTo(30);
            assertThat(hits.top1()).as("4 classes, chance 0.25").isGreaterThan(0.8);
            assertThat(evaluator.hits(architecture)).isEqualTo(hits);

            assertThat(evaluator.hits(architecture, data.validation()).top1()).isBetween(0.7, 1.0);
            Subnet subnet = evaluator.subnet(architecture);
            int correct = 0;
            try (Inference inference = new Inference(LoweredNetwork.of(subnet.network(), subnet.weights()), Device.cpu());
                var batches = data.validation().inOrder(7, 30)) {
                while (batches.hasNext()) {
                    var batch = batches.next();
                    float[] logits = inference.logits(batch);
                    assertThat(evaluator.logits(architecture, Precision.FLOAT32, batch)).containsExactly(logits, within(1e-4f));
                    for (int i = 0; i < batch.size(); i++) {
                        correct += highest(logits, i * 4) == batch.labels()[i] ? 1 : 0;
                    }
                }
            }
            assertThat(correct).isEqualTo(hits.correct());
        }
    }

    @Test
    void pathsThatInheritLearn() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        Path checkpoint = folder.resolve("c.safetensors");
        try (ImageData data = colours();
            SupernetWeights weights = trainer(space, data, settings(9, 1, RECIPE, 0.05), checkpoint)
                .train(TrainingListener.NONE);
            SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, new EvaluationSettings(128, 80, 16, 1, 2))) {
            assertThat(Checkpoint.read(checkpoint).origin()).containsEntry("supernet.first-path", "0.34");
            for (String path : new String[]{"k3:1.0,k3:1.0,k3:1.0,k3:1.0", "k5:1.0,k5:1.0,xception:1.0,k5:1.0",
                "xception:1.0,k3:0.5,k5:1.0,xception:1.0"}) {
                assertThat(evaluator.hits(space.parse(path)).top1()).as("%s, 4 classes, chance 0.25", path)
                    .isGreaterThan(0.6);
            }
        }
    }

    /** Four classes of noise, each around a colour of its own: 80 images to train and 20 to validate with, a class. */
    private ImageData colours() throws IOException {
        int[] colours = {0x604040, 0x406040, 0x404060, 0x505050};
        Random random = new Random(1);
        for (int label = 0; label < colours.length; label++) {
            Path images = Files.createDirectories(folder.resolve("images/class" + label));
            for (int i = 0; i < 100; i++) {
                BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
                for (int pixel = 0; pixel < 256; pixel++) {
                    image.setRGB(pixel % 16, pixel / 16, colours[label] + (random.nextInt() & 0x7F7F7F));
                }
                ImageIO.write(image, "png", images.resolve(i + ".png").toFile());
            }
        }
        DataSpec spec = new DataSpec(new Source.Folder(folder.resolve("images")), Optional.empty(), Optional.empty(), 0.2, 16, 1);
        return ImageData.open(spec, folder.resolve("cache"), DataProgress.NONE);
    }

    private static int highest(float[] values, int from) {
        int best = 0;
        for (int i = 1; i < 4; i++) {
            best = values[from + i] > values[from + best] ? i : best;
        }
        return best;
    }
}
