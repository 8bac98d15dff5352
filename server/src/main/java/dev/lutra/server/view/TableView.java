package dev.lutra.server.view;

import dev.lutra.csv.Csv;
import dev.lutra.latency.LookupTable;
import dev.lutra.network.Segment;
import dev.lutra.proto.Entry;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A device's lookup table, layer by choice. A layer is shown among neighbours that have their first options: where widths are searched, it
 * takes other times among others.
 *
 * @param choices columns, in the order in which layers offer them
 */
public record TableView(String device, List<String> choices, List<Layer> layers) {

    private static final int MOST_CHOICES = 512;

    /** A layer: a cell for every choice that it offers. */
    public record Layer(String name, List<Cell> cells) {}

    /**
     * What a choice takes by itself.
     *
     * @param nanos median without the call; null where the table lacks it
     * @param low where its 95 % interval begins; null where a single slice leaves none
     * @param high where it ends; null likewise
     * @param between half the width of the interval to compare with other runs, in nanoseconds; null where it is not known
     * @param state converged, not steady, not converged, or empty
     */
    public record Cell(String choice, String key, Long nanos, Long low, Long high, Long between, long samples, String state) {}

    /** Of a table that may still be measured. */
    public static TableView of(String device, LookupTable table, SearchSpace space) {
        Map<String, List<Integer>> genes = new LinkedHashMap<>();
        for (int gene = 0; gene < space.genes().size(); gene++) {
            genes.computeIfAbsent(space.genes().get(gene).layer(), name -> new ArrayList<>()).add(gene);
        }
        Set<String> choices = new LinkedHashSet<>();
        List<Layer> layers = new ArrayList<>();
        genes.forEach((layer, own) -> {
            List<Cell> cells = new ArrayList<>();
            for (int[] values : combinations(space, own)) {
                cell(table, space, layer, own, values).ifPresent(cells::add);
            }
            cells.forEach(cell -> choices.add(cell.choice()));
            layers.add(new Layer(layer, List.copyOf(cells)));
        });
        return new TableView(device, List.copyOf(choices), layers.stream().filter(layer -> !layer.cells().isEmpty()).toList());
    }

    /** Every combination of a layer's genes, all others at their first option; one gene at a time if there are too many. */
    private static List<int[]> combinations(SearchSpace space, List<Integer> own) {
        List<int[]> all = new ArrayList<>(List.of(new int[space.genes().size()]));
        for (int gene : own) {
            List<int[]> longer = new ArrayList<>();
            for (int[] values : all) {
                for (int option = 0; option < space.genes().get(gene).size(); option++) {
                    int[] next = values.clone();
                    next[gene] = option;
                    longer.add(next);
                }
            }
            if (longer.size() > MOST_CHOICES) {
                return oneAtATime(space, own);
            }
            all = longer;
        }
        return all;
    }

    private static List<int[]> oneAtATime(SearchSpace space, List<Integer> own) {
        List<int[]> all = new ArrayList<>();
        for (int gene : own) {
            for (int option = 0; option < space.genes().get(gene).size(); option++) {
                int[] next = new int[space.genes().size()];
                next[gene] = option;
                all.add(next);
            }
        }
        return all;
    }

    private static Optional<Cell> cell(LookupTable table, SearchSpace space, String layer, List<Integer> own, int[] values) {
        Architecture architecture = space.architecture(values);
        if (!Arrays.equals(architecture.values(), values)) {
            return Optional.empty(); // another combination builds the same layer
        }
        return space.build(architecture).segments().stream().filter(segment -> segment.name().equals(layer)).findFirst()
            .map(segment -> cell(table, choice(space, own, values), segment));
    }

    private static String choice(SearchSpace space, List<Integer> own, int[] values) {
        StringBuilder text = new StringBuilder();
        for (int number : own) {
            Gene gene = space.genes().get(number);
            text.append(text.isEmpty() ? "" : gene.isBits() ? "@" : ":").append(gene.options().get(values[number]).name());
        }
        return text.toString();
    }

    private static Cell cell(LookupTable table, String choice, Segment segment) {
        if (segment.ops().isEmpty()) {
            return new Cell(choice, "", 0L, 0L, 0L, null, 0, "");
        }
        String key = segment.key();
        Optional<Entry> found = table.entry(key);
        if (found.isEmpty()) {
            return new Cell(choice, key, null, null, null, null, 0, "");
        }
        Entry entry = found.get();
        long nanos = table.ownNanos(key);
        double half = entry.getLatency().getRelativeHalfWidth() * entry.getLatency().getP50Nanos();
        double between = entry.getLatency().getBetweenRunsHalfWidth() * entry.getLatency().getP50Nanos();
        boolean isKnown = Double.isFinite(half) && half > 0;
        return new Cell(choice, key, nanos, isKnown ? Math.max(0, Math.round(nanos - half)) : null, isKnown ? Math.round(nanos + half) : null,
            Double.isFinite(between) && between > 0 ? Math.round(between) : null, entry.getLatency().getSamples(), state(entry));
    }

    /** Whether a measurement went as it should, in words; empty where nobody said. */
    public static String state(Entry entry) {
        if (!entry.hasCircumstances()) {
            return "";
        }
        return entry.getCircumstances().getConverged() ? entry.getCircumstances().getSteady() ? "converged" : "not steady" : "not converged";
    }

    /** A line a layer and choice. */
    public String csv() {
        StringBuilder lines = new StringBuilder(Csv.line(List.of("layer", "choice", "key", "p50_ms", "low_ms", "high_ms", "samples", "state")));
        layers.forEach(layer -> layer.cells().forEach(cell -> lines.append(Csv.line(List.of(layer.name(), cell.choice(), cell.key(),
            millis(cell.nanos()), millis(cell.low()), millis(cell.high()), Long.toString(cell.samples()), cell.state())))));
        return lines.toString();
    }

    private static String millis(Long nanos) {
        return nanos == null ? "" : Double.toString(nanos / 1e6);
    }
}
