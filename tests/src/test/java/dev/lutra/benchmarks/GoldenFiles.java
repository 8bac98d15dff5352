package dev.lutra.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.weights.SafetensorsFile;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Compares what two checkouts made of the same experiments: every candidate of the fronts, every tensor of the checkpoints,
 * graphs and weights of the ONNX files. Metadata is compared too, but a difference there is only named. Arguments: the folder of
 * the one side, that of the other, names of the runs in both. Exits with 1 if anything but metadata differs.
 *
 * <p>Or {@code draw} and a folder, which gets images for both sides to train on: those that a checkout draws itself may change.
 */
public final class GoldenFiles {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CLASSES = 10;
    private static final int IMAGES_A_CLASS = 40;
    private static final int SIDE = 32;

    private final Path base;
    private final Path other;
    private int different;

    private GoldenFiles(Path base, Path other) {
        this.base = base;
        this.other = other;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("draw")) {
            draw(Path.of(arguments[1]));
            return;
        }
        int different = 0;
        for (String run : List.of(arguments).subList(2, arguments.length)) {
            GoldenFiles files = new GoldenFiles(Path.of(arguments[0], run, "run"), Path.of(arguments[1], run, "run"));
            System.out.println(run);
            files.compare();
            different += files.different;
        }
        System.out.println(different == 0 ? "equal" : different + " different");
        System.exit(different == 0 ? 0 : 1);
    }

    /** Stripes of a direction and width by class, in any colours, with noise. */
    private static void draw(Path folder) throws Exception {
        Random random = new Random(5);
        for (int label = 0; label < CLASSES; label++) {
            Path images = Files.createDirectories(folder.resolve("class" + label));
            for (int i = 0; i < IMAGES_A_CLASS; i++) {
                double[] first = random.doubles(3, 0, 200).toArray();
                double[] second = random.doubles(3, 0, 200).toArray();
                double phase = random.nextDouble();
                BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
                for (int y = 0; y < SIDE; y++) {
                    for (int x = 0; x < SIDE; x++) {
                        double along = x * Math.cos(label) + y * Math.sin(label);
                        double[] colour = Math.floorMod((int) Math.floor(along / (2 + label % 3) + phase), 2) == 0 ? first : second;
                        int rgb = 0;
                        for (double channel : colour) {
                            rgb = rgb << 8 | (int) (channel + 50 * random.nextDouble());
                        }
                        image.setRGB(x, y, rgb);
                    }
                }
                ImageIO.write(image, "png", images.resolve(i + ".png").toFile());
            }
        }
    }

    private void compare() throws Exception {
        compareFronts("front.json");
        compareCheckpoints("supernet.safetensors");
        List<String> exported = exported(base);
        judge("names of the exported files", exported.equals(exported(other)));
        for (String file : exported) {
            compareModels("export/" + file);
        }
    }

    private static List<String> exported(Path run) throws Exception {
        try (Stream<Path> files = Files.list(run.resolve("export"))) {
            return files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(".onnx")).sorted().toList();
        }
    }

    private void compareFronts(String file) throws Exception {
        JsonNode before = JSON.readTree(base.resolve(file).toFile());
        JsonNode after = JSON.readTree(other.resolve(file).toFile());
        judge(file + ", " + before.path("candidates").size() + " candidates",
            !before.path("candidates").isEmpty() && before.path("candidates").equals(after.path("candidates")));
        Map<String, String> metadata = new TreeMap<>();
        Map<String, String> otherMetadata = new TreeMap<>();
        before.path("provenance").properties().forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
        after.path("provenance").properties().forEach(entry -> otherMetadata.put(entry.getKey(), entry.getValue().asText()));
        nameDifferences(metadata, otherMetadata);
    }

    private void compareCheckpoints(String file) {
        SafetensorsFile before = SafetensorsFile.open(base.resolve(file));
        SafetensorsFile after = SafetensorsFile.open(other.resolve(file));
        List<String> unequal = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(before.names());
        names.addAll(after.names());
        for (String name : names) {
            boolean both = before.names().contains(name) && after.names().contains(name);
            if (!both || !before.dims(name).equals(after.dims(name)) || !Arrays.equals(before.read(name), after.read(name))) {
                unequal.add(name);
            }
        }
        judge(file + ", " + names.size() + " tensors" + some(unequal), !names.isEmpty() && unequal.isEmpty());
        nameDifferences(before.metadata(), after.metadata());
    }

    private static String some(List<String> unequal) {
        return unequal.isEmpty() ? "" : ", of which differ " + unequal.size() + ", such as " + unequal.get(0);
    }

    private void compareModels(String file) {
        ModelProto before = OnnxFile.read(base.resolve(file));
        ModelProto after = OnnxFile.read(other.resolve(file));
        judge(file + ", " + before.getGraph().getNodeCount() + " nodes, " + before.getGraph().getInitializerCount() + " initializers",
            withoutMetadata(before).equals(withoutMetadata(after)));
        nameDifferences(OnnxFile.metadata(base.resolve(file)), OnnxFile.metadata(other.resolve(file)));
    }

    private static ModelProto withoutMetadata(ModelProto model) {
        return model.toBuilder().clearMetadataProps().clearProducerVersion().build();
    }

    private void judge(String what, boolean equal) {
        System.out.println("  " + (equal ? "equal      " : "DIFFERENT  ") + what);
        different += equal ? 0 : 1;
    }

    private static void nameDifferences(Map<String, String> before, Map<String, String> after) {
        TreeSet<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        keys.removeIf(key -> Objects.equals(before.get(key), after.get(key)));
        if (!keys.isEmpty()) {
            System.out.println("             metadata differs: " + String.join(", ", keys));
        }
    }
}
