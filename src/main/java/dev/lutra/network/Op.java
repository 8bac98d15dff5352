package dev.lutra.network;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
     * @param bits that it multiplies in
     * @param steps distances of the grids that the weights lie on, by output channel; empty: they are rounded when they are used
     */
    record Conv(String name, Value input, Value output, Weight weight, Optional<Weight> bias,
        int kernel, int stride, int padding, int dilation, int groups, Bits bits, Optional<Weight> steps) implements Op {

        /** In float32. */
        public Conv(String name, Value input, Value output, Weight weight, Optional<Weight> bias, int kernel, int stride, int padding,
            int dilation, int groups) {
            this(name, input, output, weight, bias, kernel, stride, padding, dilation, groups, Bits.FLOAT, Optional.empty());
        }

        /** The same with other weights, for another output. */
        public Conv with(Weight otherWeight, Optional<Weight> otherBias, Value otherOutput) {
            return new Conv(name, input, otherOutput, otherWeight, otherBias, kernel, stride, padding, dilation, groups, bits, steps);
        }

        /** The same with weights that lie on their grids. */
        public Conv onGrid(Weight rounded, Weight gridSteps) {
            return new Conv(name, input, output, rounded, bias, kernel, stride, padding, dilation, groups, bits, Optional.of(gridSteps));
        }

        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public List<Weight> weights() {
            return present(weight, bias, steps);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.conv(this);
        }
    }

    /**
     * Matrix product of a vector: {@code weight} is out, in.
     *
     * @param bits that it multiplies in
     * @param steps distances of the grids that the weights lie on, by output; empty: they are rounded when they are used
     */
    record Linear(String name, Value input, Value output, Weight weight, Optional<Weight> bias, Bits bits,
        Optional<Weight> steps) implements Op {

        /** In float32. */
        public Linear(String name, Value input, Value output, Weight weight, Optional<Weight> bias) {
            this(name, input, output, weight, bias, Bits.FLOAT, Optional.empty());
        }

        /** The same with other weights, for another output. */
        public Linear with(Weight otherWeight, Optional<Weight> otherBias, Value otherOutput) {
            return new Linear(name, input, otherOutput, otherWeight, otherBias, bits, steps);
        }

        /** The same with weights that lie on their grids. */
        public Linear onGrid(Weight rounded, Weight gridSteps) {
            return new Linear(name, input, output, rounded, bias, bits, Optional.of(gridSteps));
        }

        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public List<Weight> weights() {
            return present(weight, bias, steps);
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

    /**
     * Rounds values to a grid: clip(round(x / step), least, most) · step, half to even (LSQ, Esser et al. 2020, eq. 1 and 2).
     *
     * @param step distance of the grid's points, one for all values, learned, in parts of {@link #unitStep()}
     * @param bits the grid has 2 to their power points
     * @param signed whether half of these are below zero; otherwise none
     */
    record Quantize(String name, Value input, Value output, Weight step, int bits, boolean signed) implements Op {

        /** The grid's least point, in steps. */
        public int least() {
            return signed ? -(1 << bits - 1) : 0;
        }

        /** The grid's greatest point, in steps. */
        public int most() {
            return least() + (1 << bits) - 1;
        }

        /**
         * What the step is for values of variance 1, or their positive part: LSQ's first value, 2·mean / √most of the magnitudes, unless a
         * finer grid already reaches four deviations.
         */
        public double unitStep() {
            double mean = signed ? NORMAL_MAGNITUDE : NORMAL_MAGNITUDE / 2;
            return Math.min(2 * mean / Math.sqrt(most()), FARTHEST / most());
        }

        /** Mean of |x| of a standard normal x: √(2/π). */
        private static final double NORMAL_MAGNITUDE = 0.7979;
        private static final double FARTHEST = 4;

        @Override
        public List<Value> inputs() {
            return List.of(input);
        }

        @Override
        public List<Weight> weights() {
            return List.of(step);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.quantize(this);
        }
    }

    /**
     * What somebody else's graph makes of some values: the head of a detector.
     *
     * @param output stands for all that the graph gives, whatever that is
     */
    record Head(String name, List<Value> inputs, Value output, ForeignGraph graph) implements Op {

        public Head {
            inputs = List.copyOf(inputs);
        }

        @Override
        public <R> R accept(OpVisitor<R> visitor) {
            return visitor.head(this);
        }
    }

    private static List<Weight> present(Weight weight, Optional<Weight> bias, Optional<Weight> steps) {
        return Stream.of(Optional.of(weight), bias, steps).flatMap(Optional::stream).toList();
    }
}
