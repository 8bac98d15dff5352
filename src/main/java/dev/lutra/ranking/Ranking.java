package dev.lutra.ranking;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How well a supernet ranks networks whose accuracies by themselves are known. All intervals are of 95 % and over the networks: what
 * other networks of the same kind would have given.
 *
 * @param networks judged
 * @param tau Kendall's, of the supernet's accuracies and the true ones
 * @param spearman the same as rank correlation
 * @param tauAtEqualDepth Kendall's tau among networks of equal depth, averaged by their pairs: what is left where depth tells nothing
 * @param top how many favourites of the supernet {@code topRegret} looks at
 * @param favouriteRegret true accuracy that is missed by taking the supernet's favourite, 0 to 1
 * @param topRegret the same by taking the truly best of its {@code top} favourites
 * @param baselines what needs no training, the best first; what is the same for all networks, and so ranks none, last
 * @param corrected how a correction that is learned from some of the networks orders the others, where one was asked for
 */
public record Ranking(int networks, Estimate tau, Estimate spearman, Estimate tauAtEqualDepth, int top, Estimate favouriteRegret,
    Estimate topRegret, List<Baseline> baselines, Optional<CorrectedRanking> corrected) {

    /** Name of the baseline by whose equal values {@link #tauAtEqualDepth} is told. */
    public static final String DEPTH = "depth";

    /** With fewer there is nothing to draw from. */
    public static final int FEWEST = 3;

    /**
     * Something that ranks networks without any training.
     *
     * @param tau Kendall's, of it and the true accuracies
     * @param lead of the supernet's tau over it
     */
    public record Baseline(String name, Estimate tau, Estimate lead) {

        /** Whether it tells networks apart: the depth of those that only differ in their kernels does not. */
        boolean ranks() {
            return Double.isFinite(tau.value());
        }
    }

    public Ranking {
        baselines = List.copyOf(baselines);
    }

    /**
     * Of some networks, all with the same baselines, {@link #DEPTH} among them.
     *
     * @param networks at least {@link #FEWEST}
     * @param top at least 1
     * @param seed of what intervals are drawn with
     */
    public static Ranking of(List<RankedNetwork> networks, int top, long seed) {
        Sample sample = new Sample(networks);
        Bootstrap bootstrap = new Bootstrap(networks.size(), seed);
        List<Baseline> baselines = new ArrayList<>();
        sample.baselines.forEach((name, values) -> baselines.add(new Baseline(name,
            bootstrap.of(drawn -> sample.tau(values, drawn)),
            bootstrap.of(drawn -> sample.tau(sample.supernet, drawn) - sample.tau(values, drawn)))));
        baselines.sort(Comparator.comparing(Baseline::ranks).thenComparingDouble(baseline -> baseline.tau().value()).reversed());
        return new Ranking(networks.size(),
            bootstrap.of(drawn -> sample.tau(sample.supernet, drawn)),
            bootstrap.of(drawn -> RankCorrelation.spearman(Bootstrap.at(sample.supernet, drawn), Bootstrap.at(sample.alone, drawn))),
            bootstrap.of(sample::tauAtEqualDepth),
            top,
            bootstrap.of(drawn -> sample.regret(drawn, 1)),
            bootstrap.of(drawn -> sample.regret(drawn, top)),
            baselines, Optional.empty());
    }

    /** The same with what a correction makes of it. */
    public Ranking with(CorrectedRanking correction) {
        return new Ranking(networks, tau, spearman, tauAtEqualDepth, top, favouriteRegret, topRegret, baselines, Optional.of(correction));
    }

    /** What the ranking should make people think of: a baseline that may well rank as well as the supernet. */
    public Optional<String> warning() {
        return baselines.stream().filter(Baseline::ranks).filter(baseline -> !(baseline.lead().low() > 0)).findFirst()
            .map(baseline -> String.format(Locale.ROOT, "the supernet is not shown to rank networks better than their %s does: "
                + "tau %.3f against %.3f, a lead of %+.3f (95 %% interval %+.3f to %+.3f)", baseline.name(), tau.value(),
                baseline.tau().value(), baseline.lead().value(), baseline.lead().low(), baseline.lead().high()));
    }

    /** The networks' figures side by side. */
    private static final class Sample {

        private final double[] supernet;
        private final double[] alone;
        private final Map<String, double[]> baselines = new LinkedHashMap<>();

        Sample(List<RankedNetwork> networks) {
            supernet = networks.stream().mapToDouble(RankedNetwork::supernet).toArray();
            alone = networks.stream().mapToDouble(RankedNetwork::alone).toArray();
            networks.get(0).baselines().keySet().forEach(name -> baselines.put(name,
                networks.stream().mapToDouble(network -> network.baselines().get(name)).toArray()));
        }

        double tau(double[] by, int[] drawn) {
            return RankCorrelation.kendall(Bootstrap.at(by, drawn), Bootstrap.at(alone, drawn));
        }

        double tauAtEqualDepth(int[] drawn) {
            double[] depth = baselines.get(DEPTH);
            Map<Double, List<Integer>> groups = new LinkedHashMap<>();
            for (int index : drawn) {
                groups.computeIfAbsent(depth[index], key -> new ArrayList<>()).add(index);
            }
            double sum = 0;
            double pairs = 0;
            for (List<Integer> group : groups.values()) {
                double tau = tau(supernet, group.stream().mapToInt(Integer::intValue).toArray());
                if (Double.isFinite(tau)) {
                    double weight = group.size() * (group.size() - 1.0) / 2;
                    sum += weight * tau;
                    pairs += weight;
                }
            }
            return sum / pairs;
        }

        /** Of equal favourites the least accurate counts: nothing would have told them apart. */
        double regret(int[] drawn, int top) {
            double best = IntStream.of(drawn).mapToDouble(index -> alone[index]).max().orElseThrow();
            double found = IntStream.of(drawn).boxed()
                .sorted(Comparator.comparingDouble((Integer index) -> -supernet[index]).thenComparingDouble(index -> alone[index]))
                .limit(top).mapToDouble(index -> alone[index]).max().orElseThrow();
            return best - found;
        }
    }
}
