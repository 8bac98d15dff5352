package dev.lutra.cost;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import java.util.List;

/**
 * Cost of a run of ops.
 *
 * @param macs multiply-accumulates for one image, under the rule it was counted with
 * @param params learned values: weights, biases, batch norm's scale and shift (running statistics are not learned)
 */
public record Cost(long macs, long params) {

    /** Cost of a network under rule K0. */
    public static Cost of(Network network) {
        return of(network.ops());
    }

    /** Cost of some ops under rule K0. */
    public static Cost of(List<Op> ops) {
        MacRule rule = new MacRule();
        long macs = 0;
        long params = 0;
        for (Op op : ops) {
            macs += op.accept(rule);
            for (Weight weight : op.weights()) {
                params += weight.tensor().role().isParameter() ? weight.elements() : 0;
            }
        }
        return new Cost(macs, params);
    }
}
