package dev.lutra.network;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.Op.Activation.Function;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A network as named values: every op's kind, settings, weights and inputs under its name. What most ops do not have (padding,
 * dilation, groups, a bias) is named where an op has it, so that a setting added later changes nothing for networks without it.
 */
final class NetworkValues implements OpVisitor<Void> {

    private final NamedValues.Builder values = NamedValues.builder();
    private final Map<Value, String> names = new HashMap<>();

    private NetworkValues() {}

    static NamedValues of(Network network) {
        NetworkValues visitor = new NetworkValues();
        for (int i = 0; i < network.inputs().size(); i++) {
            String name = "input." + i;
            visitor.names.put(network.inputs().get(i), name);
            visitor.values.put(name, network.inputs().get(i).shape().toString());
        }
        for (Op op : network.ops()) {
            visitor.names.put(op.output(), op.name());
            op.accept(visitor);
        }
        visitor.values.put("outputs", visitor.listed(network.outputs()));
        return visitor.values.build();
    }

    private String listed(List<Value> read) {
        return read.stream().map(names::get).collect(Collectors.joining(" "));
    }

    /** What every op has. */
    private void op(String kind, Op op) {
        values.put(op.name() + ".op", kind).put(op.name() + ".reads", listed(op.inputs()));
    }

    private void setting(Op op, String name, int value, int usual) {
        values.putLater(op.name() + "." + name, Integer.toString(value), Integer.toString(usual));
    }

    private void weight(Op op, String name, Weight weight) {
        String part = weight.view() instanceof Weight.Box box
            ? " part " + joined(box.extents()) + " from " + joined(box.offsets())
            : "";
        values.put(op.name() + "." + name, weight.tensor().name() + " " + joined(weight.tensor().dims()) + part);
    }

    private void bias(Op op, Optional<Weight> bias) {
        bias.ifPresent(weight -> weight(op, "bias", weight));
    }

    private static String joined(List<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining("x"));
    }

    @Override
    public Void conv(Op.Conv op) {
        op("conv", op);
        weight(op, "weight", op.weight());
        bias(op, op.bias());
        setting(op, "kernel", op.kernel(), 1);
        setting(op, "stride", op.stride(), 1);
        setting(op, "padding", op.padding(), 0);
        setting(op, "dilation", op.dilation(), 1);
        setting(op, "groups", op.groups(), 1);
        bits(op, op.bits());
        return null;
    }

    @Override
    public Void linear(Op.Linear op) {
        op("linear", op);
        weight(op, "weight", op.weight());
        bias(op, op.bias());
        bits(op, op.bits());
        return null;
    }

    private void bits(Op op, Bits bits) {
        values.putLater(op.name() + ".bits", bits.toString(), Bits.FLOAT.toString());
    }

    @Override
    public Void batchNorm(Op.BatchNorm op) {
        op("batch-norm", op);
        weight(op, "scale", op.scale());
        weight(op, "shift", op.shift());
        weight(op, "mean", op.runningMean());
        weight(op, "variance", op.runningVariance());
        values.put(op.name() + ".epsilon", op.epsilon());
        return null;
    }

    @Override
    public Void activation(Op.Activation op) {
        op(word(op.function()), op);
        return null;
    }

    private static String word(Function function) {
        return switch (function) {
            case RELU -> "relu";
            case RELU6 -> "relu6";
            case HARD_SWISH -> "hard-swish";
            case HARD_SIGMOID -> "hard-sigmoid";
            case SWISH -> "swish";
            case SIGMOID -> "sigmoid";
        };
    }

    @Override
    public Void pool(Op.Pool op) {
        op(op.kind() == Op.Pool.Kind.MAX ? "max-pool" : "average-pool", op);
        setting(op, "kernel", op.kernel(), 1);
        setting(op, "stride", op.stride(), 1);
        setting(op, "padding", op.padding(), 0);
        return null;
    }

    @Override
    public Void globalPool(Op.GlobalPool op) {
        op("global-pool", op);
        return null;
    }

    @Override
    public Void channelSlice(Op.ChannelSlice op) {
        op("channel-slice", op);
        setting(op, "start", op.start(), 0);
        setting(op, "step", op.step(), 1);
        values.put(op.name() + ".channels", op.output().shape().channels());
        return null;
    }

    @Override
    public Void channelShuffle(Op.ChannelShuffle op) {
        op("channel-shuffle", op);
        setting(op, "groups", op.groups(), 1);
        return null;
    }

    @Override
    public Void concat(Op.Concat op) {
        op("concat", op);
        return null;
    }

    @Override
    public Void add(Op.Add op) {
        op("add", op);
        return null;
    }

    @Override
    public Void channelScale(Op.ChannelScale op) {
        op("channel-scale", op);
        return null;
    }

    @Override
    public Void flatten(Op.Flatten op) {
        op("flatten", op);
        return null;
    }

    @Override
    public Void dropout(Op.Dropout op) {
        op("dropout", op);
        values.put(op.name() + ".rate", op.rate());
        return null;
    }

    @Override
    public Void head(Op.Head op) {
        op("head", op);
        values.put(op.name() + ".graph", op.graph().content());
        return null;
    }

    @Override
    public Void quantize(Op.Quantize op) {
        op("quantize", op);
        weight(op, "step", op.step());
        values.put(op.name() + ".bits", op.bits()).put(op.name() + ".signed", op.signed());
        return null;
    }
}
