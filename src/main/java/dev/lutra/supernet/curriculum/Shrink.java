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
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Drops the worst options, of every gene or of all; the last one of a gene stays. An option is worth the mean score of paths that
 * have it: their accuracy on validation images (what the abstract of BS-NAS says of its shrinking; the rest is our choice), or the
 * angle that training has turned their weights by (Hu et al. 2020, AngleNAS).
 *
 * @param by what paths are scored by
 * @param from whether {@code drop} counts options of each gene or of the whole space
 * @param drop options
 * @param paths by accuracy, to evaluate in all, at least as many as the largest gene has options, so that each is seen; by angle,
 *     for every option
 */
record Shrink(Score by, Scope from, int drop, int paths) implements Transition {

    private static final int USUAL_PATHS = 40;
    private static final int PATHS_OF_ANGLE_NAS = 1000;
    private static final int DROPPED_BY_ANGLE_NAS = 7;

    /** What a path is scored by; more is better. */
    enum Score {
        ACCURACY, ANGLE
    }

    /** What the worst options are looked for in. */
    enum Scope {
        LAYER, SPACE
    }

    /** An option with its score. */
    private record Scored(int gene, int position, double score) {}

    static Transition of(LayeredSettings settings) {
        Score by = settings.oneOf("by", Score.class, Score.ACCURACY);
        Scope from = settings.oneOf("from", Scope.class, by == Score.ANGLE ? Scope.SPACE : Scope.LAYER);
        return new Shrink(by, from, settings.integer("drop", 1, from == Scope.SPACE ? DROPPED_BY_ANGLE_NAS : 1),
            settings.integer("paths", 1, by == Score.ANGLE ? PATHS_OF_ANGLE_NAS : USUAL_PATHS));
    }

    @Override
    public Options apply(PhaseEnd end) {
        List<Scored> scored = by == Score.ANGLE ? byAngle(end) : byAccuracy(end);
        return from == Scope.SPACE ? withoutWorst(end.surviving(), scored) : withoutWorstOfEach(end.surviving(), scored);
    }

    /** Every option's mean over random paths that have it. */
    private List<Scored> byAngle(PhaseEnd end) {
        Options options = end.surviving();
        Angles angles = new Angles(end.weights());
        Random random = new Random(end.seed());
        List<Scored> scored = new ArrayList<>();
        for (int gene = 0; gene < options.space().genes().size(); gene++) {
            for (int position : options.of(gene)) {
                double sum = 0;
                for (int path = 0; path < paths; path++) {
                    int[] values = options.draw(random).values();
                    values[gene] = position;
                    sum += angles.of(options.space().build(options.nearest(values)));
                }
                scored.add(new Scored(gene, position, sum / paths));
            }
        }
        return scored;
    }

    /** Every option's mean over paths in which all options of a gene stand equally often. */
    private List<Scored> byAccuracy(PhaseEnd end) {
        Options options = end.surviving();
        List<int[]> drawn = fairly(options, new Random(end.seed()));
        List<Architecture> architectures = drawn.stream().map(options.space()::architecture).toList();
        Map<Architecture, Double> found = end.accuracies().apply(architectures.stream().distinct().toList());
        double[] accuracies = architectures.stream().mapToDouble(found::get).toArray();
        List<Scored> scored = new ArrayList<>();
        for (int gene = 0; gene < options.space().genes().size(); gene++) {
            for (int position : options.of(gene)) {
                int at = gene;
                scored.add(new Scored(gene, position, IntStream.range(0, accuracies.length)
                    .filter(path -> drawn.get(path)[at] == position).mapToDouble(path -> accuracies[path]).average().orElseThrow()));
            }
        }
        return scored;
    }

    /** Gene values of every path; of each gene the options in one random order after the other, as FairNAS draws. */
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

    private Options withoutWorstOfEach(Options options, List<Scored> scored) {
        Options left = options;
        for (int gene = 0; gene < options.space().genes().size(); gene++) {
            int at = gene;
            List<Scored> worst = worstFirst(options, scored.stream().filter(each -> each.gene() == at).toList());
            for (Scored each : worst.subList(0, Math.min(drop, worst.size()))) {
                left = left.without(gene, each.position());
            }
        }
        return left;
    }

    private Options withoutWorst(Options options, List<Scored> scored) {
        Options left = options;
        int dropped = 0;
        for (Scored worst : worstFirst(options, scored)) {
            if (dropped < drop && left.of(worst.gene()).length > 1) {
                left = left.without(worst.gene(), worst.position());
                dropped++;
            }
        }
        return left;
    }

    /** Of options that are equally good, the first by gene and name. */
    private static List<Scored> worstFirst(Options options, List<Scored> scored) {
        List<Gene> genes = options.space().genes();
        return scored.stream().sorted(Comparator.comparingDouble(Scored::score).thenComparing(Scored::gene)
            .thenComparing(each -> genes.get(each.gene()).options().get(each.position()).name())).toList();
    }

    @Override
    public boolean needsManyPaths() {
        return true;
    }

    @Override
    public boolean asksForAccuracy() {
        return by == Score.ACCURACY;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "shrink").put(key + ".drop", drop).put(key + ".paths", paths)
            .putLater(key + ".by", word(by), word(Score.ACCURACY)).putLater(key + ".from", word(from), word(Scope.LAYER));
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
