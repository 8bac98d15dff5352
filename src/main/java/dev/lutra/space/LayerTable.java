package dev.lutra.space;

import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The rows of a stage table, unrolled into layers. */
final class LayerTable {

    private final Map<String, YamlNode> choices = new LinkedHashMap<>();
    private final YamlNode defaults;
    private final List<StagedSpace.Scale> scales;
    private final List<StagedSpace.Layer> layers = new ArrayList<>();
    private final List<YamlNode> rows = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private int searchable;

    /** @throws dev.lutra.InputException if a row, a choice or a setting is wrong */
    LayerTable(YamlNode file) {
        file.find("choices").ifPresent(node -> choices.putAll(node.entries()));
        defaults = file.find("defaults").orElse(YamlNode.EMPTY);
        scales = file.find("scales").map(LayerTable::scales).orElse(List.of());
        for (YamlNode row : file.get("layers").items()) {
            add(row);
            row.rejectUnknownKeys();
        }
        choices.keySet().forEach(this::checkChoice);
        defaults.rejectUnknownKeys();
    }

    /** A list of factors, or factors by their published number. */
    private static List<StagedSpace.Scale> scales(YamlNode node) {
        List<StagedSpace.Scale> scales = new ArrayList<>();
        if (node.isList()) {
            node.items().forEach(item -> scales.add(new StagedSpace.Scale(factor(item), scales.size())));
        } else {
            node.entries().forEach((index, item) -> scales.add(new StagedSpace.Scale(factor(item), index(index, item))));
        }
        return scales;
    }

    private static double factor(YamlNode node) {
        return node.number(0.01, 16);
    }

    private static int index(String text, YamlNode node) {
        if (!text.matches("\\d{1,4}")) {
            throw node.error("scale number " + text + " (expected: a whole number of at least 0)");
        }
        return Integer.parseInt(text);
    }

    List<StagedSpace.Layer> layers() {
        return layers;
    }

    /** The row that a layer comes from. */
    YamlNode row(int layer) {
        return rows.get(layer);
    }

    private void add(YamlNode row) {
        Optional<YamlNode> name = row.find("name");
        OptionalInt channels = row.find("channels").map(node -> OptionalInt.of(node.integer(1))).orElse(OptionalInt.empty());
        int repeat = row.find("repeat").map(node -> node.integer(1)).orElse(1);
        int stride = row.find("stride").map(node -> node.integer(1)).orElse(1);
        boolean isSearchable = row.find("choices").isPresent();
        List<NamedBlock> options = isSearchable ? offered(row) : List.of(fixed(row));
        for (int i = 0; i < repeat; i++) {
            String base = name.map(YamlNode::text).orElse(options.get(0).name());
            String layerName = isSearchable ? "layer" + ++searchable : repeat > 1 ? base + (i + 1) : base;
            if (!names.add(layerName)) {
                throw row.error("a second layer '" + layerName + "' (expected: 'name' with a name of its own)");
            }
            layers.add(new StagedSpace.Layer(layerName, channels, i == 0 ? stride : 1, options,
                isSearchable ? scales : List.of(), isSearchable));
            rows.add(row);
        }
    }

    private NamedBlock fixed(YamlNode row) {
        YamlNode kind = row.get("block");
        return NamedBlock.fixed(kind.text(), Blocks.block(kind, new Settings(List.of(row, defaults))));
    }

    private List<NamedBlock> offered(YamlNode row) {
        if (row.find("block").isPresent()) {
            throw row.error("both 'block' and 'choices' (expected: one of them)");
        }
        return row.get("choices").items().stream().map(item -> choice(item, row)).toList();
    }

    private NamedBlock choice(YamlNode item, YamlNode row) {
        if (!choices.containsKey(item.text())) {
            throw item.error(item.text() + " (expected: one of " + String.join(", ", choices.keySet()) + ")");
        }
        return choice(item.text(), row);
    }

    /** A choice in a row; its number is its place among all choices of the file. */
    private NamedBlock choice(String name, YamlNode row) {
        YamlNode choice = choices.get(name);
        List<String> aliases = choice.find("aliases").map(YamlNode::items).orElse(List.of()).stream().map(YamlNode::text).toList();
        Gene.Option option = new Gene.Option(name, List.copyOf(choices.keySet()).indexOf(name), aliases);
        String scope = choice.find("shares").map(YamlNode::text).orElse(name);
        return new NamedBlock(option, scope, Blocks.block(choice.get("block"), new Settings(List.of(choice, row, defaults))));
    }

    /** Reads a choice that perhaps no row offers: a file of one fixed network still numbers all of its space. */
    private void checkChoice(String name) {
        choice(name, YamlNode.EMPTY);
        choices.get(name).rejectUnknownKeys();
    }
}
