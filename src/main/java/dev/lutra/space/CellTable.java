package dev.lutra.space;

import dev.lutra.network.Bits;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The rows of a table of cells, unrolled into layers. */
final class CellTable {

    private static final int MOST_NODES = 50;

    private final Choices choices;
    private final Cell cell;
    private final List<CellSpace.Layer> layers = new ArrayList<>();
    private final List<YamlNode> rows = new ArrayList<>();
    private final Bits bits;
    private int cells;

    /** @throws dev.lutra.InputException if a row, a choice or a setting is wrong */
    CellTable(YamlNode file) {
        choices = new Choices(file);
        YamlNode description = file.get("cells");
        cell = new Cell(description.get("nodes").integer(1, MOST_NODES),
            choices.blocks(description.get("operations"), YamlNode.EMPTY),
            description.find("join").map(node -> node.oneOf(Cell.Join.class)).orElse(Cell.Join.SUM));
        description.rejectUnknownKeys();
        bits = file.find("bits").map(CellTable::bits).orElse(Bits.FLOAT);
        for (YamlNode row : file.get("layers").items()) {
            add(row);
            row.rejectUnknownKeys();
        }
        choices.rejectUnknownKeys();
    }

    /** All cells and blocks have the same, so that an architecture has none to choose. */
    private static Bits bits(YamlNode node) {
        List<Bits> offered = LayerTable.bits(node);
        if (offered.size() > 1) {
            throw node.error(offered + " (expected: one of them in a space of cells)");
        }
        return offered.get(0);
    }

    /** In which everything multiplies. */
    Bits bits() {
        return bits;
    }

    Cell cell() {
        return cell;
    }

    List<CellSpace.Layer> layers() {
        return layers;
    }

    /** The row that a layer comes from. */
    YamlNode row(int layer) {
        return rows.get(layer);
    }

    private void add(YamlNode row) {
        OptionalInt channels = row.find("channels")
            .map(node -> OptionalInt.of(node.integer(1, Header.MOST_CHANNELS))).orElse(OptionalInt.empty());
        Optional<CellSpace.Kind> kind = row.find("cell").map(node -> node.oneOf(CellSpace.Kind.class));
        if (kind.isEmpty()) {
            NamedBlock block = choices.fixed(row);
            String name = row.find("name").map(YamlNode::text).orElse(block.name());
            int stride = row.find("stride").map(node -> node.integer(1, Header.MOST_SIZE)).orElse(1);
            add(row, new CellSpace.Layer(name, kind, Optional.of(block.block()), channels, stride));
            return;
        }
        if (cells > 0 && layers.get(layers.size() - 1).cell().isEmpty()) {
            throw row.error("a cell after a fixed block (expected: all cells in one run)");
        }
        int stride = kind.get() == CellSpace.Kind.REDUCTION ? 2 : 1;
        int repeat = row.find("repeat").map(node -> node.integer(1, Header.MOST_LAYERS)).orElse(1);
        for (int i = 0; i < repeat; i++) {
            add(row, new CellSpace.Layer("cell" + ++cells, kind, Optional.empty(), channels, stride));
        }
    }

    private void add(YamlNode row, CellSpace.Layer layer) {
        if (layers.stream().anyMatch(other -> other.name().equals(layer.name()))) {
            throw row.error("a second layer '" + layer.name() + "' (expected: 'name' with a name of its own)");
        }
        if (layers.size() >= Header.MOST_LAYERS) {
            throw row.error("more than " + Header.MOST_LAYERS + " layers (expected: fewer)");
        }
        layers.add(layer);
        rows.add(row);
    }
}
