package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.network.Width;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Exported files run in ONNX Runtime and compute what the network says. */
class OnnxExporterTest {

    private static final WeightSource WEIGHTS = new TrainedWeights(7);
    private static final double TOLERANCE = 1e-4;

    static Stream<Network> networks() {
        return Stream.concat(SampleNetworks.all().stream(), Stream.iterate(1L, seed -> seed + 1).limit(40)
            .map(SampleNetworks::random));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void computesWhatTheNetworkSays(Network network) throws Exception {
        ModelProto plain = OnnxExporter.export(network, WEIGHTS, options(false));
        ModelProto folded = OnnxExporter.export(network, WEIGHTS, options(true));
        for (int batch : new int[]{1, 8}) {
            Map<Value, double[]> values = evaluate(network, batch);
            List<float[]> unfoldedOutputs = OrtRunner.run(plain, network, batch, values);
            List<float[]> foldedOutputs = OrtRunner.run(folded, network, batch, values);
            assertClose(unfoldedOutputs.get(0), values.get(network.output()));
            assertClose(foldedOutputs.get(0), values.get(network.output()));
            assertClose(foldedOutputs.get(0), doubles(unfoldedOutputs.get(0)));
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void everySegmentComputesItsPart(Network network) throws Exception {
        Map<Value, double[]> values = evaluate(network, 3);
        for (Segment segment : network.segments()) {
            Network alone = segment.asNetwork();
            if (alone.outputs().isEmpty()) {
                continue;
            }
            for (boolean fold : new boolean[]{false, true}) {
                ModelProto model = OnnxExporter.export(alone, WEIGHTS, options(fold));
                List<float[]> outputs = OrtRunner.run(model, alone, 3, values);
                for (int i = 0; i < outputs.size(); i++) {
                    assertClose(outputs.get(i), values.get(alone.outputs().get(i)));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void initializersAreTheWeights(Network network) {
        GraphProto graph = OnnxExporter.export(network, WEIGHTS, options(false)).getGraph();
        Map<String, Weight> weights = new HashMap<>();
        network.ops().forEach(op -> op.weights().forEach(weight -> weights.put(weight.tensor().name(), weight)));
        assertThat(graph.getInitializerList()).extracting(TensorProto::getName)
            .containsExactlyInAnyOrderElementsOf(weights.keySet());
        for (TensorProto tensor : graph.getInitializerList()) {
            Weight weight = weights.get(tensor.getName());
            assertThat(tensor.getDimsList()).isEqualTo(weight.dims().stream().map(Integer::longValue).toList());
            assertThat(tensor.getRawData().size()).isEqualTo(weight.elements() * Float.BYTES);
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void nodesAndValuesAreCalledLikeTheirOps(Network network) {
        GraphProto graph = OnnxExporter.export(network, WEIGHTS, options(false)).getGraph();
        List<String> nodes = graph.getNodeList().stream().map(NodeProto::getName).toList();
        for (Op op : network.ops()) {
            if (!(op instanceof Op.Dropout)) {
                assertThat(nodes).contains(op.name());
            }
        }
        List<String> values = graph.getNodeList().stream().flatMap(node -> node.getOutputList().stream()).toList();
        assertThat(new HashSet<>(values)).hasSameSizeAs(values);
        assertThat(new HashSet<>(nodes)).hasSameSizeAs(nodes);
    }

    @Test
    void foldsWhatCanBeFoldedAndNothingElse() {
        assertThat(norms(SampleNetworks.mobile(), false)).hasSize(6);
        assertThat(norms(SampleNetworks.mobile(), true)).isEmpty();
        assertThat(norms(SampleNetworks.wired(), true)).containsExactlyInAnyOrder("norm1", "norm2", "lone");
        Network part = SampleNetworks.wired().segments().get(2).asNetwork();
        assertThat(norms(part, true)).containsExactlyInAnyOrder("folds_only_in_the_whole", "lone");
    }

    @Test
    void convolutionThatIsAlsoAnOutputKeepsItsBatchNorm() throws Exception {
        NetworkBuilder g = new NetworkBuilder("two-outputs", Shape.image(3, 5, 5), 1e-5);
        g.segment("a");
        Value conv = g.conv("conv", g.input(), ConvSpec.of(Width.of(4), 3));
        Value norm = g.batchNorm("norm", conv);
        Network built = g.build(norm);
        Network both = new Network("two-outputs", built.inputs(), List.of(norm, conv, norm), built.segments());
        Map<Value, double[]> values = evaluate(both, 2);
        List<float[]> outputs = OrtRunner.run(OnnxExporter.export(both, WEIGHTS, options(true)), both, 2, values);
        assertClose(outputs.get(0), values.get(norm));
        assertClose(outputs.get(1), values.get(conv));
        assertClose(outputs.get(2), values.get(norm));
    }

    @Test
    void inputsAndOutputsAreNumberedWhenThereAreSeveral() {
        Network wired = SampleNetworks.wired();
        GraphProto whole = OnnxExporter.export(wired, WEIGHTS, options(true)).getGraph();
        assertThat(whole.getInput(0).getName()).isEqualTo("input");
        assertThat(whole.getOutput(0).getName()).isEqualTo("output");
        GraphProto part = OnnxExporter.export(wired.segments().get(2).asNetwork(), WEIGHTS, options(true)).getGraph();
        assertThat(part.getInputList()).extracting(info -> info.getName()).containsExactly("input0", "input1");
        assertThat(part.getOutputList()).extracting(info -> info.getName()).containsExactly("output0", "output1");
    }

    @Test
    void dropoutLeavesNothingBehindButACopyWhereAnInputIsTheOutput() throws Exception {
        assertThat(OnnxExporter.export(SampleNetworks.wired(), WEIGHTS, options(true)).getGraph().getNodeList())
            .extracting(NodeProto::getOpType).doesNotContain("Dropout", "Identity");
        NetworkBuilder g = new NetworkBuilder("nothing", Shape.image(3, 4, 4), 1e-5);
        g.segment("a");
        Network nothing = g.build(g.dropout("second", g.dropout("first", g.input(), 0.5), 0.5));
        ModelProto model = OnnxExporter.export(nothing, WEIGHTS, options(true));
        assertThat(model.getGraph().getNodeList()).extracting(NodeProto::getOpType).containsExactly("Identity");
        Map<Value, double[]> values = evaluate(nothing, 2);
        assertClose(OrtRunner.run(model, nothing, 2, values).get(0), values.get(nothing.input()));
    }

    @Test
    void viewsOfOneTensorBecomeInitializersOfTheirOwnAndEqualViewsShareOne() throws Exception {
        SharedTensor tensor = new SharedTensor("shared.weight", List.of(4, 4, 3, 3), SharedTensor.Role.CONV_WEIGHT);
        Value input = value(0);
        Op whole = conv("whole", input, value(1), Weight.whole(tensor), 3);
        Op centre = conv("centre", value(1), value(2), Weight.box(tensor, List.of(0, 0, 1, 1), List.of(4, 4, 1, 1)), 1);
        Op again = conv("again", value(2), value(3), Weight.whole(tensor), 3);
        Segment segment = new Segment("only", List.of(whole, centre, again), List.of(input), List.of(value(3)));
        Network network = segment.asNetwork();
        ModelProto model = OnnxExporter.export(network, WEIGHTS, options(true));
        assertThat(model.getGraph().getInitializerList()).extracting(TensorProto::getName)
            .containsExactly("shared.weight", "shared.weight_2");
        Map<Value, double[]> values = evaluate(network, 2);
        assertClose(OrtRunner.run(model, network, 2, values).get(0), values.get(value(3)));
    }

    @Test
    void opsMayBeCalledLikeInputsAndOutputs() throws Exception {
        NetworkBuilder g = new NetworkBuilder("names", Shape.image(3, 4, 4), 1e-5);
        g.segment("a");
        Value first = g.conv("output", g.input(), ConvSpec.pointwise(Width.of(3)));
        Value second = g.activation("input", first, Op.Activation.Function.RELU6);
        Network network = g.build(g.activation("constant0", second, Op.Activation.Function.SWISH));
        Map<Value, double[]> values = evaluate(network, 2);
        ModelProto model = OnnxExporter.export(network, WEIGHTS, options(true));
        assertClose(OrtRunner.run(model, network, 2, values).get(0), values.get(network.output()));
    }

    @Test
    void batchIsFixedOnRequest() throws Exception {
        Network network = SampleNetworks.shuffle();
        ModelProto model = OnnxExporter.export(network, WEIGHTS, new OnnxOptions(true, OptionalInt.of(2), Map.of()));
        assertThat(model.getGraph().getInput(0).getType().getTensorType().getShape().getDim(0).getDimValue()).isEqualTo(2);
        assertClose(OrtRunner.run(model, network, 2, evaluate(network, 2)).get(0), evaluate(network, 2).get(network.output()));
        assertThatThrownBy(() -> OrtRunner.run(model, network, 3, evaluate(network, 3))).hasMessageContaining("Expected: 2");
        assertThatThrownBy(() -> new OnnxOptions(true, OptionalInt.of(0), Map.of()))
            .hasMessage("batch: 0 (expected: at least 1)");
    }

    @Test
    void saysWhatMadeIt() {
        OnnxOptions options = new OnnxOptions(true, OptionalInt.empty(),
            Map.of(OnnxMetadata.VERSION, "1.2.3", OnnxMetadata.SPACE, "tiny"));
        ModelProto model = OnnxExporter.export(SampleNetworks.elastic(), WEIGHTS, options);
        assertThat(model.getProducerName()).isEqualTo("lutra");
        assertThat(model.getProducerVersion()).isEqualTo("1.2.3");
        assertThat(model.getOpsetImport(0).getVersion()).isEqualTo(17);
        assertThat(model.getIrVersion()).isEqualTo(8);
        assertThat(model.getMetadataPropsList()).extracting(entry -> entry.getKey() + "=" + entry.getValue())
            .containsExactly("lutra.space=tiny", "lutra.version=1.2.3");
        assertThat(OnnxExporter.export(SampleNetworks.elastic(), WEIGHTS, options).toByteString())
            .as("the same file twice").isEqualTo(model.toByteString());
    }

    @Test
    void refusesWhatItCannotWrite() {
        Network skipped = SampleNetworks.wired().segments().get(3).asNetwork();
        assertThatThrownBy(() -> OnnxExporter.export(skipped, WEIGHTS, options(true)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("skipped: nothing to export (expected: at least one output)");
        assertThatThrownBy(() -> OnnxExporter.export(SampleNetworks.elastic(), weight -> new float[3], options(false)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("first.weight: 3 values (expected: 135)");
    }

    static OnnxOptions options(boolean fold) {
        return new OnnxOptions(fold, OptionalInt.empty(), Map.of());
    }

    private static Set<String> norms(Network network, boolean fold) {
        Set<String> names = new HashSet<>();
        OnnxExporter.export(network, WEIGHTS, options(fold)).getGraph().getNodeList().stream()
            .filter(node -> node.getOpType().equals("BatchNormalization"))
            .forEach(node -> names.add(node.getName()));
        return names;
    }

    private static Value value(int id) {
        return new Value(id, Shape.image(4, 5, 5), 4);
    }

    private static Op conv(String name, Value input, Value output, Weight weight, int kernel) {
        return new Op.Conv(name, input, output, weight, Optional.empty(), kernel, 1, kernel / 2, 1, 1);
    }

    /** All values for normal inputs. */
    private static Map<Value, double[]> evaluate(Network network, int batch) {
        Random random = new Random(batch);
        Map<Value, double[]> inputs = new HashMap<>();
        for (Value input : network.inputs()) {
            inputs.put(input, random.doubles(batch * input.shape().elements(), -2, 2).map(x -> (float) x).toArray());
        }
        return ReferenceEvaluator.run(network, WEIGHTS, batch, inputs);
    }

    private static void assertClose(float[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double range = Arrays.stream(expected).max().orElseThrow() - Arrays.stream(expected).min().orElseThrow();
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
        }
        // an output may be constant, such as a saturated activation
        assertThat(worst).as("largest difference in a range of %s", range).isLessThanOrEqualTo(TOLERANCE * Math.max(range, 1e-2));
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }
}
