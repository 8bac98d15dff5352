package dev.lutra.cost;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import java.util.List;

/**
 * Cost of a run of ops.
 *
 * @param macs operations for one image, as the rule it was counted with has them; multiply-accumulates under most
 * @param params learned values that the rule counts: under most weights, biases, batch norm's scale and shift (running
 *     statistics are not learned)
 */
public record Cost(long macs, long params) {

    /** Cost of a network under rule {@link CountingRule#MACS}. */
    public static Cost of(Network network) {
        return CountingRule.MACS.count(network);
    }

    /** Cost of some ops under rule {@link CountingRule#MACS}. */
    public static Cost of(List<Op> ops) {
        return CountingRule.MACS.count(ops);
    }
}
