package dev.lutra.supernet.training;

import dev.lutra.cost.Cost;
import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.supernet.proxy.Proxy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the paths of one step teach each other besides the labels.
 *
 * @param distillation from the step's path with the most MACs to the others
 * @param ranks which of two paths is to be better, if anything says so
 */
public record Guidance(Optional<Distillation> distillation, Optional<Ranks> ranks) {

    /** Labels alone. */
    public static final Guidance NONE = new Guidance(Optional.empty(), Optional.empty());

    private static final String ABSENT = "none";
    private static final String DISTILLATION = "distillation";
    private static final String RANK_LOSS = "rank-loss";
    private static final String RANK_DISTILLATION = "rank-distillation";

    /**
     * In-place distillation.
     *
     * @param share of the teacher's answers in the loss of the others, above 0 to 1; the rest is the labels'
     * @param temperature that all answers are divided by, above 0
     */
    public record Distillation(double share, double temperature) {}

    /**
     * A loss for paths in the wrong order.
     *
     * @param proxy what the order is by
     * @param weight the highest, above 0
     * @param margin that losses are to be apart by, at least 0
     */
    public record Ranks(Proxy proxy, double weight, double margin) {

        /** The pairwise rank loss by MACs. */
        public static Ranks byMacs(double weight) {
            return new Ranks(Proxy.MACS, weight, 0);
        }

        private boolean isByMacsAlone() {
            return equals(byMacs(weight));
        }
    }

    /** Whether it takes several paths a step. */
    public boolean comparesPaths() {
        return distillation.isPresent() || ranks.isPresent();
    }

    /** What there is that takes several paths a step, as files call it. */
    String comparison() {
        return ranks.map(by -> by.isByMacsAlone() ? RANK_LOSS : RANK_DISTILLATION).orElse(DISTILLATION);
    }

    /**
     * What a step lowers.
     *
     * @param seed of first weights, which some proxies look at
     */
    Loss loss(double labelSmoothing, long seed) {
        LabelLoss labels = new LabelLoss(labelSmoothing);
        Loss alone = distillation.<Loss>map(from -> new DistillationLoss(labels, from.share(), from.temperature())).orElse(labels);
        return ranks.<Loss>map(by -> new RankLoss(alone, labels, by, by.proxy().scores(seed))).orElse(alone);
    }

    /** The paths of a step in the order in which they are trained: a teacher comes first. */
    List<Network> ordered(List<Network> paths) {
        if (distillation.isEmpty()) {
            return paths;
        }
        List<Network> ordered = new ArrayList<>(paths);
        int teacher = IntStream.range(0, paths.size()).boxed()
            .max(Comparator.comparingLong(path -> Cost.of(paths.get(path)).macs())).orElseThrow();
        ordered.add(0, ordered.remove(teacher));
        return ordered;
    }

    void describe(String key, NamedValues.Builder values) {
        values.putLater(key + DISTILLATION, distillation.map(from -> NamedValues.text(from.share())).orElse(ABSENT), ABSENT);
        distillation.ifPresent(from -> values.put(key + DISTILLATION + ".temperature", from.temperature()));
        values.putLater(key + RANK_LOSS, NamedValues.text(ranks.filter(Ranks::isByMacsAlone).map(Ranks::weight).orElse(0.0)),
            NamedValues.text(0));
        Optional<Ranks> distilled = ranks.filter(by -> !by.isByMacsAlone());
        values.putLater(key + RANK_DISTILLATION, distilled.map(by -> by.proxy().key()).orElse(ABSENT), ABSENT);
        distilled.ifPresent(by -> values.put(key + RANK_DISTILLATION + ".weight", by.weight()).put(key + RANK_DISTILLATION + ".margin",
            by.margin()));
    }
}
