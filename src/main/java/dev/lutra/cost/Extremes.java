package dev.lutra.cost;

import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The networks of a space with the fewest and the most multiply-adds. Found layer by layer: a layer takes the combination of its
 * genes that is best while the others stay, until no layer improves. That is exact where the best of a layer does not depend on
 * the others, as in every chain of blocks; for cells, whose genes act together, it is the best that single genes reach.
 */
public record Extremes(Extreme cheapest, Extreme largest) {

    /** One end of the space. */
    public record Extreme(Architecture architecture, Cost cost) {}

    private static final int MOST_COMBINATIONS = 512;

    /** Searches both ends; builds some hundred to some thousand networks. */
    public static Extremes of(SearchSpace space, CountingRule rule) {
        return of(Options.all(space), rule);
    }

    /** The same among the networks that are made of some options. */
    public static Extremes of(Options options, CountingRule rule) {
        return new Extremes(extreme(options, rule, 1), extreme(options, rule, -1));
    }

    /**
     * @param sign 1 for the fewest, −1 for the most
     */
    private static Extreme extreme(Options options, CountingRule rule, int sign) {
        SearchSpace space = options.space();
        Extreme best = counted(options, rule, new int[space.genes().size()]);
        boolean improved = true;
        while (improved) {
            improved = false;
            for (List<Integer> layer : layers(space)) {
                for (int[] values : changes(options, layer, best.architecture().values())) {
                    Extreme changed = counted(options, rule, values);
                    if (sign * Long.compare(changed.cost().macs(), best.cost().macs()) < 0) {
                        best = changed;
                        improved = true;
                    }
                }
            }
        }
        return best;
    }

    private static Extreme counted(Options options, CountingRule rule, int[] values) {
        Architecture architecture = options.nearest(values);
        return new Extreme(architecture, rule.count(options.space().build(architecture)));
    }

    /** Positions of genes that change together: those of a layer, or one alone where a layer has too many combinations. */
    private static Collection<List<Integer>> layers(SearchSpace space) {
        Map<String, List<Integer>> layers = new LinkedHashMap<>();
        for (int gene = 0; gene < space.genes().size(); gene++) {
            layers.computeIfAbsent(space.genes().get(gene).layer(), name -> new ArrayList<>()).add(gene);
        }
        List<List<Integer>> together = new ArrayList<>();
        for (List<Integer> layer : layers.values()) {
            long combinations = layer.stream().mapToLong(gene -> space.genes().get(gene).size()).reduce(1, (a, b) -> a * b);
            if (combinations <= MOST_COMBINATIONS) {
                together.add(layer);
            } else {
                layer.forEach(gene -> together.add(List.of(gene)));
            }
        }
        return together;
    }

    private static List<int[]> changes(Options options, List<Integer> layer, int[] start) {
        List<int[]> changes = List.of(start);
        for (int gene : layer) {
            List<int[]> longer = new ArrayList<>();
            for (int[] values : changes) {
                for (int option : options.of(gene)) {
                    int[] changed = values.clone();
                    changed[gene] = option;
                    longer.add(changed);
                }
            }
            changes = longer;
        }
        return changes;
    }
}
