package dev.lutra.server.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.data.DataProgress;
import dev.lutra.data.ImageData;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.experiment.PartOfGenes;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingListener;
import dev.lutra.supernet.training.TrainingSettings;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every recipe as it stands, on images in the layout that it expects: read, and two steps of each of its trainings taken. */
class RecipesTest {

    private static final Path SOURCES = Path.of("..", "recipes").toAbsolutePath().normalize();
    private static final Path DOCS = Path.of("..", "docs").toAbsolutePath().normalize();
    private static final List<String> SYNSETS = List.of("n01440764", "n01443537", "n01484850");
    private static final int STEPS = 2;

    @TempDir
    private Path folder;

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".yaml"))
                .map(name -> name.substring(0, name.length() - ".yaml".length())).sorted().toList();
        }
    }

    /** Thrown after so many steps as are wanted. */
    private static final class Enough extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void whatIsListedIsWhatThereIs() throws IOException {
        assertThat(Recipe.all()).extracting(Recipe::name).isEqualTo(names());
        assertThat(Recipe.all()).allSatisfy(recipe -> assertThat(recipe.text()).isEqualTo(
            Files.readString(SOURCES.resolve(recipe.name() + ".yaml"))));
        assertThat(Recipe.all()).allSatisfy(recipe -> assertThat(recipe.title()).isNotBlank().doesNotStartWith("#"));
        assertThatThrownBy(() -> Recipe.of("darts")).isInstanceOf(InputException.class)
            .hasMessageStartingWith("recipe: darts (expected: one of anglenas, anglenas-cifar, ");
    }

    @Test
    void everyRecipeHasASmallSibling() throws IOException {
        List<String> names = names();
        assertThat(names).filteredOn(name -> !name.endsWith("-cifar")).isNotEmpty().allMatch(name -> names.contains(name + "-cifar"));
    }

    /** The page of the recipes has a row for each; wherever else in the documentation one is named, there is one of that name. */
    @Test
    void whatTheDocumentationNamesIsWhatThereIs() throws IOException {
        List<String> rows = Pattern.compile("^\\| `([a-z0-9-]+)` \\|", Pattern.MULTILINE)
            .matcher(Files.readString(DOCS.resolve("reference/recipes.md")))
            .results().map(row -> row.group(1)).toList();
        assertThat(rows).containsExactlyInAnyOrderElementsOf(names().stream().filter(name -> !name.endsWith("-cifar")).toList());
        Pattern named = Pattern.compile("(?:--recipe |recipes/)([a-z0-9]+(?:-[a-z0-9]+)*)");
        List<String> all = new ArrayList<>();
        try (Stream<Path> pages = Stream.concat(Files.walk(DOCS), Stream.of(DOCS.resolveSibling("README.md")))) {
            for (Path page : pages.filter(file -> file.toString().endsWith(".md")).toList()) {
                named.matcher(Files.readString(page)).results().map(found -> found.group(1)).forEach(all::add);
            }
        }
        assertThat(all).isNotEmpty().isSubsetOf(names());
    }

    /** As it is copied: what it asks for is there, whatever the images. */
    @ParameterizedTest
    @MethodSource("names")
    void everyRecipeCanBeRead(String name) {
        Experiment experiment = ExperimentFile.read(SOURCES.resolve(name + ".yaml"));
        assertThat(experiment.name()).as("the file's own").isEqualTo(name);
        SearchSpace space = experiment.baseSpace();
        experiment.training().curriculum().requireFits(space);
        assertThat(experiment.search().algorithm().budget()).isPositive();
        assertThat(experiment.training().curriculum().spans(experiment.training().epochs())).isNotEmpty();
        experiment.search().part().map((PartOfGenes part) -> part.of(space))
            .ifPresent((Options part) -> assertThat(part.areAll()).isFalse());
    }

    /** By a comment on the line, on a section that it stands in or right above; a small sibling's first line says it of all. */
    @ParameterizedTest
    @MethodSource("names")
    void everyLineThatSetsSomethingSaysWhoseItIs(String name) {
        List<String> lines = Recipe.of(name).text().lines().toList();
        if (name.endsWith("-cifar")) {
            assertThat(lines.get(0)).endsWith(" ours.");
            return;
        }
        assertThat(lines).anyMatch(line -> line.startsWith("# Source: "));
        assertThat(unattributed(lines)).isEmpty();
    }

    private static List<String> unattributed(List<String> lines) {
        List<String> found = new ArrayList<>();
        Deque<Integer> attributed = new ArrayDeque<>(); // how far sections that say it are indented
        boolean above = false;
        for (String line : lines) {
            String content = line.strip();
            if (content.isEmpty() || content.startsWith("#")) {
                above = !content.isEmpty();
                continue;
            }
            int indent = line.indexOf(content);
            while (!attributed.isEmpty() && attributed.peek() >= indent) {
                attributed.pop();
            }
            boolean says = line.contains(" # ") || above;
            boolean opens = content.replaceFirst(" +#.*", "").endsWith(":");
            if (says && opens) {
                attributed.push(indent);
            }
            if (!says && !opens && attributed.isEmpty() && !content.startsWith("name: ")) {
                found.add(content);
            }
            above = false;
        }
        return found;
    }

    /** Batches of four and few images; nothing else is changed. */
    @ParameterizedTest
    @MethodSource("names")
    @Tag("slow")
    void takesTwoStepsOfEachTraining(String name) throws IOException {
        String text = Files.readString(SOURCES.resolve(name + ".yaml"));
        Path file = Files.writeString(folder.resolve(name + ".yaml"), text.replaceAll("\\bbatch: \\d+", "batch: 4"));
        if (text.contains("imagenet/train")) {
            layOutImageNet();
        } else {
            layOutCifar();
        }
        Experiment experiment = ExperimentFile.read(file);
        SearchSpace base = experiment.baseSpace();
        try (ImageData data = ImageData.open(experiment.dataSpec(base), folder.resolve("cache"), DataProgress.NONE)) {
            SearchSpace space = base.withClasses(data.classes().size());
            assertThat(data.test()).isPresent();
            assertStepsAreTaken(experiment, space, data, experiment.training());
            assertStepsAreTaken(experiment, space, data,
                experiment.retraining().training().alone(Options.all(space).draw(new SplittableRandom(1))));
        }
    }

    private void assertStepsAreTaken(Experiment experiment, SearchSpace space, ImageData data, TrainingSettings settings) {
        double[] losses = new double[STEPS];
        int[] taken = {0};
        TrainingListener listener = progress -> {
            losses[taken[0]++] = progress.loss();
            if (taken[0] == STEPS) {
                throw new Enough();
            }
        };
        Map<String, Supplier<LatencyModel>> latencies = experiment.targets().stream().collect(Collectors.toMap(Experiment.Target::device,
            target -> () -> estimated(target, space)));
        assertThatThrownBy(() -> new Trainer(space, data, settings, experiment.evaluation(), folder.resolve("weights.safetensors"))
            .with(latencies).train(listener)).isInstanceOf(Enough.class);
        assertThat(Arrays.stream(losses)).allMatch(loss -> Double.isFinite(loss) && loss > 0);
    }

    /** In place of a table that a run measures, or has for a thousand classes alone. */
    private static LatencyModel estimated(Experiment.Target target, SearchSpace space) {
        return new LatencyModel(EstimatedTable.of(space, Device.newBuilder().setName(target.device()).build(),
            Runtime.newBuilder().setName("onnxruntime").setProvider("cpu").setThreads(1).build(), "float32", 1));
    }

    private void layOutImageNet() throws IOException {
        for (int label = 0; label < SYNSETS.size(); label++) {
            for (int i = 0; i < 4; i++) {
                write(label * 10 + i, folder.resolve("imagenet/train").resolve(SYNSETS.get(label)), SYNSETS.get(label) + "_" + i + ".JPEG");
            }
            write(label * 10 + 5, folder.resolve("imagenet/val").resolve(SYNSETS.get(label)), "ILSVRC2012_val_0000000" + label + ".JPEG");
        }
    }

    private static void write(int seed, Path folder, String name) throws IOException {
        BufferedImage image = new BufferedImage(40, 32, BufferedImage.TYPE_INT_RGB);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 40 * 32; i++) {
            image.setRGB(i % 40, i / 40, random.nextInt(1 << 24));
        }
        Files.createDirectories(folder);
        ImageIO.write(image, "jpg", folder.resolve(name).toFile());
    }

    private void layOutCifar() throws IOException {
        byte[] records = new byte[20 * 3073];
        new SplittableRandom(1).nextBytes(records);
        for (int i = 0; i < 20; i++) {
            records[i * 3073] = (byte) (i % 10);
        }
        Path binary = Files.createDirectories(folder.resolve("cifar-10-batches-bin"));
        Files.write(binary.resolve("data_batch_1.bin"), records);
        Files.write(binary.resolve("test_batch.bin"), records);
    }
}
