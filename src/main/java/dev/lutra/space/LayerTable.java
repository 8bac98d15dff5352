package dev.lutra.space;

import dev.lutra.network.Bits;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The rows of a stage table, unrolled into layers. */
final class LayerTable {

    private final Choices choices;
    private final List<StagedSpace.Scale> scales;
    private final List<Bits> bits;
    private final List<StagedSpace.Layer> layers = new ArrayList<>();
    private final List<YamlNode> rows = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private int searchable;

    /** @throws dev.lutra.InputException if a row, a choice or a setting is wrong */
    LayerTable(YamlNode file) {
        choices = new Choices(file);
        scales = file.find("scales").map(LayerTable::scales).orElse(List.of());
        bits = file.find("bits").map(LayerTable::bits).orElse(List.of());
        for (YamlNode row : file.get("layers").items()) {
            add(row);
            row.rejectUnknownKeys();
        }
        choices.rejectUnknownKeys();
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

    /** One precision, a list of them, or every pair of {@code weights} and {@code activations}. */
    static List<Bits> bits(YamlNode node) {
        List<Bits> offered = new ArrayList<>();
        if (node.isMapping()) {
            for (YamlNode weights : node.get("weights").items()) {
                node.get("activations").items().forEach(activations -> offer(weights, weights.text() + "." + activations.text(), offered));
            }
            node.rejectUnknownKeys();
        } else if (node.isList()) {
            node.items().forEach(item -> offer(item, item.text(), offered));
        } else {
            offer(node, node.text(), offered);
        }
        if (offered.isEmpty()) {
            throw node.error("none (expected: bits such as [32, 8, 4.8])");
        }
        return List.copyOf(offered);
    }

    private static void offer(YamlNode place, String text, List<Bits> offered) {
        try {
            Bits read = Bits.of(text);
            if (offered.contains(read)) {
                throw place.error(read + " is there twice (expected: all bits once)");
            }
            offered.add(read);
        } catch (IllegalArgumentException e) {
            throw place.error(e.getMessage());
        }
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
        OptionalInt channels = row.find("channels")
            .map(node -> OptionalInt.of(node.integer(1, Header.MOST_CHANNELS))).orElse(OptionalInt.empty());
        int repeat = row.find("repeat").map(node -> node.integer(1, Header.MOST_LAYERS)).orElse(1);
        int stride = row.find("stride").map(node -> node.integer(1, Header.MOST_SIZE)).orElse(1);
        boolean isSearchable = row.find("choices").isPresent();
        List<NamedBlock> options = isSearchable ? offered(row) : List.of(choices.fixed(row));
        List<StagedSpace.Scale> offeredScales = isSearchable ? row.find("scales").map(LayerTable::scales).orElse(scales) : List.of();
        List<Bits> offeredBits = row.find("bits").map(LayerTable::bits).orElse(isSearchable ? bits : List.of());
        requireBits(row, isSearchable, options, offeredBits);
        for (int i = 0; i < repeat; i++) {
            String base = name.map(YamlNode::text).orElse(options.get(0).name());
            String layerName = isSearchable ? "layer" + ++searchable : repeat > 1 ? base + (i + 1) : base;
            if (!names.add(layerName)) {
                throw row.error("a second layer '" + layerName + "' (expected: 'name' with a name of its own)");
            }
            if (layers.size() >= Header.MOST_LAYERS) {
                throw row.error("more than " + Header.MOST_LAYERS + " layers (expected: fewer)");
            }
            layers.add(new StagedSpace.Layer(layerName, channels, i == 0 ? stride : 1, options,
                offeredScales, offeredBits, isSearchable));
            rows.add(row);
        }
    }

    private static void requireBits(YamlNode row, boolean isSearchable, List<NamedBlock> options, List<Bits> offered) {
        if (!isSearchable && offered.size() > 1) {
            throw row.get("bits").error(offered + " (expected: one of them in a row without 'choices')");
        }
        if (offered.isEmpty()) {
            return;
        }
        for (NamedBlock option : options) {
            if (option.name().indexOf(StagedSpace.BITS_MARK) >= 0) {
                throw row.error("'" + option.name() + "' has bits (expected: a name without " + StagedSpace.BITS_MARK + ")");
            }
        }
    }

    private List<NamedBlock> offered(YamlNode row) {
        if (row.find("block").isPresent()) {
            throw row.error("both 'block' and 'choices' (expected: one of them)");
        }
        return choices.blocks(row.get("choices"), row);
    }
}
