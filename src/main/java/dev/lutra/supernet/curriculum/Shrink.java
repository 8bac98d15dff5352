package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.Options;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Drops the worst options of every gene. Some paths are evaluated in which every option stands equally often (drawn as FairNAS
 * draws, in permutations), and an option is worth the mean accuracy of the paths that have it.
 *
 * @param drop options of each gene, of which one always stays
 * @param paths to evaluate; at least as many as the largest gene has options, so that each is seen
 */
record Shrink(int drop, int paths) implements Transition {

    private static final int USUAL_PATHS = 40;

    static Transition of(LayeredSettings settings) {
        return new Shrink(settings.integer("drop", 1, 1), settings.integer("paths", 1, USUAL_PATHS));
    }

    @Override
    public Options apply(PhaseEnd end) {
        Options surviving = end.surviving();
        List<int[]> drawn = fairly(surviving, new Random(end.seed()));
        List<Architecture> architectures = drawn.stream().map(surviving.space()::architecture).toList();
        Map<Architecture, Double> found = end.accuracies().apply(architectures.stream().distinct().toList());
        double[] accuracies = architectures.stream().mapToDouble(found::get).toArray();
        Options left = surviving;
        for (int gene = 0; gene < surviving.space().genes().size(); gene++) {
            for (int position : worstFirst(gene, surviving, drawn, accuracies)) {
                left = left.without(gene, position);
            }
        }
        return left;
    }

    /** Gene values of every path; of each gene the options in one random order after the other. */
    private List<int[]> fairly(Options options, Random random) {
        int genes = options.space().genes().size();
        int most = IntStream.range(0, genes).map(gene -> options.of(gene).length).max().orElse(1);
        List<int[]> drawn = IntStream.range(0, Math.max(paths, most)).mapToObj(path -> new int[genes]).toList();
        for (int gene = 0; gene < genes; gene++) {
            List<Integer> order = new ArrayList<>(IntStream.of(options.of(gene)).boxed().toList());
            for (int path = 0; path < drawn.size(); path++) {
                if (path % order.size() == 0) {
                    Collections.shuffle(order, random);
                }
                drawn.get(path)[gene] = order.get(path % order.size());
            }
        }
        return drawn;
    }

    /** The options of a gene to drop; of equal ones, the first by name. */
    private List<Integer> worstFirst(int gene, Options options, List<int[]> drawn, double[] accuracies) {
        Gene described = options.space().genes().get(gene);
        return IntStream.of(options.of(gene)).boxed()
            .sorted(Comparator.<Integer>comparingDouble(position -> IntStream.range(0, accuracies.length)
                .filter(path -> drawn.get(path)[gene] == position).mapToDouble(path -> accuracies[path]).average().orElseThrow())
                .thenComparing(position -> described.options().get(position).name()))
            .limit(drop).toList();
    }

    @Override
    public boolean asksForAccuracy() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "shrink").put(key + ".drop", drop).put(key + ".paths", paths);
    }
}
