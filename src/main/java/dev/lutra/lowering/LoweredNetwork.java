package dev.lutra.lowering;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Value;
import dev.lutra.network.WeightSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network as it is used.
 *
 * @param network what is computed
 * @param weights of its ops
 * @param names of the values, by the ops that gave them in the network as it was built, so that they are found again there
 * @param precision what it computes in
 */
public record LoweredNetwork(Network network, WeightSource weights, Map<Value, String> names, Precision precision) {

    public LoweredNetwork {
        names = Map.copyOf(names);
    }

    /** A network as it was built, in float32. */
    public static LoweredNetwork of(Network network, WeightSource weights) {
        Map<Value, String> names = new HashMap<>();
        for (Op op : network.ops()) {
            names.put(op.output(), op.name());
        }
        return new LoweredNetwork(network, weights, names, Precision.FLOAT32);
    }

    /** This one after some passes, in their order. */
    public LoweredNetwork after(List<Lowering> passes) {
        LoweredNetwork lowered = this;
        for (Lowering pass : passes) {
            lowered = pass.apply(lowered);
        }
        return lowered;
    }
}
