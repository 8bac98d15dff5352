package dev.lutra.space;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A chain of layers, some with a choice of block and of channel scale: the stage tables of the one-shot papers. */
final class StagedSpace implements SearchSpace {

    private static final double FULL_WIDTH = 1.0;

    /**
     * A block under the name the space gives it.
     *
     * @param index its published number
     */
    record NamedBlock(String name, int index, Block block) {}

    /**
     * One layer.
     *
     * @param name scope of its ops
     * @param channels output channels; empty: the number of classes
     * @param options what it may be; exactly one in a fixed layer
     * @param scales channel scales on offer; empty: full width only
     * @param searchable whether it has genes
     */
    record Layer(String name, OptionalInt channels, int stride, List<NamedBlock> options, List<Double> scales,
                 boolean searchable) {}

    /** Everything a space file says but the layers. */
    record Head(String name, String title, String source, Shape input, int classes, boolean learnsBatchNorm,
                double batchNormEpsilon) {}

    /** A searchable layer's genes; {@code scale} is −1 where widths are not searched. */
    private record Slot(Layer layer, int choice, int scale) {}

    private final Head head;
    private final List<Layer> layers;
    private final List<Gene> genes = new ArrayList<>();
    private final List<Slot> slots = new ArrayList<>();

    /**
     * @throws IllegalArgumentException if a block cannot stand where the table puts it
     */
    StagedSpace(Head head, List<Layer> table) {
        this.head = head;
        this.layers = keepFitting(head, table);
        for (Layer layer : layers) {
            if (layer.searchable()) {
                addSlot(layer);
            }
        }
    }

    private void addSlot(Layer layer) {
        int choice = genes.size();
        genes.add(new Gene(layer.name() + ".choice",
            layer.options().stream().map(option -> new Gene.Option(option.name(), option.index())).toList()));
        int scale = -1;
        if (!layer.scales().isEmpty()) {
            scale = genes.size();
            List<Gene.Option> options = new ArrayList<>();
            for (double factor : layer.scales()) {
                options.add(new Gene.Option(Double.toString(factor), options.size()));
            }
            genes.add(new Gene(layer.name() + ".scale", options));
        }
        slots.add(new Slot(layer, choice, scale));
    }

    /** Leaves out options that do not fit where they stand, which needs the shapes along the chain. */
    private static List<Layer> keepFitting(Head head, List<Layer> table) {
        NetworkBuilder graph = new NetworkBuilder(head.name(), head.input(), head.batchNormEpsilon());
        graph.segment(head.name());
        Value x = graph.input();
        List<Layer> kept = new ArrayList<>();
        for (Layer layer : table) {
            Value input = x;
            Placement placement = placement(head, layer, largest(layer));
            List<NamedBlock> fitting = layer.options().stream()
                .filter(option -> option.block().fits(input.shape(), placement)).toList();
            if (fitting.isEmpty()) {
                throw new IllegalArgumentException(layer.name() + ": no option fits " + input.shape() + " to "
                    + placement.channels() + " channels, stride " + placement.stride());
            }
            Layer fitted = new Layer(layer.name(), layer.channels(), layer.stride(), fitting, layer.scales(), layer.searchable());
            x = emit(graph, fitted, fitting.get(0), input, placement);
            for (NamedBlock option : fitting.subList(1, fitting.size())) {
                requireShape(layer, x, emit(graph, fitted, option, input, placement));
            }
            kept.add(fitted);
        }
        return List.copyOf(kept);
    }

    private static void requireShape(Layer layer, Value first, Value other) {
        if (!first.shape().equals(other.shape())) {
            throw new IllegalArgumentException(layer.name() + ": options give " + first.shape() + " and " + other.shape()
                + " (expected: one shape)");
        }
    }

    private static Value emit(NetworkBuilder graph, Layer layer, NamedBlock option, Value input, Placement placement) {
        try {
            if (!layer.searchable()) {
                return graph.scope(layer.name(), () -> option.block().emit(graph, input, placement));
            }
            return graph.scope(layer.name(), () -> graph.scope(option.name(), () -> option.block().emit(graph, input, placement)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(layer.name() + ", " + option.name() + ": " + e.getMessage(), e);
        }
    }

    private static Placement placement(Head head, Layer layer, double scale) {
        return new Placement(layer.channels().orElse(head.classes()), layer.stride(), scale, largest(layer));
    }

    private static double largest(Layer layer) {
        return layer.scales().stream().mapToDouble(Double::doubleValue).max().orElse(FULL_WIDTH);
    }

    @Override
    public String name() {
        return head.name();
    }

    @Override
    public String title() {
        return head.title();
    }

    @Override
    public String source() {
        return head.source();
    }

    @Override
    public Shape input() {
        return head.input();
    }

    @Override
    public int classes() {
        return head.classes();
    }

    @Override
    public boolean learnsBatchNorm() {
        return head.learnsBatchNorm();
    }

    @Override
    public List<Gene> genes() {
        return List.copyOf(genes);
    }

    @Override
    public BigInteger size() {
        BigInteger size = BigInteger.ONE;
        for (Slot slot : slots) {
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
        return new StagedSpace(new Head(head.name(), head.title(), head.source(), head.input(), classes,
            head.learnsBatchNorm(), head.batchNormEpsilon()), layers);
    }

    @Override
    public SearchSpace withImageSize(int pixels) {
        Shape input = Shape.image(head.input().channels(), pixels, pixels);
        return new StagedSpace(new Head(head.name(), head.title(), head.source(), input, head.classes(),
            head.learnsBatchNorm(), head.batchNormEpsilon()), layers);
    }

    @Override
    public Architecture architecture(int[] values) {
        if (values.length != genes.size()) {
            throw new IllegalArgumentException(head.name() + ": " + values.length + " gene values (expected: " + genes.size() + ")");
        }
        int[] canonical = values.clone();
        for (int i = 0; i < canonical.length; i++) {
            if (canonical[i] < 0 || canonical[i] >= genes.get(i).size()) {
                throw new IllegalArgumentException(genes.get(i).name() + ": position " + canonical[i]
                    + " (expected: 0 to " + (genes.get(i).size() - 1) + ")");
            }
        }
        for (Slot slot : slots) {
            if (slot.scale() >= 0 && !chosen(slot, canonical).block().isScalable()) {
                canonical[slot.scale()] = 0;
            }
        }
        return new Architecture(head.name(), canonical, text(canonical));
    }

    private NamedBlock chosen(Slot slot, int[] values) {
        return slot.layer().options().get(values[slot.choice()]);
    }

    private String text(int[] values) {
        StringBuilder text = new StringBuilder();
        for (Slot slot : slots) {
            NamedBlock block = chosen(slot, values);
            text.append(text.isEmpty() ? "" : ",").append(block.name());
            if (slot.scale() >= 0 && block.block().isScalable()) {
                text.append(':').append(genes.get(slot.scale()).options().get(values[slot.scale()]).name());
            }
        }
        return text.toString();
    }

    @Override
    public Architecture parse(String text) {
        String[] entries = text.strip().split("\\s*,\\s*", -1);
        if (entries.length != slots.size()) {
            throw new InputException(head.name() + ": architecture of " + entries.length + " entries (expected: " + slots.size()
                + ", one a layer, comma-separated)");
        }
        int[] values = new int[genes.size()];
        for (int i = 0; i < entries.length; i++) {
            parse(i, entries[i], values);
        }
        return architecture(values);
    }

    private void parse(int index, String entry, int[] values) {
        Slot slot = slots.get(index);
        String[] parts = entry.split(":", -1);
        values[slot.choice()] = position(slot.choice(), entry, parts[0]);
        boolean scaled = slot.scale() >= 0 && chosen(slot, values).block().isScalable();
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

    @Override
    public Network build(Architecture architecture) {
        if (!architecture.space().equals(head.name())) {
            throw new IllegalArgumentException("architecture of " + architecture.space() + " (expected: of " + head.name() + ")");
        }
        NetworkBuilder graph = new NetworkBuilder(head.name(), head.input(), head.batchNormEpsilon());
        Value x = graph.input();
        int nextSlot = 0;
        boolean fixedSegment = false;
        for (Layer layer : layers) {
            if (layer.searchable()) {
                Slot slot = slots.get(nextSlot++);
                double scale = slot.scale() < 0 ? FULL_WIDTH : layer.scales().get(architecture.value(slot.scale()));
                graph.segment(layer.name());
                x = emit(graph, layer, layer.options().get(architecture.value(slot.choice())), x, placement(head, layer, scale));
                fixedSegment = false;
            } else {
                if (!fixedSegment) {
                    graph.segment(nextSlot == 0 ? "stem" : nextSlot == slots.size() ? "head" : layer.name());
                    fixedSegment = true;
                }
                x = emit(graph, layer, layer.options().get(0), x, placement(head, layer, FULL_WIDTH));
            }
        }
        return graph.build(x);
    }
}
