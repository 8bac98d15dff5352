package dev.lutra.supernet.curriculum;

import dev.lutra.cost.Cost;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.network.Weight.Box;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The path to train before all others: of every gene the option that most others can inherit from. An option counts for each
 * option of its gene, itself among them, the share of that one's weights that would start from its own; of equal ones the one
 * with the fewest MACs is taken, because a larger kernel can do exactly what a smaller one does and not the other way round.
 * What an option is called, and where it stands in a file, decides only between options that are equal in both.
 *
 * <p>So an option without weights, such as a layer left out, is never taken where there is another; of two widths, whether
 * slices of one tensor or tensors of their own, it is the wider one; and of kernels of one width the smallest.
 */
final class FirstPath {

    /** Which path is taken and what inherits from it, by a name: other rules make other weights of the same settings. */
    static final String RULE = "most-inherited";
    /** The rule before it had a name: of every gene the first option. */
    static final String FORMER_RULE = "first-option";

    /** Genes of one layer depend on each other (a scale of channels on the block), so that one round does not always do. */
    private static final int ROUNDS = 4;
    private static final double ROUNDING = 1e-9;

    private FirstPath() {}

    static Architecture of(SearchSpace space) {
        int[] values = new int[space.genes().size()];
        boolean changed = true;
        for (int round = 0; round < ROUNDS && changed; round++) {
            int[] before = values.clone();
            for (int gene = 0; gene < values.length; gene++) {
                values[gene] = best(space, values, gene);
            }
            changed = !Arrays.equals(before, values);
        }
        return space.architecture(values);
    }

    private static int best(SearchSpace space, int[] values, int gene) {
        Gene described = space.genes().get(gene);
        List<Network> networks = new ArrayList<>();
        for (int option = 0; option < described.size(); option++) {
            int[] changed = values.clone();
            changed[gene] = option;
            networks.add(space.build(space.architecture(changed)));
        }
        int[] concerned = concerned(networks);
        double[] scores = networks.stream().mapToDouble(trained -> networks.stream()
            .mapToDouble(other -> share(trained, other, concerned)).sum()).toArray();
        double highest = Arrays.stream(scores).max().orElseThrow();
        return IntStream.range(0, scores.length).filter(option -> scores[option] >= highest - ROUNDING).boxed()
            .min(Comparator.<Integer>comparingLong(option -> Cost.of(networks.get(option).ops()).macs())
                .thenComparing(option -> described.options().get(option).name()))
            .orElseThrow();
    }

    /** Segments in which the networks do not all have the same weights. */
    private static int[] concerned(List<Network> networks) {
        List<List<Segment>> segments = networks.stream().map(Network::segments).toList();
        return IntStream.range(0, segments.get(0).size())
            .filter(i -> segments.stream().map(some -> weights(some.get(i))).distinct().count() > 1).toArray();
    }

    private static List<Weight> weights(Segment segment) {
        return segment.ops().stream().map(Op::weights).flatMap(List::stream).toList();
    }

    /** The share of a network's weights in some segments that would come from the trained one; 0 if it has none there. */
    private static double share(Network trained, Network other, int[] segments) {
        long inherited = 0;
        long all = 0;
        for (int i : segments) {
            Segment from = trained.segments().get(i);
            Segment to = other.segments().get(i);
            Map<SharedTensor, SharedTensor> parents = Kinship.of(from, to).parents();
            Map<SharedTensor, Weight> learned = new HashMap<>();
            weights(from).forEach(weight -> learned.put(weight.tensor(), weight));
            Set<SharedTensor> own = Kinship.parameters(to);
            for (Weight weight : weights(to)) {
                SharedTensor parent = parents.getOrDefault(weight.tensor(), weight.tensor());
                if (own.contains(weight.tensor())) {
                    all += weight.elements();
                    // what the other network has as well is no merit of the option
                    boolean counts = learned.containsKey(parent) && (parent.equals(weight.tensor()) || !own.contains(parent));
                    inherited += counts ? inherited(learned.get(parent), weight) : 0;
                }
            }
        }
        return all == 0 ? 0 : (double) inherited / all;
    }

    /** Elements of a weight that start from another: channels that both have, and of another tensor's kernel every tap. */
    private static long inherited(Weight parent, Weight heir) {
        boolean same = parent.tensor().equals(heir.tensor());
        int rank = heir.dims().size();
        int channels = !same && heir.tensor().role() == Role.CONV_WEIGHT ? rank - 2 : rank;
        long elements = 1;
        for (int d = 0; d < rank; d++) {
            int extent = heir.dims().get(d);
            if (d < channels) {
                int start = Math.max(start(parent, d), start(heir, d));
                extent = Math.min(start(parent, d) + parent.dims().get(d), start(heir, d) + extent) - start;
            }
            elements *= Math.max(0, extent);
        }
        return elements;
    }

    private static int start(Weight weight, int dim) {
        return weight.view() instanceof Box box ? box.offsets().get(dim) : 0;
    }
}
