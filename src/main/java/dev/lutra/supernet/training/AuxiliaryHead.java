package dev.lutra.supernet.training;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import java.util.List;

/**
 * A second classifier that reads the middle of a network while it is trained, and is no part of it after (Szegedy et al. 2015), with the
 * widths that it has in NAO and DARTS: ReLU, average pooling by stride 3, a 1×1 convolution to 128 channels, 768 channels of what is left,
 * linear. There pooling is 5×5 from 8×8 pixels to 2×2, which one convolution then covers; ours is 3×3 with padding from any size, and
 * what is left is averaged and then convolved, which is our choice.
 *
 * @param after op whose output it reads: the last of the segment that two thirds of the segments end with
 * @param network its layers, with weights of their own
 */
record AuxiliaryHead(Op after, Network network) {

    private static final int NARROW = 128;
    private static final int WIDE = 768;
    private static final int STRIDE = 3;
    private static final double EPSILON = 1e-5;

    static AuxiliaryHead of(Network trained) {
        List<Segment> segments = trained.segments().stream().filter(segment -> !segment.ops().isEmpty()).toList();
        Op after = segments.stream().limit(Math.max(1, Math.round(segments.size() * 2 / 3.0))).map(AuxiliaryHead::image)
            .filter(op -> op != null).reduce((first, second) -> second).orElseThrow();
        return new AuxiliaryHead(after, network(after.output().shape(), trained.output().shape().channels()));
    }

    /** The last op of a segment that gives an image. */
    private static Op image(Segment segment) {
        return segment.ops().stream().filter(op -> op.output().shape().height() * op.output().shape().width() > 1).reduce((first, second) -> second)
            .orElse(null);
    }

    private static Network network(Shape shape, int classes) {
        NetworkBuilder graph = new NetworkBuilder("auxiliary", shape, EPSILON);
        graph.segment("auxiliary");
        return graph.build(graph.scope("auxiliary", () -> {
            Value x = graph.activation("act", graph.input(), Function.RELU);
            x = Math.min(shape.height(), shape.width()) > STRIDE ? graph.pool("pool", x, Op.Pool.Kind.AVERAGE, STRIDE, STRIDE) : x;
            x = graph.activation("narrow.act", graph.batchNorm("narrow.bn", graph.conv("narrow", x, ConvSpec.pointwise(Width.of(NARROW)))),
                Function.RELU);
            x = graph.globalPool("whole", x);
            x = graph.activation("wide.act", graph.batchNorm("wide.bn", graph.conv("wide", x, ConvSpec.pointwise(Width.of(WIDE)))), Function.RELU);
            return graph.linear("classifier", graph.flatten("flatten", x), classes, true);
        }));
    }
}
