package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Value;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Leaves branches out, for every image by itself, and scales those that stay (Huang et al. 2016; in cells Larsson et al. 2017). A
 * branch is what an addition adds to something that the branch itself was made from; where it adds two things of which neither was made
 * from the other, as a cell's node does, both are, unless they are sums or join several values. The last branches are left out most
 * often, and the others in proportion to how many there are before them.
 *
 * @param rate of the last addition's branches, above 0 to below 1
 * @param rises whether rates grow from 0 with the steps of the training, as NAO's do
 */
public record StochasticDepth(double rate, boolean rises) {

    /**
     * What is left out of a network how often, by the number of the value.
     *
     * @param progress share of the training's steps that are taken, 0 to below 1
     */
    public Map<Integer, Double> rates(Network network, double progress) {
        Map<Integer, Op> makers = new HashMap<>();
        network.ops().forEach(op -> makers.put(op.output().id(), op));
        List<Op.Add> additions = network.ops().stream().filter(Op.Add.class::isInstance).map(Op.Add.class::cast).toList();
        Map<Integer, Double> rates = new HashMap<>();
        for (int i = 0; i < additions.size(); i++) {
            double own = rate * (i + 1) / additions.size() * (rises ? progress : 1);
            for (Value branch : branches(additions.get(i), makers)) {
                rates.put(branch.id(), own);
            }
        }
        return rates;
    }

    private static List<Value> branches(Op.Add addition, Map<Integer, Op> makers) {
        if (isMadeFrom(addition.right(), addition.left(), makers)) {
            return List.of(addition.right());
        }
        if (isMadeFrom(addition.left(), addition.right(), makers)) {
            return List.of(addition.left());
        }
        return List.of(addition.left(), addition.right()).stream().filter(value -> isBranch(makers.get(value.id()))).toList();
    }

    private static boolean isBranch(Op maker) {
        return maker != null && !(maker instanceof Op.Add) && !(maker instanceof Op.Concat);
    }

    private static boolean isMadeFrom(Value value, Value other, Map<Integer, Op> makers) {
        Deque<Value> open = new ArrayDeque<>(List.of(value));
        Set<Integer> seen = new HashSet<>();
        while (!open.isEmpty()) {
            Value next = open.pop();
            if (next.id() == other.id()) {
                return true;
            }
            Op maker = makers.get(next.id());
            if (maker != null && seen.add(next.id())) {
                open.addAll(maker.inputs());
            }
        }
        return false;
    }

    /** A pass that leaves out branches, drawn by the engine's own seed as dropout is. */
    public static Forward.Hook hook(Map<Integer, Double> rates) {
        return (op, value) -> {
            double rate = rates.getOrDefault(op.output().id(), 0.0);
            if (rate == 0) {
                return value;
            }
            Shape perImage = new Shape(value.getShape().get(0), 1, 1, 1);
            NDArray kept = value.getManager().randomUniform(0, 1, perImage).gte(rate).toType(DataType.FLOAT32, false);
            try (value) {
                return value.mul(kept.mul((float) (1 / (1 - rate))));
            }
        };
    }
}
