package dev.lutra.supernet.training;

import dev.lutra.cost.Cost;
import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the paths of one step teach each other besides the labels.
 *
 * @param distillation from the step's path with the most MACs to the others
 * @param rankLoss highest weight of the loss that wants paths with more MACs to be better; 0 for none
 */
public record Guidance(Optional<Distillation> distillation, double rankLoss) {

    /** Labels alone. */
    public static final Guidance NONE = new Guidance(Optional.empty(), 0);

    private static final String ABSENT = "none";

    /**
     * In-place distillation.
     *
     * @param share of the teacher's answers in the loss of the others, above 0 to 1; the rest is the labels'
     * @param temperature that all answers are divided by, above 0
     */
    public record Distillation(double share, double temperature) {}

    /** Whether it takes several paths a step. */
    public boolean comparesPaths() {
        return distillation.isPresent() || rankLoss > 0;
    }

    /** What a step lowers. */
    Loss loss(double labelSmoothing) {
        LabelLoss labels = new LabelLoss(labelSmoothing);
        Loss alone = distillation.<Loss>map(from -> new DistillationLoss(labels, from.share(), from.temperature())).orElse(labels);
        return rankLoss > 0 ? new RankLoss(alone, labels, rankLoss) : alone;
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
        values.putLater(key + "distillation", distillation.map(from -> NamedValues.text(from.share())).orElse(ABSENT), ABSENT);
        distillation.ifPresent(from -> values.put(key + "distillation.temperature", from.temperature()));
        values.putLater(key + "rank-loss", NamedValues.text(rankLoss), NamedValues.text(0));
    }
}
