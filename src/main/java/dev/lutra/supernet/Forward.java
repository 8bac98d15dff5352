package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.OpVisitor;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * One forward pass of a network. Images are N, C, H, W in shape and N, H, W, C in memory, which is the layout libtorch
 * convolves fastest on a CPU; every op here keeps it, backwards too. Each value is closed after its last reader, so that
 * memory is held only where the gradient needs it.
 *
 * <p>DJL attaches a result to the manager of the op's first input: the caller puts the images on a manager that lives for
 * this pass. Numbers that a gradient passes through are arrays there too: DJL frees the array it makes of a
 * {@code Number} at once, although libtorch reads its memory again when it goes backwards.
 */
public final class Forward implements OpVisitor<NDArray> {

    private static final int GROUPED_AXIS = 4;

    private final Parameters parameters;
    private final Normalizer normalizer;
    private final boolean training;
    private final Hook hook;
    private final Map<Integer, NDArray> values = new HashMap<>();
    /** Values that their one reader may overwrite; none where a hook may have kept them. */
    private final Set<Integer> overwritable = new HashSet<>();
    private final Map<Integer, Map<Integer, List<NDArray>>> interleaved = new HashMap<>();

    /** Sees every value of a pass. */
    @FunctionalInterface
    public interface Hook {

        /** Leaves everything as it is. */
        Hook NONE = (op, value) -> value;

        /**
         * Told of what an op gives before others read it.
         *
         * @return what they read: it, or something in its place, which the caller has then closed
         */
        NDArray computed(Op op, NDArray value);
    }

    private Forward(Parameters parameters, Normalizer normalizer, boolean training, Hook hook) {
        this.parameters = parameters;
        this.normalizer = normalizer;
        this.training = training;
        this.hook = hook;
    }

    /** As in training: dropout drops. */
    public static NDArray training(Network network, Parameters parameters, Normalizer normalizer, NDArray images) {
        return training(network, parameters, normalizer, images, Hook.NONE);
    }

    /** The same, with somebody who sees every value. */
    public static NDArray training(Network network, Parameters parameters, Normalizer normalizer, NDArray images, Hook hook) {
        return new Forward(parameters, normalizer, true, hook).run(network, images);
    }

    /** As in use: dropout does nothing. */
    public static NDArray inference(Network network, Parameters parameters, Normalizer normalizer, NDArray images) {
        return inference(network, parameters, normalizer, images, Hook.NONE);
    }

    /** The same, with somebody who sees every value. */
    public static NDArray inference(Network network, Parameters parameters, Normalizer normalizer, NDArray images, Hook hook) {
        return new Forward(parameters, normalizer, false, hook).run(network, images);
    }

    private NDArray run(Network network, NDArray images) {
        Map<Integer, Integer> readers = new HashMap<>();
        for (Op op : network.ops()) {
            op.inputs().forEach(input -> readers.merge(input.id(), 1, Integer::sum));
        }
        readers.merge(network.input().id(), 1, Integer::sum); // the caller's, never closed here
        readers.merge(network.output().id(), 1, Integer::sum);
        values.put(network.input().id(), images);
        for (Op op : network.ops()) {
            NDArray result = hook.computed(op, op.accept(this));
            if (hook == Hook.NONE && goesBackWithoutItsOutput(op) && readers.get(op.output().id()) == 1) {
                overwritable.add(op.output().id());
            }
            values.put(op.output().id(), result);
            for (Value input : op.inputs()) {
                if (readers.merge(input.id(), -1, Integer::sum) == 0) {
                    release(values.remove(input.id()), result);
                }
            }
        }
        return values.get(network.output().id());
    }

    private static boolean goesBackWithoutItsOutput(Op op) {
        return op instanceof Op.BatchNorm || op instanceof Op.Conv;
    }

    private static void release(NDArray value, NDArray result) {
        if (value != result) { // an op that does nothing passes its input on
            value.close();
        }
    }

    private NDArray value(Value value) {
        return values.get(value.id());
    }

    private NDArray bias(Optional<Weight> bias) {
        return bias.map(parameters::get).orElse(null);
    }

    @Override
    public NDArray conv(Op.Conv op) {
        if (op.stride() > 1 && op.weight().dims().get(2) == 1 && op.padding() == 0) {
            // libtorch 2.7.1 leaves these to a oneDNN kernel that is wrong by half the range on some processors (AMD Zen 5, AVX-512,
            // 40 to 40 channels), so the pixels that count are taken first.
            try (NDArray every = value(op.input()).get(new NDIndex(":,:,::{},::{}", op.stride(), op.stride()))) {
                return conv(op, every, 1);
            }
        }
        return conv(op, value(op.input()), op.stride());
    }

    private NDArray conv(Op.Conv op, NDArray x, int stride) {
        return weighted(op.weight(), op.bits(), op.steps(), weight -> Conv2d.conv2d(x, weight, bias(op.bias()), square(stride),
            square(op.padding()), square(op.dilation()), op.groups()).singletonOrThrow());
    }

    /** A layer's outputs, of its weights as they are used. */
    private NDArray weighted(Weight weight, Bits bits, Optional<Weight> steps, UnaryOperator<NDArray> layer) {
        NDArray values = parameters.get(weight);
        if (!bits.quantizesWeights() || steps.isPresent()) {
            return layer.apply(values);
        }
        try (NDArray rounded = Grids.weights(values, bits.weights())) { // the parameters' manager would keep it
            return layer.apply(rounded);
        }
    }

    @Override
    public NDArray linear(Op.Linear op) {
        return weighted(op.weight(), op.bits(), op.steps(),
            weight -> Linear.linear(value(op.input()), weight, bias(op.bias())).singletonOrThrow());
    }

    /** @throws IllegalStateException always: a head is timed and exported, and never trained */
    @Override
    public NDArray head(Op.Head op) {
        throw new IllegalStateException(op.name() + ": a head of somebody else's is not computed here");
    }

    @Override
    public NDArray quantize(Op.Quantize op) {
        return Grids.values(op, value(op.input()), parameters.get(op.step()));
    }

    @Override
    public NDArray batchNorm(Op.BatchNorm op) {
        return normalizer.normalize(op, value(op.input()), parameters.get(op.scale()), parameters.get(op.shift()));
    }

    @Override
    public NDArray activation(Op.Activation op) {
        NDArray x = value(op.input());
        boolean inPlace = overwritable.contains(op.input().id());
        return switch (op.function()) {
            case RELU -> inPlace ? LibtorchOps.RELU_IN_PLACE.of(x) : Activation.relu(x);
            case RELU6 -> LibtorchOps.RELU6.of(x);
            case SIGMOID -> Activation.sigmoid(x);
            case SWISH -> LibtorchOps.SWISH.of(x);
            case HARD_SIGMOID -> LibtorchOps.HARD_SIGMOID.of(x);
            case HARD_SWISH -> LibtorchOps.HARD_SWISH.of(x);
        };
    }

    @Override
    public NDArray pool(Op.Pool op) {
        NDArray x = value(op.input());
        return switch (op.kind()) {
            case MAX -> Pool.maxPool2d(x, square(op.kernel()), square(op.stride()), square(op.padding()), false);
            case AVERAGE -> averagePool(op, x);
        };
    }

    /** DJL passes over the setting that leaves padding out of the count (0.25 to 0.35), so the sums are divided again. */
    private static NDArray averagePool(Op.Pool op, NDArray x) {
        NDArray averaged = Pool.avgPool2d(x, square(op.kernel()), square(op.stride()), square(op.padding()), false, false);
        if (op.padding() == 0) {
            return averaged;
        }
        int height = op.output().shape().height();
        int width = op.output().shape().width();
        float[] factors = new float[height * width];
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                int counted = inside(op, row, op.input().shape().height()) * inside(op, column, op.input().shape().width());
                factors[row * width + column] = (float) (op.kernel() * op.kernel()) / counted;
            }
        }
        try (averaged) {
            return averaged.mul(x.getManager().create(factors, new Shape(height, width)));
        }
    }

    /** How many taps of the window at an output position lie within the input, along one axis. */
    private static int inside(Op.Pool op, int position, int size) {
        int start = position * op.stride() - op.padding();
        return Math.min(start + op.kernel(), size) - Math.max(start, 0);
    }

    @Override
    public NDArray globalPool(Op.GlobalPool op) {
        Shape window = new Shape(op.input().shape().height(), op.input().shape().width());
        return Pool.avgPool2d(value(op.input()), window, square(1), square(0), false, true);
    }

    /**
     * A slice that takes every {@code step}-th channel comes with others that take the rest: they are views of one split,
     * whose gradient is put together in one go, where slices by themselves would each fill and add an array of the whole
     * input's size.
     */
    @Override
    public NDArray channelSlice(Op.ChannelSlice op) {
        int channels = op.input().shape().channels();
        if (op.start() < op.step() && op.output().shape().channels() * op.step() == channels) {
            return interleaved.computeIfAbsent(op.input().id(), id -> new HashMap<>())
                .computeIfAbsent(op.step(), step -> interleaved(value(op.input()), step)).get(op.start());
        }
        long end = op.start() + (long) (op.output().shape().channels() - 1) * op.step() + 1;
        NDIndex index = new NDIndex().addAllDim(3).addSliceDim(op.start(), end, op.step());
        try (NDArray byRow = channelsLast(value(op.input())); NDArray slice = byRow.get(index)) {
            return channelsFirst(slice);
        }
    }

    private static List<NDArray> interleaved(NDArray x, int step) {
        try (NDArray byRow = channelsLast(x);
            NDArray grouped = grouped(byRow, (int) x.getShape().get(1) / step);
            NDList parts = grouped.split(step, GROUPED_AXIS)) {
            return parts.stream().map(part -> {
                try (NDArray slice = part.squeeze(GROUPED_AXIS)) {
                    return channelsFirst(slice);
                }
            }).toList();
        }
    }

    @Override
    public NDArray channelShuffle(Op.ChannelShuffle op) {
        NDArray x = value(op.input());
        try (NDArray byRow = channelsLast(x);
            NDArray grouped = grouped(byRow, op.groups());
            NDArray swapped = grouped.transpose(0, 1, 2, GROUPED_AXIS, 3);
            NDArray shuffled = swapped.reshape(byRow.getShape())) {
            return channelsFirst(shuffled);
        }
    }

    /** A view N, H, W, groups, C / groups of an array N, H, W, C. */
    private static NDArray grouped(NDArray byRow, int groups) {
        Shape shape = byRow.getShape();
        return byRow.reshape(shape.get(0), shape.get(1), shape.get(2), groups, shape.get(3) / groups);
    }

    /** A view N, H, W, C of an array N, C, H, W. */
    private static NDArray channelsLast(NDArray x) {
        return x.transpose(0, 2, 3, 1);
    }

    /** A view N, C, H, W of an array N, H, W, C. */
    static NDArray channelsFirst(NDArray x) {
        return x.transpose(0, 3, 1, 2);
    }

    @Override
    public NDArray concat(Op.Concat op) {
        NDList parts = new NDList();
        op.inputs().forEach(input -> parts.add(value(input)));
        return NDArrays.concat(parts, 1);
    }

    @Override
    public NDArray add(Op.Add op) {
        return value(op.left()).add(value(op.right()));
    }

    @Override
    public NDArray channelScale(Op.ChannelScale op) {
        return value(op.input()).mul(parameters.scaling(op, value(op.factor())));
    }

    @Override
    public NDArray flatten(Op.Flatten op) {
        return value(op.input()).reshape(-1, op.output().shape().channels());
    }

    @Override
    public NDArray dropout(Op.Dropout op) {
        NDArray x = value(op.input());
        return training ? Dropout.dropout(x, (float) op.rate(), true).singletonOrThrow() : x;
    }

    private static Shape square(long side) {
        return new Shape(side, side);
    }
}
