package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.lutra.ImageSize;
import dev.lutra.cost.Cost;
import dev.lutra.data.Batch;
import dev.lutra.data.Shown;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Inference;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Networks of every space: the exported file computes what the supernet's forward pass computes, one with batch norm folded and one as
 * it is, and holds its weights.
 */
class EverySpaceTest {

    private static final int ARCHITECTURES = 2;
    private static final int SMALL = 64;
    private static final int SMALLEST = 32;
    private static final List<Integer> BATCHES = List.of(1, 8);
    private static final double TOLERANCE = 1e-4;
    /** What devices may give in float16 is ten times as far. */
    private static final double HALF_TOLERANCE = 2e-3;
    /** Of what goes through many grids on average: a value between two points may go to either, and all that follows with it. */
    private static final double MEAN_TOLERANCE_ON_GRIDS = 0.02;

    /** Images of some number of pixels in both layouts: N, C, H, W for ONNX Runtime and N, H, W, C for the supernet. */
    private record TestImages(double[] channelsFirst, Batch channelsLast) {

        static TestImages random(int count, ImageSize size, Random random) {
            int area = size.area();
            double[] values = random.doubles(3L * count * area, -2, 2).map(value -> (float) value).toArray();
            ByteBuffer bytes = ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
            for (int i = 0; i < values.length; i++) {
                int pixel = i / (3 * area) * area + i % area;
                int channel = i / area % 3;
                bytes.putFloat((3 * pixel + channel) * Float.BYTES, (float) values[i]);
            }
            return new TestImages(values, new Batch(bytes, new Shown.One(new int[count]), count, size.height(), size.width()));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void computesWhatTheForwardPassComputes(String name) throws Exception {
        List<Network> networks = networks(name);
        for (Network network : networks) {
            WeightSource weights = kept(new TrainedWeights(name.hashCode()));
            List<TestImages> images = new ArrayList<>();
            List<float[]> expected = new ArrayList<>();
            try (Inference inference = new Inference(LoweredNetwork.of(network, weights), Device.cpu())) {
                for (int batch : BATCHES) {
                    TestImages some = TestImages.random(batch, size(network), new Random(batch));
                    images.add(some);
                    expected.add(inference.logits(some.channelsLast()));
                }
            }
            assertThat(spreadOverImages(expected.get(1), network.output().shape().channels()))
                .as("how much the images matter").isGreaterThan(100 * TOLERANCE * range(expected.get(1)));
            for (boolean fold : networks.size() == 1 ? List.of(false, true) : List.of(networks.indexOf(network) == 0)) {
                ModelProto model = OnnxExporter.export(network, weights, OnnxExporterTest.options(fold));
                try (OrtRunner runner = new OrtRunner(model, network)) {
                    for (int i = 0; i < BATCHES.size(); i++) {
                        Map<Value, double[]> input = Map.of(network.input(), images.get(i).channelsFirst());
                        float[] found = runner.run(BATCHES.get(i), input).get(0);
                        if (network.ops().stream().anyMatch(Op.Quantize.class::isInstance)) {
                            assertCloseOnAverage(found, expected.get(i), MEAN_TOLERANCE_ON_GRIDS);
                        } else {
                            assertClose(found, expected.get(i));
                        }
                    }
                }
            }
        }
    }

    /** In float16 and in 8-bit integers the file computes what the graph that it was written from computes; in float32 it does above. */
    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void inFewerBitsItComputesWhatTheLoweredNetworkComputes(String name) throws Exception {
        SearchSpace published = SpaceFile.load(name);
        SearchSpace space = published.withImageSize(Math.min(published.input().height(), SMALLEST));
        Architecture architecture = space.random(new Random(name.hashCode()));
        WeightSource weights = kept(new TrainedWeights(name.hashCode()));
        Network real = space.build(architecture);
        boolean hasCells = published.definition().orElseThrow().contains("cells:");
        if (!real.isQuantized() && !hasCells) { // with the statistics that are drawn here, values of cells are beyond float16
            assertSame(real, weights, Precision.FLOAT16, HALF_TOLERANCE);
        }
        Network integer = IntegerNetworks.of(space, architecture);
        assertThat(integer.isQuantized()).isTrue();
        assertSame(integer, weights, Precision.FLOAT32, MEAN_TOLERANCE_ON_GRIDS);
    }

    private static void assertSame(Network network, WeightSource weights, Precision precision, double tolerance) throws Exception {
        OnnxOptions options = new OnnxOptions(true, OptionalInt.empty(), precision, Map.of());
        TestImages images = TestImages.random(2, ImageSize.square(network.input().shape().height()), new Random(3));
        float[] expected;
        try (Inference inference = new Inference(LoweredNetwork.of(network, weights).after(options.lowering()), Device.cpu())) {
            expected = inference.logits(images.channelsLast());
        }
        try (OrtRunner runner = new OrtRunner(OnnxExporter.export(network, weights, options), network)) {
            assertCloseOnAverage(runner.run(2, Map.of(network.input(), images.channelsFirst())).get(0), expected, tolerance);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void initializersAreTheParametersAndTheRunningStatistics(String name) {
        for (Network network : networks(name)) {
            if (network.ops().stream().anyMatch(Op.Quantize.class::isInstance)) {
                continue; // steps and points of grids come on top
            }
            ModelProto model = OnnxExporter.export(network, weight -> new float[(int) weight.elements()],
                OnnxExporterTest.options(false));
            assertThat(parameters(model.getGraph())).isEqualTo(Cost.of(network).params());
        }
    }

    private static ImageSize size(Network network) {
        return new ImageSize(network.input().shape().height(), network.input().shape().width());
    }

    /** Draws every weight once. */
    private static WeightSource kept(WeightSource source) {
        Map<Weight, float[]> values = new HashMap<>();
        return weight -> values.computeIfAbsent(weight, source::read).clone();
    }

    /** Seeded random networks on images that are small enough for a quick run and large enough for every stride, the second on narrower ones. */
    private static List<Network> networks(String name) {
        SearchSpace published = SpaceFile.load(name);
        int side = Math.min(published.input().height(), SMALL);
        SearchSpace space = published.withImageSize(side);
        Random random = new Random(name.hashCode());
        int count = space.size().min(BigInteger.valueOf(ARCHITECTURES)).intValue();
        List<Network> networks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SearchSpace sized = i == 0 ? space : space.withImageSize(new ImageSize(side, side * 3 / 4));
            networks.add(sized.build(space.random(random)));
        }
        return networks;
    }

    /** Values of all initializers but means and variances, which are the fourth and fifth input of a batch norm. */
    private static long parameters(GraphProto graph) {
        Set<String> statistics = new HashSet<>();
        for (NodeProto node : graph.getNodeList()) {
            if (node.getOpType().equals("BatchNormalization")) {
                statistics.addAll(node.getInputList().subList(3, 5));
            }
        }
        long parameters = 0;
        for (TensorProto tensor : graph.getInitializerList()) {
            if (!statistics.contains(tensor.getName())) {
                parameters += tensor.getDimsList().stream().reduce(1L, Math::multiplyExact);
            }
        }
        return parameters;
    }

    private static void assertClose(float[] found, float[] expected) {
        assertThat(found).hasSameSizeAs(expected);
        double range = range(expected);
        assertThat(range).isFinite().isPositive();
        for (int i = 0; i < found.length; i++) {
            assertThat((double) found[i]).isCloseTo(expected[i], within(TOLERANCE * range));
        }
    }

    private static void assertCloseOnAverage(float[] found, float[] expected, double tolerance) {
        assertThat(range(expected)).isFinite().isPositive();
        double sum = 0;
        for (int i = 0; i < found.length; i++) {
            sum += Math.abs(found[i] - expected[i]);
        }
        assertThat(sum / found.length).isLessThan(tolerance * range(expected));
    }

    /** The largest difference that the image makes to a class, given logits of images × classes. */
    private static double spreadOverImages(float[] logits, int classes) {
        double spread = 0;
        for (int i = 0; i < classes; i++) {
            float[] ofClass = new float[logits.length / classes];
            for (int image = 0; image < ofClass.length; image++) {
                ofClass[image] = logits[image * classes + i];
            }
            spread = Math.max(spread, range(ofClass));
        }
        return spread;
    }

    private static double range(float[] values) {
        float lowest = values[0];
        float highest = values[0];
        for (float value : values) {
            lowest = Math.min(lowest, value);
            highest = Math.max(highest, value);
        }
        return (double) highest - lowest;
    }
}
