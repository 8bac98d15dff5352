package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import dev.lutra.network.Network;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Adds how far a path's loss is on the wrong side of an earlier path's, where of two paths the one with the higher score is to have the
 * lower loss, by a margin. By MACs and without a margin it is the pairwise rank loss of PGONAS (Dong et al. 2022, third of the supernet
 * track of CVPR 2022's NAS competition) and its released code; by a zero-cost proxy it distils that one's ranking (Dong et al. 2023,
 * RD-NAS: margin ranking loss). The earlier path does not move; of several the mean is taken.
 */
final class RankLoss implements Loss {

    private static final double RAMP = 0.8 * Math.PI;

    private final Loss path;
    private final LabelLoss labels;
    private final Guidance.Ranks ranks;
    private final ToDoubleFunction<Network> score;
    private final Map<Network, Double> scores = new IdentityHashMap<>();

    /**
     * @param path what every path lowers by itself
     * @param labels what paths are compared by
     * @param ranks whose weight is the highest; it is this times sin(0.8 π t) after a share t of the training, as in PGONAS's code
     * @param score of paths
     */
    RankLoss(Loss path, LabelLoss labels, Guidance.Ranks ranks, ToDoubleFunction<Network> score) {
        this.path = path;
        this.labels = labels;
        this.ranks = ranks;
        this.score = score;
    }

    @Override
    public void begin(List<Network> paths) {
        path.begin(paths);
        scores.clear();
        paths.forEach(each -> scores.put(each, score.applyAsDouble(each)));
    }

    @Override
    public NDArray of(Answers answers) {
        NDArray alone = path.of(answers);
        double each = ranks.weight() * Math.sin(RAMP * answers.progress()) / answers.earlier().size();
        if (answers.earlier().isEmpty() || each == 0) {
            return alone;
        }
        NDArray own = labels.of(answers);
        double loss = own.getFloat();
        double factor = 0;
        double constant = 0;
        for (Earlier earlier : answers.earlier()) {
            double other = labels.of(earlier.logits(), answers.labels(), 1).getFloat();
            int better = Double.compare(scores.get(answers.path()), scores.get(earlier.path()));
            if (better != 0 && better * (loss - other) + ranks.margin() > 0) {
                factor += better * each;
                constant += (ranks.margin() - better * other) * each;
            }
        }
        return factor == 0 && constant == 0
            ? alone
            : alone.add(own.mul(own.getManager().create((float) factor))).add(own.getManager().create((float) constant));
    }
}
