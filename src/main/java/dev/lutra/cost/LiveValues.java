package dev.lutra.cost;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.OpVisitor;
import dev.lutra.network.Segment;
import dev.lutra.network.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How many activations of a network are there at the same time at most, if each is there from the op that gives it to the last op
 * that reads it, and ops that can write over what they read do. What memory is planned by: Chen et al. 2016, Training Deep Nets with
 * Sublinear Memory Cost, 3; Pisarchyk and Lee 2020, Efficient Memory Management for Deep Neural Net Inference.
 */
public final class LiveValues {

    /** Whether an op may write its output over an input that nobody reads afterwards: elementwise ones, and those that leave all as it is. */
    private static final OpVisitor<Boolean> OVERWRITES = new OpVisitor<>() {
        @Override
        public Boolean conv(Op.Conv op) {
            return false;
        }

        @Override
        public Boolean linear(Op.Linear op) {
            return false;
        }

        @Override
        public Boolean batchNorm(Op.BatchNorm op) {
            return true;
        }

        @Override
        public Boolean activation(Op.Activation op) {
            return true;
        }

        @Override
        public Boolean pool(Op.Pool op) {
            return false;
        }

        @Override
        public Boolean globalPool(Op.GlobalPool op) {
            return false;
        }

        @Override
        public Boolean channelSlice(Op.ChannelSlice op) {
            return false;
        }

        @Override
        public Boolean channelShuffle(Op.ChannelShuffle op) {
            return false;
        }

        @Override
        public Boolean concat(Op.Concat op) {
            return false;
        }

        @Override
        public Boolean add(Op.Add op) {
            return true;
        }

        @Override
        public Boolean channelScale(Op.ChannelScale op) {
            return true;
        }

        @Override
        public Boolean flatten(Op.Flatten op) {
            return true;
        }

        @Override
        public Boolean dropout(Op.Dropout op) {
            return true;
        }

        @Override
        public Boolean head(Op.Head op) {
            return false;
        }

        @Override
        public Boolean quantize(Op.Quantize op) {
            return true;
        }
    };

    private LiveValues() {}

    /** Of a network, for one image. */
    public static long most(Network network) {
        return most(network.inputs(), network.ops(), network.outputs());
    }

    /**
     * Of a segment, for one image: what it reads is there at its beginning, what it gives at its end. Where every segment reads what
     * the one before it gives and nothing else, a network's is the largest of its segments'.
     */
    public static long most(Segment segment) {
        return most(segment.inputs(), segment.ops(), segment.outputs());
    }

    private static long most(List<Value> inputs, List<Op> ops, List<Value> outputs) {
        Map<Integer, Integer> lastRead = new HashMap<>();
        for (int i = 0; i < ops.size(); i++) {
            for (Value input : ops.get(i).inputs()) {
                lastRead.put(input.id(), i);
            }
        }
        outputs.forEach(output -> lastRead.put(output.id(), ops.size()));
        long now = inputs.stream().mapToLong(LiveValues::size).sum();
        long most = now;
        for (int i = 0; i < ops.size(); i++) {
            Op op = ops.get(i);
            long ending = 0;
            boolean hasPlace = false;
            Set<Integer> read = new HashSet<>();
            for (Value input : op.inputs()) {
                if (lastRead.get(input.id()) == i && read.add(input.id())) {
                    ending += size(input);
                    hasPlace |= size(input) >= size(op.output());
                }
            }
            now += size(op.output());
            most = Math.max(most, hasPlace && op.accept(OVERWRITES) ? now - size(op.output()) : now);
            now -= ending + (lastRead.containsKey(op.output().id()) ? 0 : size(op.output()));
        }
        return most;
    }

    private static long size(Value value) {
        return value.shape().elements();
    }
}
