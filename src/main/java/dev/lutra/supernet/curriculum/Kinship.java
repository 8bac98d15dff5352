package dev.lutra.supernet.curriculum;

import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Which tensors of a segment start from which of a trained segment that stands in its place.
 *
 * <p>A tensor's parent is the one whose name differs least, in the parts that an option gives: {@code layer3.k5.expand.weight}
 * has {@code layer3.k3.expand.weight}, in a cell {@code node2.first.sep5.from1.pointwise.weight} has
 * {@code node2.first.sep3.from0.pointwise.weight}. Where an option has other convolutions, those that fit take over the
 * trained ones in order, and the others pass on what they get. A convolution of squeeze-and-excite passes nothing on; without
 * a parent, the one before the gate starts with zeros, which scales every channel alike, as if nothing were there once batch
 * norm has followed.
 *
 * @param parents heirs with the tensor that each starts from
 * @param passing convolutions to start as the identity
 * @param still tensors to start with zeros
 */
record Kinship(Map<SharedTensor, SharedTensor> parents, Set<SharedTensor> passing, Set<SharedTensor> still) {

    static Kinship of(Segment trained, Segment other) {
        Set<SharedTensor> common = new LinkedHashSet<>(parameters(trained));
        Set<SharedTensor> from = new LinkedHashSet<>(common);
        Set<SharedTensor> to = new LinkedHashSet<>(parameters(other));
        common.retainAll(to);
        from.removeAll(common);
        to.removeAll(common);
        Map<SharedTensor, SharedTensor> parents = new LinkedHashMap<>();
        for (SharedTensor heir : to) {
            closest(heir, from).or(() -> closest(heir, common)).ifPresent(parent -> parents.put(heir, parent));
        }
        from.removeAll(parents.values());
        to.removeAll(parents.keySet());
        Set<SharedTensor> still = beforeGates(other);
        Set<SharedTensor> squeezes = squeezes(other);
        still.retainAll(to);
        from.removeAll(squeezes(trained));
        to.removeAll(squeezes);
        return new Kinship(parents, inOrder(from, to, parents), still);
    }

    /** Tensors that are learned, in the order of the ops. */
    static Set<SharedTensor> parameters(Segment segment) {
        Set<SharedTensor> tensors = new LinkedHashSet<>();
        segment.ops().forEach(op -> op.weights().stream().map(Weight::tensor).filter(tensor -> tensor.role().isParameter())
            .forEach(tensors::add));
        return tensors;
    }

    private static Optional<SharedTensor> closest(SharedTensor heir, Collection<SharedTensor> tensors) {
        SharedTensor closest = null;
        int least = Integer.MAX_VALUE;
        for (SharedTensor tensor : tensors) {
            int distance = distance(tensor, heir);
            if (distance < least) {
                closest = tensor;
                least = distance;
            }
        }
        return Optional.ofNullable(closest);
    }

    /** In how many parts the names differ; none may be the op's own, but for a number in it. */
    private static int distance(SharedTensor a, SharedTensor b) {
        String[] left = a.name().split("\\.");
        String[] right = b.name().split("\\.");
        if (a.role() != b.role() || left.length != right.length) {
            return Integer.MAX_VALUE;
        }
        int op = left.length - 2;
        int differing = (int) IntStream.range(0, left.length).filter(i -> !left[i].equals(right[i])).count();
        boolean sameOp = left[op].equals(right[op])
            || differing == 1 && left[op].replaceAll("\\d", "").equals(right[op].replaceAll("\\d", ""));
        return sameOp ? differing : Integer.MAX_VALUE;
    }

    /** Convolutions without kin: in order those of the trained segment, and the identity before, between and after them. */
    private static Set<SharedTensor> inOrder(Set<SharedTensor> from, Set<SharedTensor> to,
        Map<SharedTensor, SharedTensor> parents) {
        Deque<SharedTensor> left = new ArrayDeque<>(from);
        left.removeIf(tensor -> tensor.role() != Role.CONV_WEIGHT);
        Set<SharedTensor> passing = new LinkedHashSet<>();
        for (SharedTensor heir : to) {
            if (!left.isEmpty() && channels(left.peek()).equals(channels(heir))) {
                parents.put(heir, left.poll());
            } else if (heir.role() == Role.CONV_WEIGHT) {
                passing.add(heir);
            }
        }
        return passing;
    }

    /** Out, and in per group. */
    private static List<Integer> channels(SharedTensor tensor) {
        return tensor.dims().subList(0, Math.min(2, tensor.dims().size()));
    }

    /** What the factor of a channel scale is computed with, back to the mean over the image. */
    private static Set<SharedTensor> squeezes(Segment segment) {
        Set<SharedTensor> tensors = new LinkedHashSet<>();
        sides(segment).forEach(side -> side.forEach(op -> op.weights().forEach(weight -> tensors.add(weight.tensor()))));
        return tensors;
    }

    /** Weights and biases of the last convolution before each gate. */
    private static Set<SharedTensor> beforeGates(Segment segment) {
        Set<SharedTensor> tensors = new LinkedHashSet<>();
        sides(segment).forEach(side -> side.stream().filter(op -> op instanceof Op.Conv || op instanceof Op.Linear).findFirst()
            .ifPresent(op -> op.weights().forEach(weight -> tensors.add(weight.tensor()))));
        return tensors;
    }

    /** The ops of every squeeze-and-excite from the gate back to the mean. */
    private static List<List<Op>> sides(Segment segment) {
        Map<Value, Op> makers = new HashMap<>();
        segment.ops().forEach(op -> makers.put(op.output(), op));
        List<List<Op>> sides = new ArrayList<>();
        for (Op op : segment.ops()) {
            if (op instanceof Op.ChannelScale scale) {
                List<Op> side = new ArrayList<>();
                Op at = makers.get(scale.factor());
                while (at != null && !(at instanceof Op.GlobalPool)) {
                    side.add(at);
                    at = makers.get(at.inputs().get(0));
                }
                sides.add(side);
            }
        }
        return sides;
    }
}
