package dev.lutra.onnx.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.lutra.DebianPython;
import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.network.ForeignGraph;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.onnx.TrainedWeights;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.ValueInfoProto;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.yaml.YamlNode;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks as backbones: their features as outputs, and a head of ours in the manner of SSD behind them. */
class DetectorTest {

    private static final List<Integer> STRIDES = List.of(8, 16, 32);
    private static final int SIDE = 96;
    private static final int IMAGES = 2;
    private static final int BOX = 4;
    private static final double TOLERANCE = 1e-5;
    private static final double HALF_TOLERANCE = 2e-2;

    @TempDir
    private Path folder;

    private static Network network(String space) {
        SearchSpace loaded = SpaceFile.load(space).withImageSize(SIDE);
        return loaded.build(loaded.random(new Random(4)));
    }

    private static ModelProto exported(Network network, Precision precision) {
        return OnnxExporter.export(network, new TrainedWeights(3), new OnnxOptions(true, OptionalInt.empty(), precision, Map.of()));
    }

    private Deployment form(String settings) {
        return Deployment.read(YamlNode.parse("form.yaml", "{" + settings + "}"), folder);
    }

    private static ValueInfoProto value(String name, long... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (long dim : dims) {
            shape.addDim(dim > 0 ? Dimension.newBuilder().setDimValue(dim) : Dimension.newBuilder().setDimParam("n"));
        }
        return GraphEditor.typed(name, DataType.FLOAT_VALUE, shape.build());
    }

    /** Of every place of every feature a box and a score: 3×3 convolutions, laid one after the other. Names clash with those of networks. */
    private Path head(Network network, int opset) {
        Random random = new Random(7);
        GraphProto.Builder graph = GraphProto.newBuilder().setName("head");
        List<String> boxes = new ArrayList<>();
        Features.names(network, STRIDES).forEach((stride, name) -> {
            Shape shape = Features.shape(network, name);
            String feature = Deployment.feature(stride);
            graph.addInput(value(feature, 0, shape.channels(), shape.height(), shape.width()));
            String weight = "stem.conv.weight" + (stride > 8 ? stride : "");
            float[] weights = new float[(BOX + 1) * shape.channels() * 9];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) random.nextGaussian() / 30;
            }
            graph.addInitializer(GraphEditor.floats(weights).setName(weight).addDims(BOX + 1).addDims(shape.channels()).addDims(3)
                .addDims(3));
            graph.addNode(GraphEditor.node("Conv", "stem.conv" + stride, List.of(feature, weight), "stem.bn" + stride)
                .addAttribute(GraphEditor.integers("kernel_shape", 3, 3)).addAttribute(GraphEditor.integers("pads", 1, 1, 1, 1)));
            graph.addNode(GraphEditor.node("Transpose", "", List.of("stem.bn" + stride), "last" + stride)
                .addAttribute(GraphEditor.integers("perm", 0, 2, 3, 1)));
            graph.addNode(GraphEditor.node("Flatten", "", List.of("last" + stride), "boxes" + stride).addAttribute(GraphEditor.integer("axis", 1)));
            boxes.add("boxes" + stride);
        });
        graph.addNode(GraphEditor.node("Concat", "", boxes, "output").addAttribute(GraphEditor.integer("axis", 1)));
        graph.addOutput(value("output", 0, 0));
        Path file = folder.resolve("ssd-" + opset + ".onnx");
        OnnxFile.write(file, ModelProto.newBuilder().setIrVersion(7).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset)).setGraph(graph)
            .build());
        return file;
    }

    private static float[] images() {
        float[] images = new float[IMAGES * 3 * SIDE * SIDE];
        Random random = new Random(5);
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        return images;
    }

    private static Map<String, float[]> run(ModelProto model, Map<String, float[]> values, Map<String, long[]> shapes) throws Exception {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try (OrtSession session = environment.createSession(model.toByteArray())) {
            for (String name : session.getInputNames()) {
                inputs.put(name, OnnxTensor.createTensor(environment, FloatBuffer.wrap(values.get(name)), shapes.get(name)));
            }
            Map<String, float[]> outputs = new HashMap<>();
            try (OrtSession.Result result = session.run(inputs)) {
                result.forEach(output -> {
                    FloatBuffer buffer = ((OnnxTensor) output.getValue()).getFloatBuffer();
                    float[] copy = new float[buffer.remaining()];
                    buffer.get(copy);
                    outputs.put(output.getKey(), copy);
                });
            }
            return outputs;
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    /** What the network's own file has where its features are, by their names. */
    private static Map<String, float[]> features(Network network) throws Exception {
        ModelProto.Builder opened = exported(network, Precision.FLOAT32).toBuilder();
        opened.getGraphBuilder().clearOutput();
        Map<Integer, String> names = Features.names(network, STRIDES);
        names.values().forEach(name -> opened.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(name)));
        Map<String, float[]> found = run(opened.build(), Map.of("input", images()), Map.of("input", new long[]{IMAGES, 3, SIDE, SIDE}));
        Map<String, float[]> features = new HashMap<>();
        names.forEach((stride, name) -> features.put(Deployment.feature(stride), found.get(name)));
        return features;
    }

    private static void assertNear(Map<String, float[]> found, Map<String, float[]> expected, double tolerance) {
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> {
            double range = 0;
            for (float value : values) {
                range = Math.max(range, Math.abs(value));
            }
            assertThat(range).isPositive();
            assertThat(found.get(name)).hasSameSizeAs(values);
            for (int i = 0; i < values.length; i++) {
                assertThat((double) found.get(name)[i]).as(name).isCloseTo(values[i], within(tolerance * range));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"spos-shufflenetv2", "moga", "fairnas"})
    void aHeadContinuesTheNetwork(String space) throws Exception {
        DebianPython.require("onnx");
        Network network = network(space);
        Map<String, float[]> features = features(network);
        Map<String, long[]> shapes = new HashMap<>(Map.of("input", new long[]{IMAGES, 3, SIDE, SIDE}, "image", new long[]{IMAGES, 3, SIDE, SIDE}));
        Features.names(network, STRIDES).forEach((stride, name) -> {
            Shape shape = Features.shape(network, name);
            assertThat(shape.height()).isEqualTo(SIDE / stride);
            shapes.put(Deployment.feature(stride), shape.withBatch(IMAGES));
        });
        Path head = head(network, 17);
        Map<String, float[]> boxes = run(OnnxFile.read(head), features, shapes);
        Map<String, float[]> images = Map.of("input", images(), "image", images());
        List<String> files = new ArrayList<>();
        for (String settings : List.of("", "batch: 2, input: image", "precision: float16")) {
            for (boolean hasHead : new boolean[]{false, true}) {
                Deployment form = form(
                    "features: [8, 16, 32]" + (hasHead ? ", head: ssd-17.onnx" : "") + (settings.isEmpty() ? "" : ", " + settings));
                ModelProto deployed = DeployedModel.of(exported(network, form.precision()), form, network);
                assertNear(run(deployed, images, shapes), hasHead ? boxes : features,
                    form.precision() == Precision.FLOAT16 ? HALF_TOLERANCE : TOLERANCE);
                assertThat(deployed.getGraph().getNodeList().stream().map(NodeProto::getOpType)).as("no classes").doesNotContain("Gemm");
                Path file = folder.resolve("deployed-" + files.size() + ".onnx");
                OnnxFile.write(file, deployed);
                files.add(file.toString());
            }
        }
        String check = DebianPython.script(OnnxExporter.class, "check_models.py");
        assertThat(DebianPython.rows(DebianPython.run(check, files.toArray()))).isNotEmpty();
    }

    @Test
    void whatDoesNotFitIsTold() {
        Network network = network("fairnas");
        head(network, 13);
        ModelProto model = exported(network, Precision.FLOAT32);
        assertThatThrownBy(() -> DeployedModel.of(model, form("features: [8, 16, 32], head: ssd-13.onnx"), network))
            .isInstanceOf(InputException.class)
            .hasMessage(folder.resolve("ssd-13.onnx") + ": opset 13 (expected: the deployment's, opset: 17)");
        assertThatThrownBy(() -> DeployedModel.of(model, form("features: [8, 16], head: ssd-13.onnx, opset: 13"), network))
            .isInstanceOf(InputException.class).hasMessageContaining("reads [feature8, feature16, feature32] (expected: of [feature8, feature16])");
        Network other = network("moga");
        assertThatThrownBy(
            () -> DeployedModel.of(exported(other, Precision.FLOAT32), form("features: [8, 16, 32], head: ssd-13.onnx, opset: 13"), other))
            .isInstanceOf(InputException.class).hasMessageContaining("feature16: [n, 96, 6, 6] (expected: float32, [n, 112, 6, 6], n being ");
        assertThatThrownBy(() -> DeployedModel.of(model, form("features: [5]"), network)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("features: 5, which fairnas has none of at 96x96");
        for (String wrong : List.of("head: ssd-13.onnx", "features: [8, 8]", "features: [8], softmax: true", "features: [8], output: x")) {
            assertThatThrownBy(() -> form(wrong)).isInstanceOf(InputException.class).hasMessageStartingWith("form.yaml:1: ");
        }
    }

    /**
     * What devices time of a space with a head computes what the file with the head does, and no layer behind the last feature; what both
     * have in common are the same entries of a table.
     */
    @ParameterizedTest
    @ValueSource(strings = {"spos-shufflenetv2", "single-path-nas"})
    void aSpaceWithAHeadIsTimedWithIt(String name) throws Exception {
        SearchSpace space = SpaceFile.load(name).withImageSize(SIDE);
        Architecture architecture = space.random(new Random(4));
        Network network = space.build(architecture);
        DetectorHead head = DetectorHead.read(head(network, 17));
        assertThat(head.strides()).isEqualTo(STRIDES);
        assertThat(head.batch()).isEmpty();
        assertThat(graph(head.behind(network))).as("read once, for however many networks").isSameAs(graph(head.behind(network)));
        DetectorSpace timed = DetectorSpace.of(space, head);
        Network whole = timed.build(architecture);
        assertThat(whole.segments()).hasSameSizeAs(timed.segmentGenes().orElseThrow()).hasSize(network.segments().size() + 1);
        for (int i = 0; i < network.segments().size(); i++) {
            Segment kept = whole.segments().get(i);
            assertThat(kept.name()).isEqualTo(network.segments().get(i).name());
            if (!kept.ops().isEmpty()) {
                assertThat(kept.key()).isEqualTo(network.segments().get(i).key());
            }
        }
        assertThat(whole.ops().stream().filter(Op.Linear.class::isInstance)).as("layers that tell classes").isEmpty();
        assertThat(timed.fingerprint()).isNotEqualTo(space.fingerprint());

        ModelProto measured = OnnxExporter.export(whole, new TrainedWeights(3), new OnnxOptions(true, OptionalInt.of(IMAGES), Map.of()));
        ModelProto written = DeployedModel.of(exported(network, Precision.FLOAT32), head.form(), network);
        Map<String, long[]> shape = Map.of("input", new long[]{IMAGES, 3, SIDE, SIDE});
        float[] found = run(measured, Map.of("input", images()), shape).get("output");
        float[] expected = run(written, Map.of("input", images()), shape).get("output");
        assertThat(found).hasSameSizeAs(expected).hasSizeGreaterThan(1000);
        assertThat(difference(found, expected)).isLessThan(TOLERANCE);
        Segment alone = whole.segments().get(whole.segments().size() - 1);
        ModelProto ofSegment = OnnxExporter.export(alone.asNetwork(), new TrainedWeights(3), new OnnxOptions(true, OptionalInt.of(1), Map.of()));
        Map<String, float[]> values = new HashMap<>();
        Map<String, long[]> shapes = new HashMap<>();
        for (int i = 0; i < alone.inputs().size(); i++) {
            Shape feature = alone.inputs().get(i).shape();
            values.put("input" + i, new float[(int) feature.elements()]);
            shapes.put("input" + i, feature.withBatch(1));
        }
        assertThat(run(ofSegment, values, shapes).get("output")).as("a head without biases of nothing").hasSize(expected.length / IMAGES)
            .containsOnly(0f);
    }

    private static ForeignGraph graph(Network network) {
        return network.ops().stream().filter(Op.Head.class::isInstance).map(Op.Head.class::cast).findFirst().orElseThrow().graph();
    }

    private static double difference(float[] found, float[] expected) {
        double largest = 0;
        double range = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(found[i] - expected[i]));
            range = Math.max(range, Math.abs(expected[i]));
        }
        return largest / range;
    }

    @Test
    void aHeadThatDoesNotFitIsRefused() {
        SearchSpace space = SpaceFile.load("spos-shufflenetv2").withImageSize(SIDE);
        Path file = head(space.build(space.random(new Random(4))), 17);
        DetectorHead head = DetectorHead.read(file);
        assertThatThrownBy(() -> DetectorSpace.of(space.withImageSize(64), head)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": feature8: [n, 160, 12, 12] (expected: float32, [n, 160, 8, 8]");
        assertThatThrownBy(() -> DetectorSpace.of(SpaceFile.load("shufflenetv2-cifar"), head)).isInstanceOf(InputException.class);
        SearchSpace later = space;
        DetectorHead older = DetectorHead.read(head(space.build(space.random(new Random(4))), 15));
        assertThatThrownBy(() -> DetectorSpace.of(later, older)).isInstanceOf(InputException.class).hasMessageContaining("opset 15");
        Path other = folder.resolve("other.onnx");
        OnnxFile.write(other, head.model().toBuilder().setGraph(head.model().getGraph().toBuilder().setInput(0, value("image", 0, 3, 8, 8))).build());
        assertThatThrownBy(() -> DetectorHead.read(other)).isInstanceOf(InputException.class)
            .hasMessage(other + ": reads image (expected: features by their strides, such as feature8, feature16, feature32)");
    }
}
