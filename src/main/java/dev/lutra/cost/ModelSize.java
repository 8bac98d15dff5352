package dev.lutra.cost;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import java.util.List;

/**
 * How large a network's parameters are.
 *
 * @param bits parameters, each times the bits that it needs: weights of few bits these, everything else 32
 * @param bytes what they take where the smallest stored number is a byte, as in exported files: weights of few bits one each,
 *     everything else four
 */
public record ModelSize(long bits, long bytes) {

    private static final int FLOAT_BYTES = Float.BYTES;

    public static ModelSize of(Network network) {
        return of(network.ops());
    }

    /** Of some ops. */
    public static ModelSize of(List<Op> ops) {
        long bits = 0;
        long bytes = 0;
        for (Op op : ops) {
            for (Weight weight : op.weights()) {
                if (weight.tensor().role().isCounted()) {
                    int own = weight.tensor().role().decays() ? weightBits(op) : Float.SIZE;
                    bits += weight.elements() * own;
                    bytes += weight.elements() * (own == Float.SIZE ? FLOAT_BYTES : 1);
                }
            }
        }
        return new ModelSize(bits, bytes);
    }

    private static int weightBits(Op op) {
        if (op instanceof Op.Conv conv) {
            return conv.bits().weights();
        }
        return op instanceof Op.Linear linear ? linear.bits().weights() : Float.SIZE;
    }
}
