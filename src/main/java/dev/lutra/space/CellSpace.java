package dev.lutra.space;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Value;
import dev.lutra.space.block.Block;
import dev.lutra.space.block.Placement;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A chain of cells of two kinds, each with one set of genes for all of its places: one architecture text entry is a
 * gene, not a layer.
 */
final class CellSpace extends HeadedSpace {

    /** Which genes a cell follows. */
    enum Kind {
        NORMAL, REDUCTION
    }

    /**
     * One layer: a cell, or a fixed block.
     *
     * @param cell empty for a fixed block
     * @param block the fixed block; empty for a cell
     * @param channels empty: the number of classes
     */
    record Layer(String name, Optional<Kind> cell, Optional<Block> block, OptionalInt channels, int stride) {}

    private final Cell cell;
    private final List<Layer> layers;
    private final Bits bits;
    private final List<Gene> genes;

    /**
     * @param bits that everything multiplies in
     * @throws MisplacedLayerException if a layer cannot stand where the table puts it
     */
    CellSpace(Header header, Cell cell, List<Layer> layers, Bits bits) {
        this(header, cell, layers, bits, cell.operations().size());
    }

    /** A space whose operations are known to stand in every cell. */
    static CellSpace known(Header header, Cell cell, List<Layer> layers, Bits bits) {
        return new CellSpace(header, cell, layers, bits, 0);
    }

    /** @param tried how many of the operations have yet to be shown to fit */
    private CellSpace(Header header, Cell cell, List<Layer> layers, Bits bits, int tried) {
        super(header);
        this.cell = cell;
        this.layers = List.copyOf(layers);
        this.bits = bits;
        List<Gene> all = new ArrayList<>(cell.genes("normal"));
        all.addAll(cell.genes("reduction"));
        this.genes = List.copyOf(all);
        for (int operation = 0; operation < tried; operation++) {
            header.requireOutput(layers.size() - 1, build(uniform(operation)).outputs().get(0).shape());
        }
    }

    /** Every operation the same, which shows whether it can stand in every cell. */
    private int[] uniform(int operation) {
        int[] values = new int[genes.size()];
        for (int i = 1; i < values.length; i += 2) {
            values[i] = operation;
        }
        return values;
    }

    @Override
    public List<Gene> genes() {
        return genes;
    }

    /** A node chooses two of its (input, operation) pairs, in no order, with repetition. */
    @Override
    public BigInteger size() {
        BigInteger perCell = BigInteger.ONE;
        for (int node = 0; node < cell.nodes(); node++) {
            long pairs = (long) (Cell.INPUTS + node) * cell.operations().size();
            perCell = perCell.multiply(BigInteger.valueOf(pairs * (pairs + 1) / 2));
        }
        return perCell.pow(Kind.values().length);
    }

    @Override
    public SearchSpace withClasses(int classes) {
        // cells of given channels are the same with other classes: one operation shows whether what follows them fits
        boolean areCellsTheSame = layers.stream().allMatch(layer -> layer.cell().isEmpty() || layer.channels().isPresent());
        return new CellSpace(header.withClasses(classes), cell, layers, bits, areCellsTheSame ? 1 : cell.operations().size());
    }

    @Override
    public SearchSpace withImageSize(ImageSize size) {
        return new CellSpace(header.withImageSize(size), cell, layers, bits);
    }

    @Override
    public Architecture architecture(int[] values) {
        Gene.requireValues(header.name(), genes, values);
        int[] canonical = values.clone();
        for (Kind kind : Kind.values()) {
            cell.sortInputs(canonical, offset(kind));
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < canonical.length; i++) {
            text.append(i == 0 ? "" : ",").append(genes.get(i).options().get(canonical[i]).name());
        }
        return new Architecture(header.name(), canonical, text.toString());
    }

    private int offset(Kind kind) {
        return kind.ordinal() * genes.size() / 2;
    }

    @Override
    public Architecture parse(String text) {
        String[] entries = text.strip().split("\\s*,\\s*|\\s+", -1);
        if (entries.length != genes.size()) {
            throw new InputException(header.name() + ": architecture of " + entries.length + " entries (expected: " + genes.size()
                + ", one a gene, separated by commas or spaces)");
        }
        int[] values = new int[entries.length];
        for (int i = 0; i < entries.length; i++) {
            values[i] = genes.get(i).position(entries[i]);
            if (values[i] < 0) {
                throw new InputException(genes.get(i).name() + ": '" + entries[i] + "' (expected: one of "
                    + genes.get(i).expectation() + ")");
            }
        }
        return architecture(values);
    }

    @Override
    public Network build(Architecture architecture) {
        header.requireOwn(architecture);
        return build(architecture.values());
    }

    private Network build(int[] values) {
        NetworkBuilder graph = header.builder();
        Value before = graph.input();
        Value last = graph.input();
        boolean passedCells = false;
        String segment = "";
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            passedCells |= layer.cell().isPresent();
            String next = layer.cell().isPresent() ? layer.name() : passedCells ? "head" : "stem";
            if (!next.equals(segment)) {
                if (i > 0) {
                    Value border = graph.border(last, graph.isNonNegative(last));
                    before = before.equals(last) ? border : graph.border(before, graph.isNonNegative(before));
                    last = border;
                }
                graph.segment(next);
                segment = next;
            }
            Value out = emit(graph, i, before, last, values);
            before = layer.cell().isPresent() ? last : out;
            last = out;
        }
        return graph.build(last);
    }

    private Value emit(NetworkBuilder graph, int index, Value before, Value last, int[] values) {
        Layer layer = layers.get(index);
        Placement placement = new Placement(layer.channels().orElse(header.classes()), layer.stride(), 1, 1);
        boolean readsConcatenation = cell.join() == Cell.Join.CONCATENATE && layer.cell().isEmpty()
            && layers.subList(0, index).stream().anyMatch(earlier -> earlier.cell().isPresent());
        String scope = readsConcatenation ? layer.name() + ".of" + last.shape().channels() : layer.name();
        try {
            return graph.precision(bits, () -> graph.scope(scope, () -> layer.cell().isPresent()
                ? cell.emit(graph, before, last, placement, values, offset(layer.cell().get()))
                : layer.block().orElseThrow().emit(graph, last, placement)));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new MisplacedLayerException(index, layer.name() + ": " + e.getMessage());
        }
    }
}
