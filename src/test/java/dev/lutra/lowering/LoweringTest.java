package dev.lutra.lowering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.network.Width;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Inference;
import dev.lutra.supernet.TestNetworks;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoweringTest {

    /** Weights as training leaves them: nothing is still the identity. */
    private static final WeightSource WEIGHTS = weight -> {
        float[] values = new RandomWeights(5).read(weight);
        Random random = new Random(weight.tensor().name().hashCode());
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (weight.tensor().role()) {
                case RUNNING_VARIANCE, NORM_SCALE, STEP -> 0.5f + random.nextFloat();
                case RUNNING_MEAN, NORM_SHIFT, BIAS -> (float) random.nextGaussian() / 4;
                case CONV_WEIGHT, LINEAR_WEIGHT -> values[i];
            };
        }
        return values;
    };

    private static LoweredNetwork folded(Network network) {
        return LoweredNetwork.of(network, WEIGHTS).after(List.of(new BatchNormFolding()));
    }

    private static float[] logits(LoweredNetwork lowered) {
        try (Inference inference = new Inference(lowered, Device.cpu())) {
            return inference.logits(TestNetworks.randomBatch(4, lowered.network().input().shape().height(), 4, 9));
        }
    }

    @Test
    void aBatchNormBecomesPartOfTheConvolutionThatItAloneReads() {
        NetworkBuilder g = new NetworkBuilder("net", Shape.image(3, 8, 8), 1e-5);
        g.segment("first");
        Value stem = g.conv("stem", g.input(), ConvSpec.of(Width.of(8), 3));
        g.segment("second");
        Value x = g.activation("act", g.batchNorm("bn", stem), Function.RELU);
        Value shared = g.conv("shared", x, ConvSpec.pointwise(Width.of(8)).withBias());
        x = g.add("sum", g.batchNorm("bn2", shared), shared);
        x = g.batchNorm("bn3", x);
        x = g.linear("classifier", g.flatten("flatten", g.globalPool("pool", x)), 4, false);
        Network network = g.build(g.batchNorm("bn4", x));

        LoweredNetwork lowered = folded(network);

        assertThat(lowered.network().ops()).extracting(Op::name)
            .containsExactly("stem", "act", "shared", "bn2", "sum", "bn3", "pool", "flatten", "classifier");
        assertThat(lowered.network().segments()).extracting(Segment::name).containsExactly("first", "second");
        assertThat(lowered.network().segments().get(1).inputs()).isEqualTo(lowered.network().segments().get(0).outputs());
        assertThat(lowered.names().get(lowered.network().ops().get(0).output())).isEqualTo("bn");
        assertThat(logits(lowered)).containsExactly(logits(LoweredNetwork.of(network, WEIGHTS)), within(1e-4f));
    }

    @ParameterizedTest
    @ValueSource(strings = {"shufflenetv2-cifar", "moga-cifar", "nao-cell"})
    void theFileHoldsTheGraphAndTheWeightsThatRan(String name) {
        SearchSpace space = SpaceFile.load(name);
        Network network = space.build(space.random(new Random(3)));
        for (Precision precision : Precision.values()) {
            LoweredNetwork lowered = precision == Precision.FLOAT16
                ? new HalfPrecision().apply(folded(network))
                : folded(network);
            OnnxOptions options = new OnnxOptions(true, OptionalInt.empty(), precision, Map.of());
            GraphProto graph = OnnxExporter.export(network, WEIGHTS, options).getGraph();
            Map<String, TensorProto> stored = new HashMap<>();
            graph.getInitializerList().forEach(tensor -> stored.put(tensor.getName(), tensor));
            for (Op op : lowered.network().ops()) {
                for (Weight weight : op.weights()) {
                    TensorProto tensor = stored.remove(weight.tensor().name());
                    assertThat(values(tensor, precision)).as(tensor.getName()).isEqualTo(lowered.weights().read(weight));
                }
            }
            assertThat(stored).isEmpty();
            assertThat(graph.getNodeList().stream().filter(node -> node.getOpType().equals("Conv")).map(node -> node.getName()))
                .containsExactlyElementsOf(
                    lowered.network().ops().stream().filter(Op.Conv.class::isInstance).map(Op::name).toList());
        }
    }

    private static float[] values(TensorProto tensor, Precision precision) {
        var bytes = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[tensor.getRawData().size() / precision.bytes()];
        FloatBuffer floats = FloatBuffer.wrap(values);
        while (bytes.hasRemaining()) {
            floats.put(precision == Precision.FLOAT16 ? Precision.single(bytes.getShort()) : bytes.getFloat());
        }
        return values;
    }
}
