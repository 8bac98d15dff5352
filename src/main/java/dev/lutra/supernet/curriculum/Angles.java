package dev.lutra.supernet.curriculum;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.supernet.SupernetWeights;
import java.util.HashMap;
import java.util.Map;

/**
 * How far training has turned the weights of a path (Hu et al. 2020, AngleNAS): the weights of its convolutions and its classifier
 * as one vector, and the angle between that vector as it is and as it was at the base, arccos(V₀·V / |V₀| |V|), 0 to π. Ops
 * without weights add nothing. What a path uses of each tensor is summed once, for as long as the weights stay.
 */
final class Angles {

    /** Sums over what an op uses of a tensor. */
    private record Sums(double product, double base, double now) {}

    private final SupernetWeights weights;
    private final Map<Weight, Sums> known = new HashMap<>();

    Angles(SupernetWeights weights) {
        this.weights = weights;
    }

    double of(Network path) {
        double product = 0;
        double base = 0;
        double now = 0;
        for (Op op : path.ops()) {
            for (Weight weight : op.weights()) {
                if (weight.tensor().role() == Role.CONV_WEIGHT || weight.tensor().role() == Role.LINEAR_WEIGHT) {
                    Sums sums = known.computeIfAbsent(weight, this::sums);
                    product += sums.product();
                    base += sums.base();
                    now += sums.now();
                }
            }
        }
        return Math.acos(Math.max(-1, Math.min(1, product / Math.sqrt(base * now))));
    }

    private Sums sums(Weight weight) {
        float[] before = weight.cut(weights.base(weight.tensor()));
        float[] after = weights.read(weight);
        double product = 0;
        double base = 0;
        double now = 0;
        for (int i = 0; i < after.length; i++) {
            product += (double) before[i] * after[i];
            base += (double) before[i] * before[i];
            now += (double) after[i] * after[i];
        }
        return new Sums(product, base, now);
    }
}
