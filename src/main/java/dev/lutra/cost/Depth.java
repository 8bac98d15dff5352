package dev.lutra.cost;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Value;
import java.util.HashMap;
import java.util.Map;

/** How deep a network is. */
public final class Depth {

    private Depth() {}

    /**
     * Activations on the longest way from the input to the output. Layers without one, as the projection of an inverted bottleneck
     * or a shortcut that only changes the width, add nothing: together they compute what one layer could.
     */
    public static int of(Network network) {
        Map<Value, Integer> depths = new HashMap<>();
        for (Op op : network.ops()) {
            int before = op.inputs().stream().mapToInt(input -> depths.getOrDefault(input, 0)).max().orElse(0);
            depths.put(op.output(), before + (op instanceof Op.Activation ? 1 : 0));
        }
        return depths.getOrDefault(network.output(), 0);
    }
}
