package dev.lutra.search.correction;

import dev.lutra.ranking.CorrectedRanking;
import dev.lutra.ranking.RankedNetwork;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Learns a {@link Correction} from some networks and looks how well it orders others. */
public final class CorrectionTrial {

    private static final int FOLDS = 10;

    private CorrectionTrial() {}

    /**
     * How a correction that was learned from the first networks in a seeded order orders those that are left or, where hardly any are,
     * those that it was learned from, a tenth of them at a time, foretold by what the others teach.
     *
     * @param networks at least as many as are learned from
     * @param learned how many, at least {@link Correction#FEWEST}
     */
    public static CorrectedRanking ranking(SearchSpace space, List<RankedNetwork> networks, int learned, long seed) {
        List<RankedNetwork> shuffled = shuffled(networks, seed);
        List<RankedNetwork> known = shuffled.subList(0, learned);
        List<RankedNetwork> judged = shuffled.subList(learned, shuffled.size());
        double[] foretold;
        if (judged.size() < Correction.FEWEST) {
            judged = known;
            foretold = acrossFolds(space, known);
        } else {
            foretold = foretold(Correction.of(space, known), judged);
        }
        return CorrectedRanking.of(judged, foretold, learned, seed);
    }

    /** What is learned from those networks. */
    public static Correction correction(SearchSpace space, List<RankedNetwork> networks, int learned, long seed) {
        return Correction.of(space, shuffled(networks, seed).subList(0, learned));
    }

    private static List<RankedNetwork> shuffled(List<RankedNetwork> networks, long seed) {
        List<RankedNetwork> shuffled = new ArrayList<>(networks);
        Collections.shuffle(shuffled, new Random(seed)); // networks that were trained here come in the order of their MACs
        return shuffled;
    }

    private static double[] foretold(Correction correction, List<RankedNetwork> networks) {
        return networks.stream().mapToDouble(network -> correction.accuracy(network.architecture(), network.supernet())).toArray();
    }

    private static double[] acrossFolds(SearchSpace space, List<RankedNetwork> networks) {
        double[] foretold = new double[networks.size()];
        for (int fold = 0; fold < FOLDS; fold++) {
            int from = fold * networks.size() / FOLDS;
            int to = (fold + 1) * networks.size() / FOLDS;
            List<RankedNetwork> others = new ArrayList<>(networks.subList(0, from));
            others.addAll(networks.subList(to, networks.size()));
            double[] part = foretold(Correction.of(space, others), networks.subList(from, to));
            System.arraycopy(part, 0, foretold, from, part.length);
        }
        return foretold;
    }
}
