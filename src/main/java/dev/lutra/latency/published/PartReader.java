package dev.lutra.latency.published;

import dev.lutra.network.Op;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Segment;
import dev.lutra.network.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the ops of a segment as a chain of {@link Part}s. It recognises what mobile networks are made of; anything else is
 * something that no published table has an entry for, and gives nothing.
 */
final class PartReader {

    /** The ops are no such chain. */
    private static final class UnknownPart extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private final List<Op> ops;
    private int at;
    private Value last;

    private PartReader(Segment segment) {
        this.ops = segment.ops();
        this.last = segment.inputs().get(0);
    }

    /** The parts of a segment in order; empty if it has anything that is none of them. */
    static Optional<List<Part>> read(Segment segment) {
        if (segment.ops().isEmpty() || segment.inputs().size() != 1) {
            return Optional.empty();
        }
        PartReader reader = new PartReader(segment);
        List<Part> parts = new ArrayList<>();
        try {
            while (reader.at < reader.ops.size()) {
                // neither costs anything at inference
                if (reader.is(Op.Dropout.class) || reader.is(Op.Flatten.class)) {
                    reader.take(Op.class);
                } else {
                    parts.add(reader.part());
                }
            }
        } catch (UnknownPart e) {
            return Optional.empty();
        }
        return Optional.of(parts);
    }

    private boolean is(Class<? extends Op> kind) {
        return at < ops.size() && kind.isInstance(ops.get(at));
    }

    /** The next op, which must be of that kind and read what the one before it wrote. */
    private <T extends Op> T take(Class<T> kind) throws UnknownPart {
        if (!is(kind) || !ops.get(at).inputs().contains(last)) {
            throw new UnknownPart();
        }
        last = ops.get(at).output();
        return kind.cast(ops.get(at++));
    }

    private Part part() throws UnknownPart {
        int start = at;
        Value input = last;
        if (is(Op.GlobalPool.class)) {
            take(Op.GlobalPool.class);
            return new Part.GlobalPooling(since(start), input.shape());
        }
        if (is(Op.Linear.class)) {
            Op.Linear linear = take(Op.Linear.class);
            return new Part.Classifier(since(start), input.shape().channels(), linear.output().shape().channels());
        }
        return beginsBottleneck() ? bottleneck() : convolution();
    }

    private List<Op> since(int start) {
        return ops.subList(start, at);
    }

    /** A depthwise convolution, or a 1×1 with one after it. */
    private boolean beginsBottleneck() {
        return isDepthwise(at) || isPointwise(at) && at + 3 < ops.size() && ops.get(at + 1) instanceof Op.BatchNorm
            && ops.get(at + 2) instanceof Op.Activation && isDepthwise(at + 3);
    }

    private boolean isDepthwise(int index) {
        return index < ops.size() && ops.get(index) instanceof Op.Conv conv && conv.groups() > 1
            && conv.groups() == conv.input().shape().channels() && conv.groups() == conv.output().shape().channels();
    }

    private boolean isPointwise(int index) {
        return index < ops.size() && ops.get(index) instanceof Op.Conv conv && conv.kernel() == 1 && conv.stride() == 1
            && conv.groups() == 1;
    }

    private Part convolution() throws UnknownPart {
        int start = at;
        Value input = last;
        Op.Conv conv = take(Op.Conv.class);
        if (conv.groups() > 1 || conv.dilation() > 1 || conv.bias().isPresent()) {
            throw new UnknownPart();
        }
        boolean batchNorm = is(Op.BatchNorm.class);
        if (batchNorm) {
            take(Op.BatchNorm.class);
        }
        Optional<Function> activation = Optional.empty();
        if (is(Op.Activation.class)) {
            activation = Optional.of(take(Op.Activation.class).function());
        }
        return new Part.Convolution(since(start), input.shape(), last.shape(), conv.kernel(), conv.stride(), batchNorm,
            activation);
    }

    private Part bottleneck() throws UnknownPart {
        int start = at;
        Value input = last;
        Optional<Function> expanding = Optional.empty();
        if (!isDepthwise(at)) {
            takePointwise(false);
            expanding = Optional.of(normalised());
        }
        Op.Conv depthwise = take(Op.Conv.class);
        Function activation = normalised();
        if (depthwise.dilation() > 1 || depthwise.bias().isPresent() || !expanding.orElse(activation).equals(activation)) {
            throw new UnknownPart();
        }
        int mid = depthwise.groups();
        int squeezed = is(Op.GlobalPool.class) ? squeezeExcite() : 0;
        takePointwise(false);
        take(Op.BatchNorm.class);
        boolean residual = is(Op.Add.class) && ops.get(at).inputs().contains(input);
        if (residual) {
            take(Op.Add.class);
        }
        return new Part.Bottleneck(since(start), input.shape(), last.shape(), mid, depthwise.kernel(), depthwise.stride(),
            residual, squeezed, activation);
    }

    private Op.Conv takePointwise(boolean bias) throws UnknownPart {
        if (!isPointwise(at)) {
            throw new UnknownPart();
        }
        Op.Conv conv = take(Op.Conv.class);
        if (conv.bias().isPresent() != bias) {
            throw new UnknownPart();
        }
        return conv;
    }

    private Function normalised() throws UnknownPart {
        take(Op.BatchNorm.class);
        return take(Op.Activation.class).function();
    }

    /** Inner channels of a squeeze-excite with biases, as all published tables here have it. */
    private int squeezeExcite() throws UnknownPart {
        Value scaled = last;
        take(Op.GlobalPool.class);
        int inner = takePointwise(true).output().shape().channels();
        take(Op.Activation.class);
        takePointwise(true);
        take(Op.Activation.class);
        if (!take(Op.ChannelScale.class).input().equals(scaled)) {
            throw new UnknownPart();
        }
        return inner;
    }
}
