package dev.lutra.network;

import java.util.List;
import java.util.Optional;

/**
 * One operation of a network. A closed family: a new op is a new record here and a new method of {@link OpVisitor},
 * and the compiler then names every interpreter that has to learn it.
 */
public sealed interface Op {

    /** Unique in the network, scope by scope: {@code layer3.k5.expand}. */
    String name();

    List<Value> inputs();

    Value output();

    <R> R accept(OpVisitor<R> visitor);

    /** The shared weights this op reads, running statistics included, in a fixed order. */
    default List<Weight> weights() {
        return List.of();
    }

    /**
     * 2-d convolution with symmetric zero padding.
     *
     * @param weight out, in per group, kernel, kernel
     * @param bias out
     */
    record Conv(String name, Value input, Value output, Weight weight, Optional<Weight> bias,
        int kernel, int stride, int padding, int dilation, int groups) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public List<Weight> weights() {
            return withBias(weight, bias);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.conv(this);
        }
    }

    /** Matrix product of a vector: {@code weight} is out, in. */
    record Linear(String name, Value input, Value output, Weight weight, Optional<Weight> bias) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public List<Weight> weights() {
            return withBias(weight, bias);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.linear(this);
        }
    }

    /** Batch normalisation over channels. Scale and shift always exist; whether they are learned is the trainer's choice. */
    record BatchNorm(String name, Value input, Value output, Weight scale, Weight shift,
        Weight runningMean, Weight runningVariance, double epsilon) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public List<Weight> weights() {
            return List.of(scale, shift, runningMean, runningVariance);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.batchNorm(this);
        }
    }

    /** An elementwise function. */
    record Activation(String name, Value input, Value output, Function function) implements Op {

        /** Which function. Hard-sigmoid is clip(x + 3, 0, 6) / 6; hard-swish is x times that; swish is x · sigmoid(x). */
        public enum Function {
            RELU, RELU6, HARD_SWISH, HARD_SIGMOID, SWISH, SIGMOID
        }

        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.activation(this);
        }
    }

    /** Spatial pooling; the average leaves padding out of its count. */
    record Pool(String name, Value input, Value output, Kind kind, int kernel, int stride, int padding) implements Op {

        /** Which statistic of the window. */
        public enum Kind {
            MAX, AVERAGE
        }

        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.pool(this);
        }
    }

    /** Mean over both spatial axes; the output keeps them as 1×1. */
    record GlobalPool(String name, Value input, Value output) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.globalPool(this);
        }
    }

    /** Channels {@code start}, {@code start + step}, …; step 2 from 0 and from 1 is a two-group shuffle and split in one. */
    record ChannelSlice(String name, Value input, Value output, int start, int step) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.channelSlice(this);
        }
    }

    /** ShuffleNet's channel shuffle: channels seen as groups × n, transposed to n × groups. */
    record ChannelShuffle(String name, Value input, Value output, int groups) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.channelShuffle(this);
        }
    }

    /** Joins values along the channels. */
    record Concat(String name, List<Value> inputs, Value output) implements Op {
        public Concat {
            inputs = List.copyOf(inputs);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.concat(this);
        }
    }

    /** Elementwise sum of two values of one shape. */
    record Add(String name, Value left, Value right, Value output) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(left, right);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.add(this);
        }
    }

    /** Multiplies every channel of {@code input} by its entry in {@code factor}, a 1×1 image (squeeze-excite). */
    record ChannelScale(String name, Value input, Value factor, Value output) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input, factor);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.channelScale(this);
        }
    }

    /** A 1×1 image as a vector, or any image row-major. */
    record Flatten(String name, Value input, Value output) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.flatten(this);
        }
    }

    /** Dropout in training; nothing at all otherwise. */
    record Dropout(String name, Value input, Value output, double rate) implements Op {
        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.dropout(this);
        }
    }

    private static List<Weight> withBias(Weight weight, Optional<Weight> bias) {
        return bias.isPresent() ? List.of(weight, bias.get()) : List.of(weight);
    }
}
