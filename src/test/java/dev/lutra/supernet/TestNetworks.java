package dev.lutra.supernet;

import dev.lutra.data.Batch;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Op.Pool.Kind;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Networks and images for tests. */
public final class TestNetworks {

    private TestNetworks() {}

    /** Every op, convolutions of every kind; 16×16 images, 4 classes, no dropout. */
    public static Network everyOp() {
        NetworkBuilder g = new NetworkBuilder("every-op", Shape.image(3, 16, 16), 1e-5);
        g.segment("all");
        Value x = g.activation("a1", g.batchNorm("bn1", g.conv("c1", g.input(), ConvSpec.of(Width.of(16), 3))), Function.RELU);
        Value even = g.channelSlice("even", x, 0, 2, 8);
        Value odd = g.channelSlice("odd", x, 1, 2, 8);
        odd = g.activation("a2", g.batchNorm("bn2", g.depthwise("dw", odd, 5, 1)), Function.SWISH);
        x = g.concat("cat", List.of(even, odd));
        x = g.channelShuffle("shuffle", x, 4);
        Value first = g.channelSlice("first", x, 0, 1, 6);
        Value rest = g.channelSlice("rest", x, 6, 1, 10);
        first = g.conv("c2", first, ConvSpec.of(Width.of(10), 3).dilation(2).withBias());
        x = g.add("sum", first, g.activation("a3", rest, Function.HARD_SIGMOID));
        x = g.activation("a4", g.batchNorm("bn3", g.conv("c3", x, ConvSpec.of(Width.of(20), 3).stride(2).groups(2))),
            Function.HARD_SWISH);
        x = g.pool("max", x, Kind.MAX, 3, 1);
        x = g.pool("avg", x, Kind.AVERAGE, 3, 2);
        Value gate = g.activation("a5", g.conv("se", g.globalPool("squeeze", x), ConvSpec.pointwise(Width.of(20)).withBias()),
            Function.SIGMOID);
        x = g.channelScale("excite", x, gate);
        x = g.activation("a6", g.conv("c4", x, ConvSpec.of(Width.of(24), 3).centreOf(5)), Function.RELU6);
        x = g.flatten("flatten", g.globalPool("pool", x));
        return g.build(g.linear("classifier", x, 4, true));
    }

    /** A small space of shuffle blocks with channel scales and dropout; 16×16 images, 4 classes. */
    public static SearchSpace space(Path folder) throws IOException {
        return SpaceFile.load(Files.writeString(folder.resolve("tiny.yaml"), """
            name: tiny
            title: Small
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            batch-norm: {learned-in-supernet: false}
            scales: [0.5, 1.0]
            choices:
              k3: {block: shuffle, kernel: 3}
              k5: {block: shuffle, kernel: 5}
              xception: {block: shuffle-xception}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [k3, k5, xception], channels: 16, repeat: 2, stride: 2}
              - {choices: [k3, k5, xception], channels: 32, repeat: 2, stride: 2}
              - {block: global-pool}
              - {block: dropout, rate: 0.2}
              - {name: classifier, block: linear}
            """).toString());
    }

    /** A small space whose options of a layer are corners of one block: kernels 3 and 5, widths 2 and 4. */
    public static SearchSpace elasticSpace(Path folder) throws IOException {
        return SpaceFile.load(Files.writeString(folder.resolve("elastic.yaml"), """
            name: elastic
            title: Corners of one block
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            choices:
              k3e2: {block: mb, kernel: 3, expand: 2, shares: elastic, largest-kernel: 5, largest-expand: 4}
              k3e4: {block: mb, kernel: 3, expand: 4, shares: elastic, largest-kernel: 5, largest-expand: 4}
              k5e2: {block: mb, kernel: 5, expand: 2, shares: elastic, largest-kernel: 5, largest-expand: 4}
              k5e4: {block: mb, kernel: 5, expand: 4, shares: elastic, largest-kernel: 5, largest-expand: 4}
              skip: {block: skip}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [k3e2, k3e4, k5e2, k5e4], channels: 8, stride: 2}
              - {choices: [k3e2, k3e4, k5e2, k5e4, skip], channels: 8}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """).toString());
    }

    /** The same network, its dropout dropping nothing. */
    public static Network withoutDropout(Network network) {
        List<Segment> segments = network.segments().stream().map(segment -> new Segment(segment.name(),
            segment.ops().stream().map(op -> op instanceof Op.Dropout dropout
                ? new Op.Dropout(dropout.name(), dropout.input(), dropout.output(), 0)
                : op).toList(),
            segment.inputs(), segment.outputs())).toList();
        return new Network(network.name(), network.inputs(), network.outputs(), segments);
    }

    /** Normal noise with random labels. */
    public static Batch randomBatch(int size, int imageSize, int classes, long seed) {
        Random random = new Random(seed);
        ByteBuffer bytes = ByteBuffer.allocateDirect(size * imageSize * imageSize * 3 * Float.BYTES).order(ByteOrder.nativeOrder());
        while (bytes.hasRemaining()) {
            bytes.putFloat((float) random.nextGaussian());
        }
        return new Batch(bytes.flip(), random.ints(size, 0, classes).toArray(), size, imageSize);
    }
}
