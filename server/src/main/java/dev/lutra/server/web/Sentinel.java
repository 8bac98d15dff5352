package dev.lutra.server.web;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The model that a page runs between others, always the same: when it takes longer, the device has become slower. Two
 * convolutions of 7 million MACs each, the size of a middling layer of a mobile network.
 */
final class Sentinel {

    private static final int CHANNELS = 32;
    private static final int SIZE = 28;
    private static final long SEED = 1;

    private Sentinel() {}

    static byte[] onnx() {
        NetworkBuilder graph = new NetworkBuilder("sentinel", Shape.image(CHANNELS, SIZE, SIZE), 1e-5);
        graph.segment("sentinel");
        ConvSpec conv = ConvSpec.of(Width.of(CHANNELS), 3);
        Value first = graph.activation("relu", graph.conv("first", graph.input(), conv), Function.RELU);
        Network network = graph.build(graph.conv("second", first, conv));
        OnnxOptions options = new OnnxOptions(true, OptionalInt.of(1), Map.of());
        return OnnxExporter.export(network, new RandomWeights(SEED), options).toByteArray();
    }
}
