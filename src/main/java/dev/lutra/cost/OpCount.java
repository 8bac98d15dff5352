package dev.lutra.cost;

import dev.lutra.network.Op;
import dev.lutra.network.OpVisitor;

/** Something counted op by op; zero for the ops that a rule says nothing about. */
abstract class OpCount implements OpVisitor<Long> {

    @Override
    public Long conv(Op.Conv op) {
        return 0L;
    }

    @Override
    public Long linear(Op.Linear op) {
        return 0L;
    }

    @Override
    public Long batchNorm(Op.BatchNorm op) {
        return 0L;
    }

    @Override
    public Long activation(Op.Activation op) {
        return 0L;
    }

    @Override
    public Long pool(Op.Pool op) {
        return 0L;
    }

    @Override
    public Long globalPool(Op.GlobalPool op) {
        return 0L;
    }

    @Override
    public Long channelSlice(Op.ChannelSlice op) {
        return 0L;
    }

    @Override
    public Long channelShuffle(Op.ChannelShuffle op) {
        return 0L;
    }

    @Override
    public Long concat(Op.Concat op) {
        return 0L;
    }

    @Override
    public Long add(Op.Add op) {
        return 0L;
    }

    @Override
    public Long channelScale(Op.ChannelScale op) {
        return 0L;
    }

    @Override
    public Long flatten(Op.Flatten op) {
        return 0L;
    }

    @Override
    public Long dropout(Op.Dropout op) {
        return 0L;
    }

    @Override
    public Long head(Op.Head op) {
        return 0L; // somebody else's, of which nothing is known but how long it takes
    }

    @Override
    public Long quantize(Op.Quantize op) {
        return 0L;
    }
}
