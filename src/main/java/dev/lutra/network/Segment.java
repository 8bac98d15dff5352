package dev.lutra.network;

import dev.lutra.proto.content.Sha256;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A contiguous run of a network's ops: what an agent times and a lookup table stores.
 *
 * @param name in its network: {@code stem}, {@code layer3}, {@code head}
 * @param ops in order; empty for a layer that is left out
 * @param inputs values from before the segment that it reads
 * @param outputs values of the segment that are read after it
 */
public record Segment(String name, List<Op> ops, List<Value> inputs, List<Value> outputs) {

    private static final int KEY_DIGITS = 16;

    public Segment {
        ops = List.copyOf(ops);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /**
     * Segments that follow each other.
     *
     * @param outputs of the network that they make
     */
    static List<Segment> chain(List<String> names, List<List<Op>> ops, List<Value> outputs) {
        BitSet readLater = new BitSet();
        outputs.forEach(output -> readLater.set(output.id()));
        Segment[] segments = new Segment[names.size()];
        for (int i = segments.length - 1; i >= 0; i--) {
            segments[i] = of(names.get(i), ops.get(i), readLater);
            segments[i].inputs().forEach(value -> readLater.set(value.id()));
        }
        return List.of(segments);
    }

    /** @param readLater ids of the values that later segments read, or that the network gives */
    private static Segment of(String name, List<Op> ops, BitSet readLater) {
        BitSet known = new BitSet();
        List<Value> inputs = new ArrayList<>();
        List<Value> outputs = new ArrayList<>();
        for (Op op : ops) {
            for (Value input : op.inputs()) {
                if (!known.get(input.id())) {
                    known.set(input.id());
                    inputs.add(input);
                }
            }
            known.set(op.output().id());
            if (readLater.get(op.output().id())) {
                outputs.add(op.output());
            }
        }
        return new Segment(name, ops, inputs, outputs);
    }

    /** The segment as a network of its own. */
    public Network asNetwork() {
        return new Network(name, inputs, outputs, List.of(this));
    }

    /**
     * What a device sees of this segment: ops, attributes, bits and shapes, with values numbered by first use and no names.
     * Two segments with equal signatures run the same computation on differently valued weights.
     */
    public String signature() {
        Map<Value, Integer> numbers = new HashMap<>();
        StringBuilder text = new StringBuilder();
        for (Value input : inputs) {
            numbers.put(input, numbers.size());
            text.append("in ").append(input.shape()).append("; ");
        }
        Signature signature = new Signature();
        for (Op op : ops) {
            text.append(op.accept(signature));
            for (Value input : op.inputs()) {
                text.append(" v").append(numbers.get(input));
            }
            numbers.put(op.output(), numbers.size());
            text.append(" to ").append(op.output().shape()).append("; ");
        }
        text.append("out");
        for (Value output : outputs) {
            text.append(" v").append(numbers.get(output));
        }
        return text.toString();
    }

    /**
     * Name of the segment in a lookup table: equal exactly when the signatures are equal (SHA-256, first 16 hex digits).
     * Batch and the type of what is not quantized belong to the table.
     */
    public String key() {
        return Sha256.of(signature()).substring(0, KEY_DIGITS);
    }

    /** One op without its values. */
    private static final class Signature implements OpVisitor<String> {
        @Override
        public String conv(Op.Conv op) {
            return "conv k" + op.kernel() + " s" + op.stride() + " p" + op.padding() + " d" + op.dilation()
                + " g" + op.groups() + (op.bias().isPresent() ? " bias" : "") + bits(op.bits());
        }

        @Override
        public String linear(Op.Linear op) {
            return (op.bias().isPresent() ? "linear bias" : "linear") + bits(op.bits());
        }

        /** Nothing in float32, so that tables of such networks stay what they are. */
        private static String bits(Bits bits) {
            return bits.equals(Bits.FLOAT) ? "" : " bits " + bits;
        }

        @Override
        public String batchNorm(Op.BatchNorm op) {
            return "bn";
        }

        @Override
        public String activation(Op.Activation op) {
            return op.function().name().toLowerCase(Locale.ROOT);
        }

        @Override
        public String pool(Op.Pool op) {
            return op.kind().name().toLowerCase(Locale.ROOT)
                + "pool k" + op.kernel() + " s" + op.stride() + " p" + op.padding();
        }

        @Override
        public String globalPool(Op.GlobalPool op) {
            return "globalpool";
        }

        @Override
        public String channelSlice(Op.ChannelSlice op) {
            return "slice " + op.start() + ":" + op.step();
        }

        @Override
        public String channelShuffle(Op.ChannelShuffle op) {
            return "shuffle g" + op.groups();
        }

        @Override
        public String concat(Op.Concat op) {
            return "concat";
        }

        @Override
        public String add(Op.Add op) {
            return "add";
        }

        @Override
        public String channelScale(Op.ChannelScale op) {
            return "scale";
        }

        @Override
        public String flatten(Op.Flatten op) {
            return "flatten";
        }

        @Override
        public String dropout(Op.Dropout op) {
            return "dropout";
        }

        @Override
        public String head(Op.Head op) {
            return "head " + op.graph().content();
        }

        @Override
        public String quantize(Op.Quantize op) {
            return "quantize " + (op.signed() ? "s" : "u") + op.bits();
        }
    }
}
