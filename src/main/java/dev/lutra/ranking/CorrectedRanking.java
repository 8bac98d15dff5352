package dev.lutra.ranking;

import java.util.List;

/**
 * How well accuracies that were foretold of networks order them.
 *
 * @param learned networks whose own accuracies taught what was foretold
 * @param judged networks of which it was foretold
 * @param tau Kendall's, of foretold accuracies and true ones
 * @param lead of that over the tau of the supernet's own accuracies, on the same networks
 */
public record CorrectedRanking(int learned, int judged, Estimate tau, Estimate lead) {

    /**
     * @param judged the networks
     * @param foretold of each
     * @param learned from how many
     * @param seed of what intervals are drawn with
     */
    public static CorrectedRanking of(List<RankedNetwork> judged, double[] foretold, int learned, long seed) {
        double[] supernet = judged.stream().mapToDouble(RankedNetwork::supernet).toArray();
        double[] alone = judged.stream().mapToDouble(RankedNetwork::alone).toArray();
        Bootstrap bootstrap = new Bootstrap(judged.size(), seed);
        return new CorrectedRanking(learned, judged.size(), bootstrap.of(drawn -> tau(foretold, alone, drawn)),
            bootstrap.of(drawn -> tau(foretold, alone, drawn) - tau(supernet, alone, drawn)));
    }

    private static double tau(double[] one, double[] other, int[] drawn) {
        return RankCorrelation.kendall(Bootstrap.at(one, drawn), Bootstrap.at(other, drawn));
    }
}
