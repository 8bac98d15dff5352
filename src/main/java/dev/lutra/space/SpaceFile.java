package dev.lutra.space;

import dev.lutra.InputException;
import dev.lutra.network.Shape;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Reads search spaces from YAML; {@code docs/spaces.md} describes the format. */
public final class SpaceFile {

    private static final double DEFAULT_EPSILON = 1e-5;  // PyTorch's

    private SpaceFile() {}

    /** Names of the built-in spaces, in alphabetical order. */
    public static List<String> builtIn() {
        return resource("index.txt").orElseThrow(() -> new IllegalStateException("the list of spaces is missing"))
            .lines().filter(line -> !line.isBlank()).sorted().toList();
    }

    /**
     * A built-in space by name, or the space of a YAML file by path.
     *
     * @throws InputException if there is neither, or the file is wrong
     */
    public static SearchSpace load(String nameOrPath) {
        if (nameOrPath.endsWith(".yaml") || nameOrPath.endsWith(".yml")) {
            return read(YamlNode.read(Path.of(nameOrPath)));
        }
        Optional<String> text = nameOrPath.matches("[a-z0-9-]+") ? resource(nameOrPath + ".yaml") : Optional.empty();
        if (text.isEmpty()) {
            String hint = Files.exists(Path.of(nameOrPath)) ? "a space file ends in .yaml; " : "";
            throw new InputException("space: " + nameOrPath + " (expected: " + hint + "a .yaml file or one of "
                + String.join(", ", builtIn()) + ")");
        }
        return read(YamlNode.parse(nameOrPath + ".yaml", text.get()));
    }

    private static Optional<String> resource(String name) {
        try (InputStream stream = SpaceFile.class.getResourceAsStream(name)) {
            return stream == null ? Optional.empty() : Optional.of(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException(name + ": cannot be read from the program itself", e);
        }
    }

    /** The space that a parsed file describes. */
    static SearchSpace read(YamlNode file) {
        YamlNode input = file.get("input");
        Optional<YamlNode> batchNorm = file.find("batch-norm");
        StagedSpace.Head head = new StagedSpace.Head(
            file.get("name").text(),
            file.get("title").text(),
            file.get("source").text(),
            Shape.image(input.get("channels").integer(1), input.get("size").integer(1), input.get("size").integer(1)),
            file.get("classes").integer(1),
            batchNorm.flatMap(node -> node.find("learned-in-supernet")).map(YamlNode::flag).orElse(true),
            batchNorm.flatMap(node -> node.find("epsilon")).map(node -> node.number(1e-12, 1)).orElse(DEFAULT_EPSILON));
        input.rejectUnknownKeys();
        batchNorm.ifPresent(YamlNode::rejectUnknownKeys);
        List<StagedSpace.Layer> layers = new LayerTable(file).layers();
        file.rejectUnknownKeys();
        try {
            return new StagedSpace(head, layers);
        } catch (IllegalArgumentException e) {
            throw file.get("layers").error(e.getMessage());
        }
    }

    /** The rows of a stage table, unrolled into layers. */
    private static final class LayerTable {

        private final Map<String, YamlNode> choices = new LinkedHashMap<>();
        private final List<Double> scales;
        private final List<StagedSpace.Layer> layers = new ArrayList<>();
        private int searchable;

        LayerTable(YamlNode file) {
            file.find("choices").ifPresent(node -> choices.putAll(node.entries()));
            scales = file.find("scales").map(LayerTable::scales).orElse(List.of());
            for (YamlNode row : file.get("layers").items()) {
                add(row);
                row.rejectUnknownKeys();
            }
            choices.values().forEach(YamlNode::rejectUnknownKeys);
        }

        private static List<Double> scales(YamlNode node) {
            return node.items().stream().map(item -> item.number(0.01, 16)).toList();
        }

        List<StagedSpace.Layer> layers() {
            return layers;
        }

        private void add(YamlNode row) {
            Optional<YamlNode> name = row.find("name");
            OptionalInt channels = channels(row);
            int repeat = row.find("repeat").map(node -> node.integer(1)).orElse(1);
            int stride = row.find("stride").map(node -> node.integer(1)).orElse(1);
            List<StagedSpace.NamedBlock> options = options(row);
            boolean isSearchable = row.find("choices").isPresent();
            for (int i = 0; i < repeat; i++) {
                String base = name.map(YamlNode::text).orElse(options.get(0).name());
                String layerName = isSearchable ? "layer" + ++searchable : repeat > 1 ? base + (i + 1) : base;
                layers.add(new StagedSpace.Layer(layerName, channels, i == 0 ? stride : 1, options,
                    isSearchable ? scales : List.of(), isSearchable));
            }
        }

        /** The row's channels; a row without them keeps the classifier's role (or needs none). */
        private OptionalInt channels(YamlNode row) {
            return row.find("channels").map(node -> OptionalInt.of(node.integer(1))).orElse(OptionalInt.empty());
        }

        private List<StagedSpace.NamedBlock> options(YamlNode row) {
            Optional<YamlNode> offered = row.find("choices");
            if (offered.isEmpty()) {
                YamlNode kind = row.get("block");
                return List.of(new StagedSpace.NamedBlock(kind.text(), 0, Blocks.block(kind, new Settings(row))));
            }
            if (row.find("block").isPresent()) {
                throw row.error("both 'block' and 'choices' (expected: one of them)");
            }
            List<StagedSpace.NamedBlock> options = new ArrayList<>();
            for (YamlNode item : offered.get().items()) {
                YamlNode choice = choices.get(item.text());
                if (choice == null) {
                    throw item.error(item.text() + " (expected: one of "
                        + choices.keySet().stream().collect(Collectors.joining(", ")) + ")");
                }
                options.add(new StagedSpace.NamedBlock(item.text(), options.size(),
                    Blocks.block(choice.get("block"), new Settings(choice, row))));
            }
            return options;
        }
    }
}
