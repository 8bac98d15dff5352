package dev.lutra.search.correction;

import dev.lutra.cost.Cost;
import dev.lutra.cost.Depth;
import dev.lutra.network.Network;
import dev.lutra.ranking.RankedNetwork;
import dev.lutra.search.surrogate.GaussianProcess;
import dev.lutra.search.surrogate.GeneShape;
import dev.lutra.search.surrogate.Observations;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.List;

/**
 * Foretells a network's accuracy by itself from its accuracy with shared weights, its genes, MACs, parameters and depth, as a
 * {@linkplain GaussianProcess Gaussian process} has learned it from networks of which both are known.
 */
public final class Correction {

    /** With fewer networks there is little to learn. */
    public static final int FEWEST = 10;

    /** Added to errors, so that a network without any has a logarithm. */
    private static final double LEAST_ERROR = 1e-3;

    private final SearchSpace space;
    private final GaussianProcess process;

    private Correction(SearchSpace space, GaussianProcess process) {
        this.space = space;
        this.process = process;
    }

    /**
     * Learns from networks.
     *
     * @param networks of the space, at least two
     */
    public static Correction of(SearchSpace space, List<RankedNetwork> networks) {
        Observations known = new Observations(
            networks.stream().map(network -> network.architecture().values()).toArray(int[][]::new),
            networks.stream().map(network -> features(space, network.architecture(), network.supernet())).toArray(double[][]::new),
            networks.stream().mapToDouble(RankedNetwork::alone).toArray(),
            new double[networks.size()]);
        return new Correction(space, GaussianProcess.of(space.genes().stream().map(GeneShape::of).toList(), known));
    }

    /**
     * What a network would reach by itself.
     *
     * @param supernet its accuracy with the shared weights, 0 to 1
     * @return 0 to 1
     */
    public double accuracy(Architecture architecture, double supernet) {
        double target = process.means(new int[][]{architecture.values()},
            new double[][]{features(space, architecture, supernet)})[0];
        return Math.min(1, Math.max(0, process.warp().accuracy(target)));
    }

    private static double[] features(SearchSpace space, Architecture architecture, double supernet) {
        Network network = space.build(architecture);
        Cost cost = Cost.of(network);
        return new double[]{-Math.log(1 - supernet + LEAST_ERROR), Math.log1p(cost.macs()), Math.log1p(cost.params()), Depth.of(network)};
    }
}
