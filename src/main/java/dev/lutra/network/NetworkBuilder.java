package dev.lutra.network;

import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.SharedTensor.Role;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The graph that blocks write into. Names are relative to the current scope; widths travel with the values, so an
 * elastic convolution makes everything after it use matching slices of the shared weights.
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
        return add(new Op.Conv(qualified, x, value(shape, out.shared()), weight, bias(qualified, out, spec.bias()),
            spec.kernel(), spec.stride(), spec.padding(), spec.dilation(), spec.groups()));
    }

    public Value linear(String opName, Value x, int out, boolean bias) {
        String qualified = unique(opName);
        Width width = Width.of(out);
        SharedTensor tensor = new SharedTensor(qualified + ".weight", List.of(out, x.sharedChannels()), Role.LINEAR_WEIGHT);
        Weight weight = Weight.box(tensor, List.of(0, 0), List.of(out, x.shape().channels()));
        return add(new Op.Linear(qualified, x, value(Shape.vector(out), out), weight, bias(qualified, width, bias)));
    }

    public Value batchNorm(String opName, Value x) {
        String qualified = unique(opName);
        Width width = x.width();
        return add(new Op.BatchNorm(qualified, x, value(x.shape(), width.shared()),
            vector(qualified + ".scale", width, Role.NORM_SCALE),
            vector(qualified + ".shift", width, Role.NORM_SHIFT),
            vector(qualified + ".mean", width, Role.RUNNING_MEAN),
            vector(qualified + ".variance", width, Role.RUNNING_VARIANCE),
            batchNormEpsilon));
    }

    public Value activation(String opName, Value x, Function function) {
        return add(new Op.Activation(unique(opName), x, value(x.shape(), x.sharedChannels()), function));
    }

    public Value pool(String opName, Value x, Op.Pool.Kind kind, int kernel, int stride) {
        requireImage(opName, x);
        int padding = (kernel - 1) / 2;
        int height = (x.shape().height() + 2 * padding - kernel) / stride + 1;
        int width = (x.shape().width() + 2 * padding - kernel) / stride + 1;
        Shape shape = Shape.image(x.shape().channels(), height, width);
        return add(new Op.Pool(unique(opName), x, value(shape, x.sharedChannels()), kind, kernel, stride, padding));
    }

    public Value globalPool(String opName, Value x) {
        requireImage(opName, x);
        Shape shape = Shape.image(x.shape().channels(), 1, 1);
        return add(new Op.GlobalPool(unique(opName), x, value(shape, x.sharedChannels())));
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
        return add(new Op.ChannelSlice(unique(opName), x, value(shape, count), start, step));
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
        return add(new Op.ChannelShuffle(unique(opName), x, value(x.shape(), x.sharedChannels()), groups));
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
        return add(new Op.Concat(unique(opName), parts, value(shape, channels)));
    }

    /**
     * @throws IllegalArgumentException if the shapes differ
     */
    public Value add(String opName, Value left, Value right) {
        if (!left.shape().equals(right.shape())) {
            throw new IllegalArgumentException(
                qualified(opName) + ": " + left.shape() + " + " + right.shape() + " (expected: one shape)");
        }
        return add(new Op.Add(unique(opName), left, right, value(left.shape(), left.sharedChannels())));
    }

    /**
     * @throws IllegalArgumentException if {@code factor} is not one value a channel of {@code x}
     */
    public Value channelScale(String opName, Value x, Value factor) {
        if (!factor.shape().equals(Shape.image(x.shape().channels(), 1, 1))) {
            throw new IllegalArgumentException(
                qualified(opName) + ": " + x.shape() + " scaled by " + factor.shape() + " (expected: one value a channel)");
        }
        return add(new Op.ChannelScale(unique(opName), x, factor, value(x.shape(), x.sharedChannels())));
    }

    public Value flatten(String opName, Value x) {
        Shape shape = Shape.vector(Math.toIntExact(x.shape().elements()));
        int shared = Math.multiplyExact(x.sharedChannels(), x.shape().height() * x.shape().width());
        return add(new Op.Flatten(unique(opName), x, value(shape, shared)));
    }

    public Value dropout(String opName, Value x, double rate) {
        return add(new Op.Dropout(unique(opName), x, value(x.shape(), x.sharedChannels()), rate));
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
