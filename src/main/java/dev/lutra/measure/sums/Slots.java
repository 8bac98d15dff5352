package dev.lutra.measure.sums;

import dev.lutra.network.Segment;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A space as a chain of slots that know nothing of each other: every gene is in one, and every segment of a network is shaped by
 * the genes of one at most. What is a sum over segments is thus a fixed part and a part a slot.
 */
public final class Slots {

    /** A slot of more combinations of genes is not worth tabulating. */
    private static final int MOST_COMBINATIONS = 1 << 16;

    /** Some genes, in ascending order. */
    private record Slot(int[] genes, int[] sizes, List<Integer> segments) {

        int combinations() {
            return IntStream.of(sizes).reduce(1, Math::multiplyExact);
        }

        void set(int[] values, int combination) {
            int rest = combination;
            for (int i = genes.length - 1; i >= 0; i--) {
                values[genes[i]] = rest % sizes[i];
                rest /= sizes[i];
            }
        }

        int combination(int[] values) {
            int combination = 0;
            for (int i = 0; i < genes.length; i++) {
                combination = combination * sizes[i] + values[genes[i]];
            }
            return combination;
        }
    }

    private final SearchSpace space;
    private final List<Slot> slots;
    private final List<Integer> fixed;

    private Slots(SearchSpace space, List<Slot> slots, List<Integer> fixed) {
        this.space = space;
        this.slots = slots;
        this.fixed = fixed;
    }

    /** The slots of a space; empty where genes act all over the network, or too many of them together. */
    public static Optional<Slots> of(SearchSpace space) {
        Optional<List<List<Integer>>> genes = space.segmentGenes();
        if (genes.isEmpty()) {
            return Optional.empty();
        }
        List<Slot> slots = new ArrayList<>();
        for (BitSet together : connected(space, genes.get())) {
            int[] members = together.stream().toArray();
            int[] sizes = IntStream.of(members).map(gene -> space.genes().get(gene).size()).toArray();
            if (IntStream.of(sizes).asDoubleStream().reduce(1, (a, b) -> a * b) > MOST_COMBINATIONS) {
                return Optional.empty();
            }
            slots.add(new Slot(members, sizes, segments(genes.get(), together)));
        }
        return Optional.of(new Slots(space, List.copyOf(slots), segments(genes.get(), new BitSet())));
    }

    /** Genes that shape a segment together, directly or by way of others. */
    private static List<BitSet> connected(GeneSpace space, List<List<Integer>> genesOfSegments) {
        List<BitSet> groups = new ArrayList<>();
        for (int gene = 0; gene < space.genes().size(); gene++) {
            BitSet alone = new BitSet();
            alone.set(gene);
            groups.add(alone);
        }
        for (List<Integer> segment : genesOfSegments) {
            BitSet merged = new BitSet();
            segment.forEach(merged::set);
            List<BitSet> joined = groups.stream().filter(group -> group.intersects(merged)).toList();
            if (joined.size() > 1) {
                joined.forEach(merged::or);
                groups.set(groups.indexOf(joined.get(0)), merged);
                groups.removeAll(joined.subList(1, joined.size()));
            }
        }
        return groups;
    }

    /** Numbers of the segments that genes of a group shape; of an empty group, those that no gene shapes. */
    private static List<Integer> segments(List<List<Integer>> genesOfSegments, BitSet group) {
        return IntStream.range(0, genesOfSegments.size())
            .filter(segment -> group.isEmpty()
                ? genesOfSegments.get(segment).isEmpty()
                : genesOfSegments.get(segment).stream().anyMatch(group::get))
            .boxed().toList();
    }

    public SearchSpace space() {
        return space;
    }

    /** Number of slots. */
    public int count() {
        return slots.size();
    }

    /** How many combinations the genes of a slot have; some may stand for the same architecture. */
    public int combinations(int slot) {
        return slots.get(slot).combinations();
    }

    /** Sets the genes of a slot to a combination. */
    public void set(int[] values, int slot, int combination) {
        slots.get(slot).set(values, combination);
    }

    /** The combinations of a slot that options allow, one of each that are the same architecture. */
    public int[] different(int slot, Options options) {
        Set<List<Integer>> met = new HashSet<>();
        int[] base = new int[space.genes().size()];
        for (int gene = 0; gene < base.length; gene++) {
            base[gene] = options.of(gene)[0];
        }
        return IntStream.range(0, combinations(slot)).filter(combination -> {
            int[] values = base.clone();
            slots.get(slot).set(values, combination);
            boolean offered = IntStream.of(slots.get(slot).genes())
                .allMatch(gene -> IntStream.of(options.of(gene)).anyMatch(option -> option == values[gene]));
            return offered && met.add(IntStream.of(space.architecture(values).values()).boxed().toList());
        }).toArray();
    }

    /** The genes of a slot. */
    int[] genes(int slot) {
        return slots.get(slot).genes();
    }

    /** How many options each gene of a slot has. */
    int[] sizes(int slot) {
        return slots.get(slot).sizes();
    }

    /** The segments that no gene shapes. */
    List<Segment> fixed() {
        List<Segment> segments = space.build(space.architecture(new int[space.genes().size()])).segments();
        return fixed.stream().map(segments::get).toList();
    }

    /**
     * The segments of every slot, by slot and combination. Slots do not know of each other, so that every network that is built shows
     * a combination of each.
     */
    List<List<List<Segment>>> segments() {
        List<List<List<Segment>>> found = new ArrayList<>();
        slots.forEach(slot -> found.add(new ArrayList<>()));
        int most = slots.stream().mapToInt(Slot::combinations).max().orElse(0);
        for (int combination = 0; combination < most; combination++) {
            int[] values = new int[space.genes().size()];
            for (Slot slot : slots) {
                slot.set(values, Math.min(combination, slot.combinations() - 1));
            }
            List<Segment> segments = space.build(space.architecture(values)).segments();
            for (int slot = 0; slot < slots.size(); slot++) {
                if (combination < slots.get(slot).combinations()) {
                    found.get(slot).add(slots.get(slot).segments().stream().map(segments::get).toList());
                }
            }
        }
        return found;
    }
}
