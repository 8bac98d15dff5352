package dev.lutra.server.view;

import dev.lutra.cost.Cost;
import dev.lutra.cost.Depth;
import dev.lutra.network.Network;
import dev.lutra.ranking.RankedNetwork;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.Measure;
import dev.lutra.search.correction.CorrectionTrial;
import dev.lutra.server.event.RunEvent.NetworksRanked;
import dev.lutra.server.experiment.Experiment.Rank;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.Map;

/** The supernet's order of networks, held against their accuracies by themselves. */
public final class SupernetOrder {

    private SupernetOrder() {}

    /** What the networks say of the order. */
    public static Ranking ranking(NetworksRanked ranked, Rank settings, long seed, SearchSpace space) {
        List<RankedNetwork> networks = networks(ranked, space);
        Ranking ranking = Ranking.of(networks, ranked.top(), seed);
        return settings.correct().isPresent()
            ? ranking.with(CorrectionTrial.ranking(space, networks, settings.correct().getAsInt(), seed))
            : ranking;
    }

    /** The networks with what they are compared by. */
    public static List<RankedNetwork> networks(NetworksRanked networks, SearchSpace space) {
        return networks.networks().stream().map(ranked -> {
            Architecture architecture = space.parse(ranked.architecture());
            Network network = space.build(architecture);
            Cost cost = Cost.of(network);
            return new RankedNetwork(architecture, ranked.supernet(), ranked.alone(), Map.of(
                Ranking.DEPTH, (double) Depth.of(network), Measure.MACS, (double) cost.macs(), Measure.PARAMS, (double) cost.params()));
        }).toList();
    }
}
