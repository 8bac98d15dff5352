package dev.lutra.network;

import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.SharedTensor.Role;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The graph that blocks write into. Names are relative to the current scope; widths travel with the values, so an
 * elastic convolution makes everything after it use matching slices of the shared weights.
 *
 * <p>Grids are put in here, so that blocks know nothing of them. A layer that multiplies integers reads values on a grid of its bits; what
 * it gives, batch norm and ReLU included, is put on one of {@value Bits#MOST} bits unless such a layer reads it in the same segment.
 * Values between segments are real numbers: a segment quantizes what it reads itself, so that the times of segments sum up with every
 * conversion in them once.
 */
public final class NetworkBuilder {

    private static final int USUAL_OPS = 256; // so that the usual network is built without growing

    private final String name;
    private final double batchNormEpsilon;
    private final Value input;
    private String prefix = ""; // the scopes, each with its dot
    private final Set<String> names = new HashSet<>(USUAL_OPS * 2);
    private final List<OpenSegment> segments = new ArrayList<>();
    private int nextValue;
    private Bits bits = Bits.FLOAT;
    /** By number of the value: the op that multiplied integers, with nothing but batch norm and ReLU after it. */
    private final Map<Integer, String> products = new HashMap<>();
    /** Numbers of values on a grid, with its bits. */
    private final Map<Integer, Integer> grids = new HashMap<>();
    /** What a value is on grids of several bits, as long as they may be read. */
    private final Map<Rounding, Value> rounded = new HashMap<>();
    /** Numbers of values that have nothing below zero. */
    private final BitSet nonNegative = new BitSet();

    private record Rounding(int value, int bits) {}

    private record OpenSegment(String name, List<Op> ops) {}

    /**
     * @param name of the network
     * @param input shape of one image
     * @param batchNormEpsilon added to every variance
     */
    public NetworkBuilder(String name, Shape input, double batchNormEpsilon) {
        this.name = name;
        this.batchNormEpsilon = batchNormEpsilon;
        this.input = value(input, input.channels());
    }

    public Value input() {
        return input;
    }

    /** Everything from here on belongs to a new segment. */
    public void segment(String segmentName) {
        segments.add(new OpenSegment(segmentName, new ArrayList<>()));
    }

    /** Names everything that {@code body} emits {@code scope.…}. */
    public <T> T scope(String scope, Supplier<T> body) {
        String outer = prefix;
        prefix = outer + scope + ".";
        try {
            return body.get();
        } finally {
            prefix = outer;
        }
    }

    /** Convolutions and linear layers that {@code body} emits multiply in these bits. */
    public <T> T precision(Bits precision, Supplier<T> body) {
        Bits outer = bits;
        bits = precision;
        try {
            return body.get();
        } finally {
            bits = outer;
        }
    }

    /**
     * The last of a segment, as the next one reads it.
     *
     * @param isNonNegative what the next segment may take for granted; a property of the place, not of what happens to stand before it
     */
    public Value border(Value x, boolean isNonNegative) {
        Value settled = settled(x);
        rounded.clear();
        grids.clear();
        nonNegative.set(settled.id(), isNonNegative);
        return settled;
    }

    /** Whether a value has nothing below zero, as is known from the ops that give it. */
    public boolean isNonNegative(Value x) {
        return nonNegative.get(x.id());
    }

    /** A value as others read it than what rounds it to a grid of its own: products of integers are on a grid of the most bits. */
    private Value settled(Value x) {
        String product = products.get(x.id());
        return product == null ? x : onGrid(product + ".output", x, Bits.MOST);
    }

    /** What a layer of the current bits reads. */
    private Value read(String qualified, Value x) {
        return bits.quantizesActivations() ? onGrid(qualified + ".input", x, bits.activations()) : settled(x);
    }

    /** @param name of what makes the grid necessary; the bits become part of it, so that each has a step of its own */
    private Value onGrid(String name, Value x, int gridBits) {
        if (grids.getOrDefault(x.id(), Integer.MAX_VALUE) <= gridBits) {
            return x;
        }
        Value known = rounded.get(new Rounding(x.id(), gridBits));
        if (known != null) {
            return known;
        }
        String opName = name + gridBits;
        if (!names.add(opName)) {
            throw new IllegalArgumentException(opName + ": two ops of one name");
        }
        SharedTensor step = new SharedTensor(opName + ".step", List.of(1), Role.STEP);
        Value output = value(x.shape(), x.sharedChannels());
        add(new Op.Quantize(opName, x, output, Weight.whole(step), gridBits, !isNonNegative(x)));
        nonNegative.set(output.id(), isNonNegative(x));
        grids.put(output.id(), gridBits);
        rounded.put(new Rounding(x.id(), gridBits), output);
        return output;
    }

    /** Of a layer that multiplies in the current bits. */
    private Value multiplied(Op op) {
        if (bits.isInteger()) {
            products.put(op.output().id(), op.name());
        }
        return add(op);
    }

    /** An op that keeps what is known of the sign. */
    private Value keepingSign(Op op) {
        nonNegative.set(op.output().id(), op.inputs().stream().allMatch(this::isNonNegative));
        return add(op);
    }

    /**
     * @throws IllegalArgumentException if the groups do not divide the channels, grouped channels are elastic, or {@code x} is no
     *     image
     */
    public Value conv(String opName, Value x, ConvSpec spec) {
        Width in = x.width();
        if (spec.groups() > 1 && (in.isElastic() || spec.out().isElastic())) {
            throw new IllegalArgumentException(qualified(opName) + ": grouped convolution of elastic channels");
        }
        if (in.active() % spec.groups() != 0 || spec.out().active() % spec.groups() != 0) {
            throw new IllegalArgumentException(qualified(opName) + ": " + in.active() + " to " + spec.out().active()
                + " channels in " + spec.groups() + " groups (expected: divisible)");
        }
        return convolve(opName, x, spec, in.active() / spec.groups(), in.shared() / spec.groups());
    }

    /** A convolution of every channel by itself; {@code spec} gives everything but the channels and groups. */
    public Value depthwise(String opName, Value x, int kernel, int stride) {
        return depthwise(opName, x, ConvSpec.of(x.width(), kernel).stride(stride));
    }

    /** A convolution of every channel by itself; output channels and groups of {@code spec} are those of {@code x}. */
    public Value depthwise(String opName, Value x, ConvSpec spec) {
        ConvSpec perChannel = new ConvSpec(x.width(), spec.kernel(), spec.sharedKernel(), spec.stride(), spec.dilation(),
            x.shape().channels(), spec.bias());
        return convolve(opName, x, perChannel, 1, 1);
    }

    private Value convolve(String opName, Value x, ConvSpec spec, int inPerGroup, int sharedInPerGroup) {
        requireImage(opName, x);
        String qualified = unique(opName);
        Width out = spec.out();
        SharedTensor tensor = new SharedTensor(qualified + ".weight",
            List.of(out.shared(), sharedInPerGroup, spec.sharedKernel(), spec.sharedKernel()), Role.CONV_WEIGHT);
        boolean whole = !out.isElastic() && inPerGroup == sharedInPerGroup && spec.kernel() == spec.sharedKernel();
        int margin = (spec.sharedKernel() - spec.kernel()) / 2;
        Weight weight = whole
            ? Weight.whole(tensor)
            : Weight.box(tensor, List.of(0, 0, margin, margin),
                List.of(out.active(), inPerGroup, spec.kernel(), spec.kernel()));
        Shape shape = Shape.image(out.active(), spec.outputSize(x.shape().height()), spec.outputSize(x.shape().width()));
        Value input = read(qualified, x);
        return multiplied(new Op.Conv(qualified, input, value(shape, out.shared()), weight, bias(qualified, out, spec.bias()),
            spec.kernel(), spec.stride(), spec.padding(), spec.dilation(), spec.groups(), bits, Optional.empty()));
    }

    public Value linear(String opName, Value x, int out, boolean bias) {
        String qualified = unique(opName);
        Width width = Width.of(out);
        SharedTensor tensor = new SharedTensor(qualified + ".weight", List.of(out, x.sharedChannels()), Role.LINEAR_WEIGHT);
        Weight weight = Weight.box(tensor, List.of(0, 0), List.of(out, x.shape().channels()));
        Value input = read(qualified, x);
        return multiplied(
            new Op.Linear(qualified, input, value(Shape.vector(out), out), weight, bias(qualified, width, bias), bits, Optional.empty()));
    }

    public Value batchNorm(String opName, Value x) {
        String qualified = unique(opName);
        Width width = x.width();
        Value output = value(x.shape(), width.shared());
        passProduct(x, output);
        return add(new Op.BatchNorm(qualified, x, output,
            vector(qualified + ".scale", width, Role.NORM_SCALE),
            vector(qualified + ".shift", width, Role.NORM_SHIFT),
            vector(qualified + ".mean", width, Role.RUNNING_MEAN),
            vector(qualified + ".variance", width, Role.RUNNING_VARIANCE),
            batchNormEpsilon));
    }

    /** Batch norm and ReLU become part of the layer before them, where it multiplies integers too. */
    private void passProduct(Value x, Value output) {
        String product = products.get(x.id());
        if (product != null) {
            products.put(output.id(), product);
        }
    }

    public Value activation(String opName, Value x, Function function) {
        Value input = function == Function.RELU ? x : settled(x);
        Value output = value(x.shape(), x.sharedChannels());
        if (function == Function.RELU) {
            passProduct(x, output);
        }
        nonNegative.set(output.id(), switch (function) {
            case RELU, RELU6, SIGMOID, HARD_SIGMOID -> true;
            case SWISH, HARD_SWISH -> false;
        });
        return add(new Op.Activation(unique(opName), input, output, function));
    }

    public Value pool(String opName, Value x, Op.Pool.Kind kind, int kernel, int stride) {
        requireImage(opName, x);
        int padding = (kernel - 1) / 2;
        int height = (x.shape().height() + 2 * padding - kernel) / stride + 1;
        int width = (x.shape().width() + 2 * padding - kernel) / stride + 1;
        Shape shape = Shape.image(x.shape().channels(), height, width);
        return keepingSign(new Op.Pool(unique(opName), settled(x), value(shape, x.sharedChannels()), kind, kernel, stride, padding));
    }

    public Value globalPool(String opName, Value x) {
        requireImage(opName, x);
        Shape shape = Shape.image(x.shape().channels(), 1, 1);
        return keepingSign(new Op.GlobalPool(unique(opName), settled(x), value(shape, x.sharedChannels())));
    }

    /**
     * Channels {@code start}, {@code start + step}, …, {@code count} of them.
     *
     * @throws IllegalArgumentException if they are not all there, or the channels are elastic
     */
    public Value channelSlice(String opName, Value x, int start, int step, int count) {
        requireImage(opName, x);
        requireFixed(opName, x);
        if (start + (count - 1) * step >= x.shape().channels()) {
            throw new IllegalArgumentException(qualified(opName) + ": " + count + " channels from " + start + " by " + step
                + " (expected: within " + x.shape().channels() + ")");
        }
        Shape shape = Shape.image(count, x.shape().height(), x.shape().width());
        return keepingSign(new Op.ChannelSlice(unique(opName), settled(x), value(shape, count), start, step));
    }

    /**
     * @throws IllegalArgumentException if the groups do not divide the channels, or the channels are elastic
     */
    public Value channelShuffle(String opName, Value x, int groups) {
        requireImage(opName, x);
        requireFixed(opName, x);
        if (x.shape().channels() % groups != 0) {
            throw new IllegalArgumentException(qualified(opName) + ": " + x.shape().channels() + " channels in " + groups
                + " groups (expected: divisible)");
        }
        return keepingSign(new Op.ChannelShuffle(unique(opName), settled(x), value(x.shape(), x.sharedChannels()), groups));
    }

    /**
     * @throws IllegalArgumentException if spatial sizes differ or channels are elastic
     */
    public Value concat(String opName, List<Value> parts) {
        int channels = 0;
        Shape first = parts.get(0).shape();
        for (Value part : parts) {
            requireImage(opName, part);
            requireFixed(opName, part);
            if (part.shape().height() != first.height() || part.shape().width() != first.width()) {
                throw new IllegalArgumentException(qualified(opName) + ": " + part.shape() + " beside " + first
                    + " (expected: the same height and width)");
            }
            channels += part.shape().channels();
        }
        Shape shape = Shape.image(channels, first.height(), first.width());
        List<Value> settled = parts.stream().map(this::settled).toList();
        return keepingSign(new Op.Concat(unique(opName), settled, value(shape, channels)));
    }

    /**
     * @throws IllegalArgumentException if the shapes differ
     */
    public Value add(String opName, Value left, Value right) {
        if (!left.shape().equals(right.shape())) {
            throw new IllegalArgumentException(
                qualified(opName) + ": " + left.shape() + " + " + right.shape() + " (expected: one shape)");
        }
        return keepingSign(new Op.Add(unique(opName), settled(left), settled(right), value(left.shape(), left.sharedChannels())));
    }

    /**
     * @throws IllegalArgumentException if {@code factor} is not one value a channel of {@code x}
     */
    public Value channelScale(String opName, Value x, Value factor) {
        if (!factor.shape().equals(Shape.image(x.shape().channels(), 1, 1))) {
            throw new IllegalArgumentException(
                qualified(opName) + ": " + x.shape() + " scaled by " + factor.shape() + " (expected: one value a channel)");
        }
        return keepingSign(new Op.ChannelScale(unique(opName), settled(x), settled(factor), value(x.shape(), x.sharedChannels())));
    }

    public Value flatten(String opName, Value x) {
        Shape shape = Shape.vector(Math.toIntExact(x.shape().elements()));
        int shared = Math.multiplyExact(x.sharedChannels(), x.shape().height() * x.shape().width());
        return keepingSign(new Op.Flatten(unique(opName), settled(x), value(shape, shared)));
    }

    public Value dropout(String opName, Value x, double rate) {
        return keepingSign(new Op.Dropout(unique(opName), settled(x), value(x.shape(), x.sharedChannels()), rate));
    }

    /** The finished network, whose only output is {@code output}. */
    public Network build(Value output) {
        List<Segment> closed = Segment.chain(segments.stream().map(OpenSegment::name).toList(),
            segments.stream().map(OpenSegment::ops).toList(), List.of(output));
        return new Network(name, List.of(input), List.of(output), closed);
    }

    private Value add(Op op) {
        segments.get(segments.size() - 1).ops().add(op);
        return op.output();
    }

    private Value value(Shape shape, int sharedChannels) {
        return new Value(nextValue++, shape, sharedChannels);
    }

    private Weight vector(String tensorName, Width width, Role role) {
        SharedTensor tensor = new SharedTensor(tensorName, List.of(width.shared()), role);
        return width.isElastic() ? Weight.box(tensor, List.of(0), List.of(width.active())) : Weight.whole(tensor);
    }

    private Optional<Weight> bias(String opName, Width out, boolean present) {
        return present ? Optional.of(vector(opName + ".bias", out, Role.BIAS)) : Optional.empty();
    }

    private void requireImage(String opName, Value x) {
        if (x.shape().layout() != Shape.Layout.IMAGE) {
            throw new IllegalArgumentException(qualified(opName) + ": after a flattening (expected: an image, not a vector)");
        }
    }

    private void requireFixed(String opName, Value x) {
        if (x.width().isElastic()) {
            throw new IllegalArgumentException(qualified(opName) + ": elastic channels (expected: a fixed number)");
        }
    }

    private String unique(String opName) {
        String qualified = qualified(opName);
        if (!names.add(qualified)) {
            throw new IllegalArgumentException(qualified + ": two ops of one name");
        }
        return qualified;
    }

    private String qualified(String opName) {
        return prefix + opName;
    }
}
