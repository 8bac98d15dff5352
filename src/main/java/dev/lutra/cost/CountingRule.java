package dev.lutra.cost;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * How a publication counts: what an op costs, and which tensors are parameters. Tables of different papers compare only
 * under the same rule.
 */
public enum CountingRule {

    /** K0: SPOS, ShuffleNet-Series, FairNAS, MoGA, ProxylessNAS. Convolutions and linear layers, nothing else. */
    MACS(new MacCount(), Role::isCounted),

    /** K1: CanyonWind's MXNet script (OneShot-S+). Also bias adds and pooling. */
    MXNET(new MacCount.Mxnet(), Role::isCounted),

    /** K2: mmcv and MMRazor. Also bias adds of convolutions, batch norm, ReLU and pooling. */
    MMCV(new MacCount.Mmcv(), Role::isCounted),

    /** K3: the thop inside AngleNAS. Linear layers as (2·in − 1)·out. */
    THOP(new MacCount.BundledThop(), Role::isCounted),

    /** K4a: FairNAS with squeeze-excite, newer thop. Also bias adds, batch norm twice, pooling. */
    THOP_NEWER(new MacCount.Thop(2, 1), Role::isCounted),

    /** K4b: FairNAS with squeeze-excite, older thop. Batch norm four times, linear layers twice. */
    THOP_OLDER(new MacCount.Thop(4, 2), Role::isCounted),

    /** K5: FBNet in mobile-vision since 2020. Also global pooling; parameters are weights only. */
    FBNET(new MacCount.MobileVision(), Role::decays),

    /** K6: FBNet in mobile-vision of 2019. As K0; parameters are weights only. */
    FBNET_2019(new MacCount(), Role::decays),

    /** KB: SPOS's search of bits. Multiply-accumulates times bits, without the first convolution and linear layers. */
    BITOPS(new MacCount.BitOps(), Role::isCounted),

    /** K7: the MicroNet challenge. Multiplications plus additions; {@link MicroNet} has them apart, and the score. */
    MICRONET(new OpCount() {}, Role::isCounted) {
        @Override
        public Cost count(List<Op> ops) {
            MicroNet counted = MicroNet.of(ops);
            return new Cost(counted.total().operations(), Math.round(counted.total().params()));
        }
    };

    private final OpCount macs;
    private final Predicate<Role> isParameter;

    CountingRule(OpCount macs, Predicate<Role> isParameter) {
        this.macs = macs;
        this.isParameter = isParameter;
    }

    /**
     * A rule by its name on the command line: {@code macs}, {@code mxnet}, {@code fbnet-2019}.
     *
     * @throws InputException if there is none
     */
    public static CountingRule named(String name) {
        return Arrays.stream(values()).filter(rule -> rule.ruleName().equals(name)).findFirst()
            .orElseThrow(() -> new InputException("counting: " + name + " (expected: one of "
                + String.join(", ", names()) + ")"));
    }

    /** Names of all rules. */
    public static List<String> names() {
        return Arrays.stream(values()).map(CountingRule::ruleName).toList();
    }

    /** Name on the command line. */
    public String ruleName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether the cost of a network is the sum of its segments' costs: MicroNet's parameters are rounded once, as a whole. */
    public boolean isSumOfSegments() {
        return this != MICRONET;
    }

    /** Cost of a network. */
    public Cost count(Network network) {
        long macs = 0;
        long params = 0;
        for (Segment segment : network.segments()) {
            Cost cost = count(segment.ops());
            macs += cost.macs();
            params += cost.params();
        }
        return new Cost(macs, params);
    }

    /** Cost of some ops. */
    public Cost count(List<Op> ops) {
        long total = 0;
        long params = 0;
        for (Op op : ops) {
            total += op.accept(macs);
            for (Weight weight : op.weights()) {
                params += isParameter.test(weight.tensor().role()) ? weight.elements() : 0;
            }
        }
        return new Cost(total, params);
    }
}
