package dev.lutra.supernet.training;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * From one trained path to a supernet: every option that the path does not take starts from the weights of the one that it
 * takes, as a wider or deeper network does from a smaller one (Chen et al. 2016, Net2Net). Options with first values of
 * their own give a layer after them as many unrelated representations as there are paths to it, and it learns from none.
 *
 * <p>A tensor inherits from the one in the same segment whose name differs in one part only, the option's:
 * {@code layer3.k5.expand.weight} from {@code layer3.k3.expand.weight}. Where an option has other convolutions, those that
 * fit take over the path's in order, and further ones start as the identity.
 */
final class Inheritance {

    private Inheritance() {}

    /**
     * The path to train first: of every gene the first option, or of those that take less or more of the same tensors (a
     * scale of channels) the one that takes most.
     */
    static Architecture firstPath(SearchSpace space) {
        int[] values = new int[space.genes().size()];
        for (int gene = 0; gene < values.length; gene++) {
            int[] candidate = values.clone();
            long least = unused(space, values);
            for (candidate[gene] = 1; candidate[gene] < space.genes().get(gene).size(); candidate[gene]++) {
                long unused = unused(space, candidate);
                if (unused < least) {
                    least = unused;
                    values[gene] = candidate[gene];
                }
            }
        }
        return space.architecture(values);
    }

    /** Elements of the tensors that a path has a share in, but does not take. */
    private static long unused(SearchSpace space, int[] values) {
        return space.build(space.architecture(values)).ops().stream().flatMap(op -> op.weights().stream())
            .mapToLong(weight -> weight.tensor().elements() - weight.elements()).sum();
    }

    /** Hands the weights of a path on to all options that it does not take. */
    static void handOn(Architecture path, SearchSpace space, SupernetWeights weights) {
        Network trained = space.build(path);
        for (int gene = 0; gene < space.genes().size(); gene++) {
            for (int option = 0; option < space.genes().get(gene).size(); option++) {
                int[] values = path.values();
                values[gene] = option;
                Iterator<Segment> segments = space.build(space.architecture(values)).segments().iterator();
                trained.segments().forEach(segment -> handOn(segment, segments.next(), weights));
            }
        }
    }

    private static void handOn(Segment trained, Segment other, SupernetWeights weights) {
        Set<SharedTensor> from = parameters(trained);
        Set<SharedTensor> to = parameters(other);
        Set<SharedTensor> common = new HashSet<>(from);
        common.retainAll(to);
        from.removeAll(common);
        to.removeAll(common);
        Map<SharedTensor, SharedTensor> parents = new LinkedHashMap<>();
        for (SharedTensor heir : to) {
            from.stream().filter(tensor -> areKin(tensor, heir)).findFirst().ifPresent(parent -> parents.put(heir, parent));
        }
        parents.forEach((heir, parent) -> inherit(heir, parent, weights));
        from.removeAll(parents.values());
        to.removeAll(parents.keySet());
        deepen(from, to, weights);
    }

    private static void inherit(SharedTensor heir, SharedTensor from, SupernetWeights weights) {
        if (weights.isLearned(from)) {
            weights.start(heir, values(heir, weights.read(Weight.whole(heir)), from, weights.read(Weight.whole(from))));
        }
    }

    private static Set<SharedTensor> parameters(Segment segment) {
        return segment.ops().stream().map(Op::weights).flatMap(List::stream).map(Weight::tensor)
            .filter(tensor -> tensor.role().isParameter()).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Whether the names differ in one part only. */
    private static boolean areKin(SharedTensor a, SharedTensor b) {
        String[] left = a.name().split("\\.");
        String[] right = b.name().split("\\.");
        return a.role() == b.role() && left.length == right.length
            && IntStream.range(0, left.length).filter(i -> !left[i].equals(right[i])).count() == 1;
    }

    /** Convolutions without kin: in order those of the path, and the identity before, between and after them. */
    private static void deepen(Set<SharedTensor> from, Set<SharedTensor> to, SupernetWeights weights) {
        Deque<SharedTensor> parents = new ArrayDeque<>(from);
        parents.removeIf(tensor -> tensor.role() != Role.CONV_WEIGHT);
        for (SharedTensor heir : to) {
            if (!parents.isEmpty() && channels(parents.peek()).equals(channels(heir))) {
                inherit(heir, parents.poll(), weights);
            } else if (heir.role() == Role.CONV_WEIGHT) {
                weights.start(heir, identity(heir));
            }
        }
    }

    /** Out, and in per group. */
    private static List<Integer> channels(SharedTensor tensor) {
        return tensor.dims().subList(0, Math.min(2, tensor.dims().size()));
    }

    /** A convolution that passes its input on: its own centre tap, channel by channel, as far as there are both. */
    static float[] identity(SharedTensor conv) {
        int in = conv.dims().get(1);
        int kernel = conv.dims().get(2);
        float[] values = new float[Math.toIntExact(conv.elements())];
        for (int out = 0; out < conv.dims().get(0); out++) {
            values[((out * in + out % in) * kernel + kernel / 2) * kernel + kernel / 2] = 1;
        }
        return values;
    }

    /**
     * Values of an heir: channels that both have are the parent's, further ones keep their first values. A kernel has the
     * parent's around its centre; where it is larger, it is 0, so that it does what the parent's did.
     *
     * @param first values of the heir; not changed
     * @param parent values of what it inherits from
     */
    static float[] values(SharedTensor heir, float[] first, SharedTensor from, float[] parent) {
        float[] values = first.clone();
        int rank = heir.dims().size();
        int spatial = heir.role() == Role.CONV_WEIGHT ? rank - 2 : rank; // the first dimension of a kernel's extent
        int[] index = new int[rank];
        for (int i = 0; i < values.length; i++) {
            int at = 0;
            boolean channel = true;
            boolean tap = true;
            for (int d = 0; d < rank; d++) {
                int extent = from.dims().get(d);
                int position = index[d] - (d < spatial ? 0 : Math.floorDiv(heir.dims().get(d) - extent, 2));
                boolean within = position >= 0 && position < extent;
                channel &= within || d >= spatial;
                tap &= within || d < spatial;
                at = at * extent + position;
            }
            if (channel) {
                values[i] = tap ? parent[at] : 0;
            }
            for (int d = rank - 1; d >= 0 && ++index[d] == heir.dims().get(d); d--) {
                index[d] = 0;
            }
        }
        return values;
    }
}
