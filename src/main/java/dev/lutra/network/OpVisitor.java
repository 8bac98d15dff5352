package dev.lutra.network;

/**
 * An interpreter of networks: one method per op, so that none can be forgotten.
 *
 * @param <R> what interpreting one op gives
 */
public interface OpVisitor<R> {
    R conv(Op.Conv op);

    R linear(Op.Linear op);

    R batchNorm(Op.BatchNorm op);

    R activation(Op.Activation op);

    R pool(Op.Pool op);

    R globalPool(Op.GlobalPool op);

    R channelSlice(Op.ChannelSlice op);

    R channelShuffle(Op.ChannelShuffle op);

    R concat(Op.Concat op);

    R add(Op.Add op);

    R channelScale(Op.ChannelScale op);

    R flatten(Op.Flatten op);

    R dropout(Op.Dropout op);

    R quantize(Op.Quantize op);

    R head(Op.Head op);
}
