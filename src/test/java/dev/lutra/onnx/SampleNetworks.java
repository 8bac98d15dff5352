package dev.lutra.onnx;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Op.Pool.Kind;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Small networks that hold every op between them. */
final class SampleNetworks {

    private SampleNetworks() {}

    static List<Network> all() {
        return List.of(mobile(), shuffle(), elastic(), wired());
    }

    /** Inverted bottleneck with squeeze-excite and the centre of a larger depthwise kernel, as in MobileNetV3. */
    static Network mobile() {
        NetworkBuilder g = new NetworkBuilder("mobile", Shape.image(3, 19, 15), 1e-5);
        g.segment("stem");
        Value stem = g.scope("stem", () -> {
            Value x = g.conv("conv", g.input(), ConvSpec.of(Width.of(8), 3).stride(2));
            return g.activation("act", g.batchNorm("norm", x), Function.RELU6);
        });
        g.segment("layer1");
        Value block = g.scope("layer1", () -> {
            Value x = g.conv("expand", stem, ConvSpec.pointwise(Width.of(24)));
            x = g.activation("expand_act", g.batchNorm("expand_norm", x), Function.HARD_SWISH);
            x = g.depthwise("depth", x, ConvSpec.of(x.width(), 3).centreOf(7));
            x = g.activation("depth_act", g.batchNorm("depth_norm", x), Function.SWISH);
            Value se = g.globalPool("squeeze", x);
            se = g.activation("reduce_act", g.conv("reduce", se, ConvSpec.pointwise(Width.of(6)).withBias()), Function.RELU);
            se = g.activation("gate", g.conv("excite", se, ConvSpec.pointwise(Width.of(24)).withBias()), Function.HARD_SIGMOID);
            x = g.channelScale("scale", x, se);
            x = g.batchNorm("project_norm", g.conv("project", x, ConvSpec.pointwise(Width.of(8))));
            return g.add("residual", x, stem);
        });
        g.segment("head");
        return g.build(g.scope("head", () -> {
            Value x = g.conv("conv", block, ConvSpec.of(Width.of(12), 3).dilation(2).withBias());
            x = g.activation("act", g.batchNorm("norm", x), Function.RELU);
            x = g.flatten("flatten", g.globalPool("pool", x));
            x = g.activation("hidden_act", g.batchNorm("hidden_norm", g.linear("hidden", x, 16, false)), Function.SIGMOID);
            return g.linear("classifier", g.dropout("dropout", x, 0.2), 10, true);
        }));
    }

    /** Slices, shuffles, grouped convolutions and both pools, as in ShuffleNet. */
    static Network shuffle() {
        NetworkBuilder g = new NetworkBuilder("shuffle", Shape.image(4, 16, 12), 1e-3);
        g.segment("stem");
        Value stem = g.conv("stem", g.input(), ConvSpec.of(Width.of(12), 3));
        Value pooled = g.pool("stem_pool", stem, Kind.MAX, 3, 2);
        g.segment("unit");
        Value left = g.channelSlice("left", pooled, 0, 2, 6);
        Value right = g.channelSlice("right", pooled, 1, 2, 6);
        Value middle = g.channelSlice("middle", pooled, 4, 3, 2);
        Value deep = g.batchNorm("deep_norm", g.depthwise("deep", right, 5, 1));
        deep = g.activation("deep_act", g.conv("grouped", deep, ConvSpec.of(Width.of(10), 3).groups(2)), Function.RELU);
        Value joined = g.concat("joined", List.of(left, deep, middle));
        Value mixed = g.channelShuffle("mixed", joined, 3);
        g.segment("reduction");
        Value average = g.pool("average", mixed, Kind.AVERAGE, 3, 2);
        Value halved = g.pool("halved", g.channelShuffle("mixed_again", mixed, 2), Kind.MAX, 2, 2);
        Value same = g.pool("same", g.add("both", average, halved), Kind.AVERAGE, 3, 1);
        g.segment("head");
        return g.build(g.linear("classifier", g.flatten("flatten", same), 7, true));
    }

    /** First channels and centre kernels of wider, larger shared tensors. */
    static Network elastic() {
        NetworkBuilder g = new NetworkBuilder("elastic", Shape.image(3, 9, 9), 1e-5);
        g.segment("body");
        Value x = g.conv("first", g.input(), ConvSpec.of(new Width(5, 8), 3).centreOf(5).withBias());
        x = g.activation("first_act", g.batchNorm("first_norm", x), Function.RELU);
        x = g.depthwise("depth", x, ConvSpec.of(x.width(), 5).centreOf(7).stride(2));
        x = g.batchNorm("depth_norm", x);
        x = g.conv("second", x, ConvSpec.pointwise(new Width(4, 6)));
        x = g.batchNorm("second_norm", x);
        g.segment("head");
        return g.build(g.linear("classifier", g.flatten("flatten", x), 5, true));
    }

    /** Batch norms that cannot be folded, values read twice, several inputs and outputs a segment, dropout at every edge. */
    static Network wired() {
        NetworkBuilder g = new NetworkBuilder("wired", Shape.image(4, 6, 6), 1e-5);
        g.segment("a");
        Value twice = g.conv("twice", g.input(), ConvSpec.of(Width.of(4), 3));
        Value norm1 = g.batchNorm("norm1", twice);
        Value norm2 = g.batchNorm("norm2", twice);
        g.segment("b");
        Value across = g.conv("across", norm2, ConvSpec.of(Width.of(4), 3));
        Value dropped = g.dropout("dropped", g.dropout("dropped_before", norm1, 0.1), 0.1);
        g.segment("c");
        Value folds = g.batchNorm("folds_only_in_the_whole", across);
        Value sum = g.add("sum", folds, dropped);
        Value doubled = g.add("doubled", sum, sum);
        Value lone = g.batchNorm("lone", g.activation("act", sum, Function.RELU));
        g.segment("skipped");
        g.segment("d");
        Value all = g.concat("all", List.of(doubled, lone, norm1));
        Value vector = g.flatten("flatten", g.globalPool("pool", all));
        return g.build(g.dropout("last", g.linear("classifier", vector, 6, false), 0.5));
    }

    /** A random wiring of random ops; the same for the same seed. */
    static Network random(long seed) {
        Random random = new Random(seed);
        Shape shape = Shape.image(2 * random.nextInt(1, 5), random.nextInt(3, 12), random.nextInt(3, 12));
        NetworkBuilder g = new NetworkBuilder("random" + seed, shape, 1e-5);
        g.segment("s0");
        List<Value> values = new ArrayList<>(List.of(g.input()));
        for (int i = 0; i < 18; i++) {
            if (i % 6 == 5) {
                g.segment("s" + i);
            }
            Value x = values.get(Math.max(0, values.size() - 1 - random.nextInt(3)));
            values.add(random(g, "op" + i, x, values, random));
        }
        g.segment("head");
        Value pooled = g.flatten("flatten", values.get(values.size() - 1));
        return g.build(g.batchNorm("norm", g.linear("classifier", pooled, 5, random.nextBoolean())));
    }

    private static Value random(NetworkBuilder g, String name, Value x, List<Value> before, Random random) {
        int channels = x.shape().channels();
        Supplier<Value> conv = () -> g.conv(name, x, new ConvSpec(Width.of(2 * random.nextInt(1, 5)), 3, 5,
            random.nextInt(1, 3), random.nextInt(1, 3), random.nextInt(1, 3), random.nextBoolean()));
        List<Value> alike = before.stream().filter(value -> value.shape().equals(x.shape())).toList();
        Value other = alike.get(random.nextInt(alike.size()));
        return switch (random.nextInt(12)) {
            case 0 -> conv.get();
            case 1, 2 -> g.batchNorm(name + ".norm", conv.get());
            case 3 -> g.batchNorm(name, x);
            case 4 -> g.activation(name, x, Function.values()[random.nextInt(Function.values().length)]);
            case 5 -> g.pool(name, x, Kind.values()[random.nextInt(2)], 3, random.nextInt(1, 3));
            // channels stay even, for the groups
            case 6 -> channels % 4 == 0 ? g.channelSlice(name, x, random.nextInt(2), 2, channels / 2) : conv.get();
            case 7 -> g.channelShuffle(name, x, 2);
            case 8 -> g.add(name, x, other);
            case 9 -> g.concat(name, List.of(x, other));
            case 10 -> g.channelScale(name, x, g.globalPool(name + ".pool", x));
            default -> g.dropout(name, x, 0.1);
        };
    }
}
