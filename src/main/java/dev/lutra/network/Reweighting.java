package dev.lutra.network;

import java.util.function.UnaryOperator;

/** Ops as they are, but for the weights that they see. */
final class Reweighting {

    private Reweighting() {}

    static Op of(Op op, UnaryOperator<Weight> to) {
        if (op instanceof Op.Conv conv) {
            return conv.with(to.apply(conv.weight()), conv.bias().map(to), conv.output());
        }
        if (op instanceof Op.Linear linear) {
            return linear.with(to.apply(linear.weight()), linear.bias().map(to), linear.output());
        }
        if (op instanceof Op.Quantize quantize) {
            return new Op.Quantize(quantize.name(), quantize.input(), quantize.output(), to.apply(quantize.step()), quantize.bits(),
                quantize.signed());
        }
        if (op instanceof Op.BatchNorm norm) {
            return new Op.BatchNorm(norm.name(), norm.input(), norm.output(), to.apply(norm.scale()), to.apply(norm.shift()),
                to.apply(norm.runningMean()), to.apply(norm.runningVariance()), norm.epsilon());
        }
        return op;
    }
}
