package dev.lutra.space;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op;
import dev.lutra.network.Shape;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.space.block.Placement;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/** A chain of layers, some with a choice of block and of channel scale: the stage tables of the one-shot papers. */
public final class StagedSpace extends HeadedSpace {

    private static final double FULL_WIDTH = 1.0;

    /**
     * A channel scale on offer.
     *
     * @param index its published number
     */
    public record Scale(double factor, int index) {

        Gene.Option option() {
            return new Gene.Option(Double.toString(factor), index);
        }
    }

    /**
     * One layer.
     *
     * @param name scope of its ops
     * @param channels output channels; empty: the number of classes
     * @param options what it may be; exactly one in a fixed layer
     * @param scales channel scales on offer; empty: full width only
     * @param searchable whether it has genes
     */
    public record Layer(String name, OptionalInt channels, int stride, List<NamedBlock> options, List<Scale> scales,
        boolean searchable) {

        double largestScale() {
            return scales.stream().mapToDouble(Scale::factor).max().orElse(FULL_WIDTH);
        }

        double smallestScale() {
            return scales.stream().mapToDouble(Scale::factor).min().orElse(FULL_WIDTH);
        }
    }

    /** A block and where it stands. */
    public record PlacedBlock(NamedBlock option, Placement placement) {}

    /** A layer whose options all stand on {@code input} and all give {@code output}. */
    private record Fitted(Layer layer, Shape input, Shape output) {

        /** Whether another differs in nothing but its name. Layers of one row share its lists, which need not be compared. */
        boolean isLike(Layer other, Shape otherInput) {
            return layer.options() == other.options() && layer.scales() == other.scales() && layer.stride() == other.stride()
                && layer.searchable() == other.searchable() && layer.channels().equals(other.channels())
                && input.equals(otherInput);
        }
    }

    /** A layer whose placement at full width is known; {@code choice} and {@code scale} number its genes, −1 for none. */
    private record Slot(Layer layer, Placement placement, int choice, int scale) {

        Placement placement(int[] values) {
            return scale < 0 ? placement : placement.withScale(layer.scales().get(values[scale]).factor());
        }

        NamedBlock chosen(int[] values) {
            return layer.options().get(choice < 0 ? 0 : values[choice]);
        }

        boolean isScaled(int[] values) {
            return scale >= 0 && chosen(values).block().isScalable();
        }
    }

    private final List<Fitted> layers;
    private final List<Gene> genes;
    private final List<Slot> slots = new ArrayList<>();
    private final List<Slot> searched;

    /**
     * @throws MisplacedLayerException if a block cannot stand where the table puts it
     */
    public StagedSpace(Header header, List<Layer> table) {
        this(new ChainCheck(header, List.of(), true), table);
    }

    private StagedSpace(ChainCheck check, List<Layer> table) {
        super(check.header);
        this.layers = check.keepFitting(table);
        List<Gene> found = new ArrayList<>();
        for (Fitted fitted : layers) {
            addSlot(fitted.layer(), found);
        }
        this.genes = List.copyOf(found);
        this.searched = slots.stream().filter(slot -> slot.choice() >= 0).toList();
    }

    /** A space whose options are known to stand where the table puts them: one option of a layer shows its shapes. */
    static StagedSpace known(Header header, List<Layer> table) {
        return new StagedSpace(new ChainCheck(header, List.of(), false), table);
    }

    private void addSlot(Layer layer, List<Gene> found) {
        int choice = -1;
        int scale = -1;
        if (layer.searchable()) {
            choice = found.size();
            found.add(new Gene(layer.name() + ".choice", layer.options().stream().map(NamedBlock::option).toList()));
            if (!layer.scales().isEmpty()) {
                scale = found.size();
                found.add(new Gene(layer.name() + Gene.SCALE, layer.scales().stream().map(Scale::option).toList()));
            }
        }
        slots.add(new Slot(layer, placement(header, layer, FULL_WIDTH), choice, scale));
    }

    private static Placement placement(Header header, Layer layer, double scale) {
        return new Placement(layer.channels().orElse(header.classes()), layer.stride(), scale, layer.largestScale());
    }

    private static Value emit(NetworkBuilder graph, Layer layer, NamedBlock option, Value input, Placement placement) {
        if (!layer.searchable()) {
            return graph.scope(layer.name(), () -> option.block().emit(graph, input, placement));
        }
        return graph.scope(layer.name(), () -> graph.scope(option.scope(), () -> option.block().emit(graph, input, placement)));
    }

    /** Builds every option of every different layer once, to find what cannot stand where it is before anybody asks for it. */
    private static final class ChainCheck {

        private final Header header;
        private final boolean triesAll;
        private final Map<String, SharedTensor> tensors = new HashMap<>();
        private final List<Fitted> checked;
        private final List<Fitted> chain = new ArrayList<>();

        /**
         * @param known layers that were found to be good, wherever they stood
         * @param triesAll whether every option of a layer is built, or only one
         */
        ChainCheck(Header header, List<Fitted> known, boolean triesAll) {
            this.header = header;
            this.triesAll = triesAll;
            this.checked = new ArrayList<>(known);
        }

        /** The table without the options that do not fit where they stand. */
        List<Fitted> keepFitting(List<Layer> table) {
            Shape shape = header.input();
            for (Layer layer : table) {
                Fitted next = fitted(fitting(chain.size(), layer, shape), shape);
                chain.add(next);
                shape = next.output();
            }
            header.requireOutput(chain.size() - 1, shape);
            return List.copyOf(chain);
        }

        private Fitted fitted(Layer layer, Shape input) {
            for (Fitted other : checked) {
                if (other.isLike(layer, input)) {
                    return new Fitted(layer, input, other.output());
                }
            }
            Fitted made = new Fitted(layer, input, check(chain.size(), layer, input));
            checked.add(made);
            return made;
        }

        private Layer fitting(int index, Layer layer, Shape input) {
            Placement placement = placement(header, layer, FULL_WIDTH);
            List<NamedBlock> fitting = layer.options().stream()
                .filter(option -> option.block().fits(input, placement)).toList();
            if (fitting.isEmpty()) {
                throw new MisplacedLayerException(index, layer.name() + ": no option fits " + input + " to "
                    + placement.channels() + " channels, stride " + placement.stride());
            }
            return fitting.size() == layer.options().size()
                ? layer
                : new Layer(layer.name(), layer.channels(), layer.stride(), fitting, layer.scales(), layer.searchable());
        }

        private Shape check(int index, Layer layer, Shape input) {
            if (!triesAll) {
                return tryOut(index, layer, layer.options().get(0), input, placement(header, layer, layer.largestScale()));
            }
            Shape output = null;
            for (NamedBlock option : layer.options()) {
                for (double scale : new TreeSet<>(List.of(layer.smallestScale(), layer.largestScale()))) {
                    Shape made = tryOut(index, layer, option, input, placement(header, layer, scale));
                    if (output != null && !output.equals(made)) {
                        throw new MisplacedLayerException(index, layer.name() + ": options give " + output + " and " + made
                            + " (expected: one shape)");
                    }
                    output = made;
                }
            }
            return output;
        }

        private Shape tryOut(int index, Layer layer, NamedBlock option, Shape input, Placement placement) {
            NetworkBuilder graph = new NetworkBuilder(header.name(), input, header.batchNormEpsilon());
            graph.segment(layer.name());
            try {
                Value output = emit(graph, layer, option, graph.input(), placement);
                graph.build(output).ops().forEach(this::requireOneExtent);
                requireChannels(layer, output.shape());
                return output.shape();
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new MisplacedLayerException(index, layer.name() + ", " + option.name() + ": " + e.getMessage());
            }
        }

        private static void requireChannels(Layer layer, Shape output) {
            if (layer.channels().isPresent() && output.channels() != layer.channels().getAsInt()) {
                throw new IllegalArgumentException("gives " + output.channels() + " channels (expected: "
                    + layer.channels().getAsInt() + ", as the row says, or no 'channels' in it)");
            }
        }

        private void requireOneExtent(Op op) {
            for (Weight weight : op.weights()) {
                SharedTensor first = tensors.putIfAbsent(weight.tensor().name(), weight.tensor());
                if (first != null && !first.dims().equals(weight.tensor().dims())) {
                    throw new IllegalArgumentException(first.name() + ": shared as " + first.dims() + " and "
                        + weight.tensor().dims() + " (expected: one extent)");
                }
            }
        }
    }

    @Override
    public List<Gene> genes() {
        return genes;
    }

    /** What stands at every layer of an architecture. */
    public List<PlacedBlock> placedBlocks(Architecture architecture) {
        header.requireOwn(architecture);
        int[] values = architecture.values();
        return slots.stream().map(slot -> new PlacedBlock(slot.chosen(values), slot.placement(values))).toList();
    }

    @Override
    public BigInteger size() {
        BigInteger size = BigInteger.ONE;
        for (Slot slot : searched) {
            int networks = 0;
            for (NamedBlock option : slot.layer().options()) {
                networks += slot.scale() >= 0 && option.block().isScalable() ? slot.layer().scales().size() : 1;
            }
            size = size.multiply(BigInteger.valueOf(networks));
        }
        return size;
    }

    @Override
    public SearchSpace withClasses(int classes) {
        // the classes are the channels of layers that have none of their own
        List<Fitted> known = layers.stream().filter(fitted -> fitted.layer().channels().isPresent()).toList();
        return new StagedSpace(new ChainCheck(header.withClasses(classes), known, true), table());
    }

    @Override
    public SearchSpace withImageSize(int pixels) {
        return new StagedSpace(header.withImageSize(pixels), table());
    }

    /** The layers in order, each with the options that fit where it stands. */
    public List<Layer> table() {
        return layers.stream().map(Fitted::layer).toList();
    }

    @Override
    public Architecture architecture(int[] values) {
        Gene.requireValues(header.name(), genes, values);
        int[] canonical = values.clone();
        for (Slot slot : searched) {
            if (slot.scale() >= 0 && !slot.isScaled(canonical)) {
                canonical[slot.scale()] = 0;
            }
        }
        return new Architecture(header.name(), canonical, text(canonical));
    }

    private String text(int[] values) {
        StringBuilder text = new StringBuilder();
        for (Slot slot : searched) {
            text.append(text.isEmpty() ? "" : ",").append(slot.chosen(values).name());
            if (slot.isScaled(values)) {
                text.append(':').append(genes.get(slot.scale()).options().get(values[slot.scale()]).name());
            }
        }
        return text.toString();
    }

    @Override
    public Architecture parse(String text) {
        String[] entries = text.isBlank() ? new String[0] : text.strip().split("\\s*,\\s*", -1);
        if (entries.length != searched.size()) {
            throw new InputException(header.name() + ": architecture of " + entries.length + " entries (expected: "
                + searched.size() + ", one a layer, comma-separated)");
        }
        int[] values = new int[genes.size()];
        for (int i = 0; i < entries.length; i++) {
            parse(searched.get(i), entries[i], values);
        }
        return architecture(values);
    }

    private void parse(Slot slot, String entry, int[] values) {
        String[] parts = entry.split(":", -1);
        values[slot.choice()] = position(slot.choice(), entry, parts[0]);
        boolean scaled = slot.isScaled(values);
        if (parts.length != (scaled ? 2 : 1)) {
            throw new InputException(slot.layer().name() + ": '" + entry + "' (expected: "
                + (scaled ? "choice:scale" : "a choice without a scale") + ")");
        }
        if (scaled) {
            values[slot.scale()] = position(slot.scale(), entry, parts[1]);
        }
    }

    private int position(int gene, String entry, String text) {
        int position = genes.get(gene).position(text);
        if (position < 0) {
            throw new InputException(genes.get(gene).name() + ": '" + entry + "' (expected: one of "
                + genes.get(gene).expectation() + ")");
        }
        return position;
    }

    /** Every layer gives one shape, whatever stands there, so that a segment is shaped by the genes of its own layer. */
    @Override
    public Optional<List<List<Integer>>> segmentGenes() {
        List<List<Integer>> genesOfSegments = new ArrayList<>();
        boolean fixedSegment = false;
        for (Slot slot : slots) {
            boolean searchable = slot.choice() >= 0;
            if (searchable) {
                genesOfSegments.add(slot.scale() < 0 ? List.of(slot.choice()) : List.of(slot.choice(), slot.scale()));
            } else if (!fixedSegment) {
                genesOfSegments.add(List.of());
            }
            fixedSegment = !searchable;
        }
        return Optional.of(genesOfSegments);
    }

    @Override
    public Network build(Architecture architecture) {
        header.requireOwn(architecture);
        int[] values = architecture.values();
        NetworkBuilder graph = header.builder();
        Value x = graph.input();
        int passed = 0;
        boolean fixedSegment = false;
        for (Slot slot : slots) {
            boolean searchable = slot.choice() >= 0;
            if (searchable) {
                graph.segment(slot.layer().name());
                passed++;
            } else if (!fixedSegment) {
                graph.segment(passed == 0 ? "stem" : passed == searched.size() ? "head" : slot.layer().name());
            }
            fixedSegment = !searchable;
            x = emit(graph, slot.layer(), slot.chosen(values), x, slot.placement(values));
        }
        return graph.build(x);
    }
}
