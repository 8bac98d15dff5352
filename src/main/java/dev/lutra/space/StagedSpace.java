package dev.lutra.space;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.network.Bits;
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
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A chain of layers, some with a choice of block, of channel scale and of bits: the stage tables of the one-shot papers. */
public final class StagedSpace extends HeadedSpace {

    private static final double FULL_WIDTH = 1.0;
    /** What stands before the bits of a layer. */
    static final char BITS_MARK = '@';

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
     * @param bits on offer that its convolutions and linear layers multiply in; empty: float32 only
     * @param searchable whether it has genes
     */
    public record Layer(String name, OptionalInt channels, int stride, List<NamedBlock> options, List<Scale> scales,
        List<Bits> bits, boolean searchable) {

        /** The same with others to choose from. */
        public Layer withOptions(List<NamedBlock> others) {
            return new Layer(name, channels, stride, others, scales, bits, searchable);
        }

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
            return layer.options() == other.options() && layer.scales() == other.scales() && layer.bits() == other.bits()
                && layer.stride() == other.stride()
                && layer.searchable() == other.searchable() && layer.channels().equals(other.channels())
                && input.equals(otherInput);
        }
    }

    /**
     * A layer whose placement at full width is known.
     *
     * @param choice number of the gene, −1 for none; likewise {@code scale} and {@code bits}
     * @param multiplies of every option whether it has a layer that bits change
     * @param readsNonNegative whether nothing below zero comes in, whatever stands before
     */
    private record Slot(Layer layer, Placement placement, int choice, int scale, int bits, List<Boolean> multiplies,
        boolean readsNonNegative) {

        List<Integer> genes() {
            return IntStream.of(choice, scale, bits).filter(gene -> gene >= 0).boxed().toList();
        }

        Bits bits(int[] values) {
            return layer.bits().isEmpty() ? Bits.FLOAT : layer.bits().get(bits < 0 ? 0 : values[bits]);
        }

        boolean isQuantizable(int[] values) {
            return bits >= 0 && multiplies.get(values[choice]);
        }

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
    private final boolean quantizes;
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
        this.quantizes = table.stream().anyMatch(layer -> !layer.bits().isEmpty());
        List<Gene> found = new ArrayList<>();
        boolean nonNegative = false;
        for (Fitted fitted : layers) {
            nonNegative = addSlot(fitted, nonNegative, found);
        }
        this.genes = List.copyOf(found);
        this.searched = slots.stream().filter(slot -> slot.choice() >= 0).toList();
    }

    /** A space whose options are known to stand where the table puts them: one option of a layer shows its shapes. */
    static StagedSpace known(Header header, List<Layer> table) {
        return new StagedSpace(new ChainCheck(header, List.of(), false), table);
    }

    /**
     * @param readsNonNegative whether nothing below zero comes in
     * @return whether nothing below zero goes out, whatever is chosen; asked only where layers quantize
     */
    private boolean addSlot(Fitted fitted, boolean readsNonNegative, List<Gene> found) {
        Layer layer = fitted.layer();
        int choice = -1;
        int scale = -1;
        int bits = -1;
        if (layer.searchable()) {
            choice = found.size();
            found.add(new Gene(layer.name() + ".choice", layer.options().stream().map(NamedBlock::option).toList()));
            if (!layer.scales().isEmpty()) {
                scale = found.size();
                found.add(new Gene(layer.name() + Gene.SCALE, layer.scales().stream().map(Scale::option).toList()));
            }
            if (!layer.bits().isEmpty()) {
                bits = found.size();
                found.add(new Gene(layer.name() + Gene.BITS, IntStream.range(0, layer.bits().size())
                    .mapToObj(index -> new Gene.Option(layer.bits().get(index).toString(), index)).toList()));
            }
        }
        Placement placement = placement(header, layer, FULL_WIDTH);
        List<Boolean> multiplies = new ArrayList<>();
        boolean givesNonNegative = quantizes;
        if (quantizes) {
            for (NamedBlock option : layer.options()) {
                NetworkBuilder graph = new NetworkBuilder(header.name(), fitted.input(), header.batchNormEpsilon());
                graph.segment(layer.name());
                Value output = emit(graph, layer, option, graph.border(graph.input(), readsNonNegative), placement, Bits.FLOAT);
                givesNonNegative &= graph.isNonNegative(output);
                multiplies.add(graph.build(output).ops().stream().anyMatch(op -> op instanceof Op.Conv || op instanceof Op.Linear));
            }
        }
        slots.add(new Slot(layer, placement, choice, scale, bits, List.copyOf(multiplies), readsNonNegative));
        return givesNonNegative;
    }

    private static Placement placement(Header header, Layer layer, double scale) {
        return new Placement(layer.channels().orElse(header.classes()), layer.stride(), scale, layer.largestScale());
    }

    private static Value emit(NetworkBuilder graph, Layer layer, NamedBlock option, Value input, Placement placement, Bits bits) {
        Supplier<Value> block = () -> graph.precision(bits, () -> option.block().emit(graph, input, placement));
        return graph.scope(layer.name(), layer.searchable() ? () -> graph.scope(option.scope(), block) : block);
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
                : layer.withOptions(fitting);
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
                Value output = emit(graph, layer, option, graph.input(), placement, Bits.FLOAT);
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
            for (int option = 0; option < slot.layer().options().size(); option++) {
                boolean isScalable = slot.scale() >= 0 && slot.layer().options().get(option).block().isScalable();
                boolean isQuantizable = slot.bits() >= 0 && slot.multiplies().get(option);
                networks += (isScalable ? slot.layer().scales().size() : 1) * (isQuantizable ? slot.layer().bits().size() : 1);
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
    public SearchSpace withImageSize(ImageSize size) {
        return new StagedSpace(header.withImageSize(size), table());
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
            if (slot.bits() >= 0 && !slot.isQuantizable(canonical)) {
                canonical[slot.bits()] = 0;
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
            if (slot.isQuantizable(values) && !slot.bits(values).equals(Bits.FLOAT)) {
                text.append(BITS_MARK).append(slot.bits(values));
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
        int mark = slot.bits() < 0 ? -1 : entry.lastIndexOf(BITS_MARK);
        String[] parts = (mark < 0 ? entry : entry.substring(0, mark)).split(":", -1);
        values[slot.choice()] = position(slot.choice(), entry, parts[0]);
        boolean scaled = slot.isScaled(values);
        if (parts.length != (scaled ? 2 : 1)) {
            throw new InputException(slot.layer().name() + ": '" + entry + "' (expected: "
                + (scaled ? "choice:scale" : "a choice without a scale") + ")");
        }
        if (scaled) {
            values[slot.scale()] = position(slot.scale(), entry, parts[1]);
        }
        if (slot.isQuantizable(values)) {
            values[slot.bits()] = bits(slot, entry, mark < 0 ? Bits.FLOAT.toString() : entry.substring(mark + 1));
        } else if (mark >= 0) {
            throw new InputException(slot.layer().name() + ": '" + entry + "' (expected: no bits; nothing there multiplies)");
        }
    }

    /** Bits have no numbers but their own: {@code 1} is not the second of them. */
    private static int bits(Slot slot, String entry, String text) {
        int position;
        try {
            position = slot.layer().bits().indexOf(Bits.of(text));
        } catch (IllegalArgumentException e) {
            position = -1;
        }
        if (position < 0) {
            throw new InputException(slot.layer().name() + Gene.BITS + ": '" + entry + "' (expected: " + BITS_MARK + " and one of "
                + slot.layer().bits().stream().map(Bits::toString).collect(Collectors.joining(", "))
                + (slot.layer().bits().contains(Bits.FLOAT) ? ", or neither for " + Bits.FLOAT : "") + ")");
        }
        return position;
    }

    /**
     * An architecture with these bits in all searched layers that multiply.
     *
     * @throws InputException if a layer does not offer them
     */
    public Architecture withBits(Architecture architecture, Bits bits) {
        int[] values = architecture.values();
        boolean isOffered = false;
        for (Slot slot : searched) {
            if (slot.isQuantizable(values)) {
                values[slot.bits()] = bits(slot, BITS_MARK + bits.toString(), bits.toString());
                isOffered = true;
            }
        }
        if (!isOffered) {
            throw new InputException("bits " + bits + ": " + header.name() + " has none to choose (expected: a space with 'bits')");
        }
        return architecture(values);
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
                genesOfSegments.add(slot.genes());
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
            if (searchable || !fixedSegment) {
                x = graph.border(x, slot.readsNonNegative());
            }
            if (searchable) {
                graph.segment(slot.layer().name());
                passed++;
            } else if (!fixedSegment) {
                graph.segment(passed == 0 ? "stem" : passed == searched.size() ? "head" : slot.layer().name());
            }
            fixedSegment = !searchable;
            x = emit(graph, slot.layer(), slot.chosen(values), x, slot.placement(values), slot.bits(values));
        }
        return graph.build(graph.border(x, false));
    }
}
