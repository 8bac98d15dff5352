package dev.lutra.latency;

import dev.lutra.network.Segment;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Every different segment of a space: what an agent has to time before any of the space's networks can be predicted.
 *
 * <p>Found by building networks, in three steps, because only a built network knows what its segments look like to a device.
 * <ol>
 * <li>The genes of one layer (equal names before the last dot) are combined with each other while all other layers keep
 *     their first option, and again their last. Where neighbours do not matter this finds everything: 4 networks a layer
 *     for the SPOS blocks, 32 a layer for a space of 32^20.
 * <li>A segment that changed under the genes of several layers (a searched width is its neighbour's input) gets the
 *     combinations of those layers, each layer represented by one combination for every different effect it had.
 * <li>Random networks, until a hundred in a row bring nothing new.
 * </ol>
 * The third step is a net for what the first two cannot see: genes of different layers that change a segment only together, and
 * products of too many combinations. Such segments are found with high probability, not with certainty;
 * {@link LatencyModel#missing} names one that was not.
 */
public final class SegmentCatalog {

    private static final int MOST_COMBINATIONS = 2_000;
    private static final int NOTHING_NEW = 100;
    private static final int MOST_RANDOM = 10_000;

    /**
     * One segment to measure.
     *
     * @param label where it was first met, for people: {@code spos-shufflenetv2 layer3 k5}
     * @param architecture a network that has it
     */
    public record Item(String key, String label, Segment segment, Architecture architecture) {}

    private final SearchSpace space;
    private final Map<String, Item> items = new LinkedHashMap<>();

    private SegmentCatalog(SearchSpace space) {
        this.space = space;
        List<List<int[]>> layers = new ArrayList<>();
        for (List<Integer> layer : layers()) {
            layers.add(combinations(layer));
        }
        Map<String, List<Set<Integer>>> effects = new LinkedHashMap<>();
        effects(layers, base(false), effects);
        effects(layers, base(true), effects);
        effects.values().forEach(effective -> combine(layers, effective));
        sample();
    }

    /** Finds the segments of a space; takes milliseconds for each of some hundred to some thousand networks. */
    public static SegmentCatalog of(SearchSpace space) {
        return new SegmentCatalog(space);
    }

    /** Every segment, in the order of the network it was first met in. */
    public Collection<Item> items() {
        return List.copyOf(items.values());
    }

    /** The segments that a table does not have yet. */
    public List<Item> missingFrom(LookupTable table) {
        return items.values().stream().filter(item -> table.entry(item.key()).isEmpty()).toList();
    }

    /** Positions of genes, grouped by the layer (or cell) that their names say they belong to. */
    private Collection<List<Integer>> layers() {
        Map<String, List<Integer>> layers = new LinkedHashMap<>();
        for (int gene = 0; gene < space.genes().size(); gene++) {
            layers.computeIfAbsent(space.genes().get(gene).layer(), name -> new ArrayList<>()).add(gene);
        }
        return layers.values();
    }

    /** Values of all genes of which only those of {@code layer} are set, the rest being −1; one gene at a time if too many. */
    private List<int[]> combinations(List<Integer> layer) {
        List<int[]> combinations = new ArrayList<>();
        int[] unset = new int[space.genes().size()];
        Arrays.fill(unset, -1);
        combinations.add(unset);
        for (int gene : layer) {
            List<int[]> longer = new ArrayList<>();
            for (int[] combination : combinations) {
                for (int option = 0; option < space.genes().get(gene).size(); option++) {
                    int[] values = combination.clone();
                    values[gene] = option;
                    longer.add(values);
                }
            }
            if (longer.size() > MOST_COMBINATIONS) {
                return oneAtATime(layer, unset);
            }
            combinations = longer;
        }
        return combinations;
    }

    private List<int[]> oneAtATime(List<Integer> layer, int[] unset) {
        List<int[]> combinations = new ArrayList<>();
        for (int gene : layer) {
            for (int option = 0; option < space.genes().get(gene).size(); option++) {
                int[] values = unset.clone();
                values[gene] = option;
                combinations.add(values);
            }
        }
        return combinations;
    }

    private int[] base(boolean lastOptions) {
        return space.genes().stream().mapToInt(gene -> lastOptions ? gene.size() - 1 : 0).toArray();
    }

    /** Adds, by segment and layer, one combination for every different form the segment took under it. */
    private void effects(List<List<int[]>> layers, int[] base, Map<String, List<Set<Integer>>> effects) {
        for (int layer = 0; layer < layers.size(); layer++) {
            Map<String, Set<String>> met = new HashMap<>();
            for (int i = 0; i < layers.get(layer).size(); i++) {
                int[] values = base.clone();
                set(values, layers.get(layer).get(i));
                for (Map.Entry<String, String> segment : visit(values).entrySet()) {
                    List<Set<Integer>> effective = effects.computeIfAbsent(segment.getKey(), name -> emptySets(layers.size()));
                    if (met.computeIfAbsent(segment.getKey(), name -> new HashSet<>()).add(segment.getValue())) {
                        effective.get(layer).add(i);
                    }
                }
            }
        }
    }

    private static List<Set<Integer>> emptySets(int size) {
        List<Set<Integer>> sets = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            sets.add(new LinkedHashSet<>());
        }
        return sets;
    }

    /** Visits the product of the layers that change one segment; what is too many is left to sampling. */
    private void combine(List<List<int[]>> layers, List<Set<Integer>> effective) {
        List<int[]> networks = new ArrayList<>(List.of(base(false)));
        int together = 0;
        for (int layer = 0; layer < effective.size(); layer++) {
            if (effective.get(layer).size() < 2) {
                continue;
            }
            together++;
            if ((long) networks.size() * effective.get(layer).size() > MOST_COMBINATIONS) {
                return;
            }
            List<int[]> longer = new ArrayList<>();
            for (int[] network : networks) {
                for (int i : effective.get(layer)) {
                    int[] values = network.clone();
                    set(values, layers.get(layer).get(i));
                    longer.add(values);
                }
            }
            networks = longer;
        }
        if (together > 1) {
            networks.forEach(this::visit);
        }
    }

    private static void set(int[] values, int[] combination) {
        for (int gene = 0; gene < values.length; gene++) {
            values[gene] = combination[gene] < 0 ? values[gene] : combination[gene];
        }
    }

    private void sample() {
        Random random = new Random(0);
        int nothingNew = 0;
        for (int i = 0; i < MOST_RANDOM && nothingNew < NOTHING_NEW; i++) {
            int before = items.size();
            visit(space.random(random).values());
            nothingNew = items.size() > before ? 0 : nothingNew + 1;
        }
    }

    /** Builds a network, keeps what is new, and gives the key of each of its segments by name, "" for an empty one. */
    private Map<String, String> visit(int[] values) {
        Architecture architecture = space.architecture(values);
        Map<String, String> keys = new LinkedHashMap<>();
        for (Segment segment : space.build(architecture).segments()) {
            if (segment.ops().isEmpty()) {
                keys.put(segment.name(), "");
                continue;
            }
            String key = segment.key();
            keys.put(segment.name(), key);
            items.computeIfAbsent(key, k -> new Item(k, label(segment, architecture), segment, architecture));
        }
        return keys;
    }

    private String label(Segment segment, Architecture architecture) {
        StringBuilder options = new StringBuilder();
        for (int gene = 0; gene < space.genes().size(); gene++) {
            if (space.genes().get(gene).layer().equals(segment.name())) {
                options.append(options.isEmpty() ? " " : ":")
                    .append(space.genes().get(gene).options().get(architecture.value(gene)).name());
            }
        }
        return space.name() + " " + segment.name() + options;
    }
}
