package dev.lutra.onnx.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.lutra.DebianPython;
import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Shape;
import dev.lutra.network.Width;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.onnx.TrainedWeights;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeployedModelTest {

    private static final double TOLERANCE = 1e-5;
    /** Of float16, as of exported files that compute in it. */
    private static final double HALF_TOLERANCE = 2e-2;
    private static final float[] MEAN = {0.49f, 0.48f, 0.45f};
    private static final float[] DEVIATION = {0.25f, 0.24f, 0.26f};
    private static final Map<String, String> METADATA = Map.of(OnnxMetadata.DATA_MEAN, "0.49,0.48,0.45", OnnxMetadata.DATA_DEVIATION,
        "0.25,0.24,0.26");
    private static final int IMAGES = 2;
    private static final int SIDE = 32;
    private static final int NEWEST_OF_DEBIANS_CHECKER = 17;
    private static final List<String> FORMS = List.of("", "batch: 2", "opset: 13", "opset: 15", "opset: 21", "pixels: true", "softmax: true",
        "sigmoid: true",
        "precision: float16",
        "pixels: true, precision: float16", "input: output, output: input", "input: stem.conv, output: classifier",
        "batch: 2, opset: 13, pixels: true, softmax: true, precision: float16, input: image, output: scores");

    @TempDir
    private Path folder;

    /** Bytes by image, row, column, channel. */
    private final byte[] pixels = new byte[IMAGES * SIDE * SIDE * 3];

    DeployedModelTest() {
        new Random(5).nextBytes(pixels);
    }

    private static Deployment form(String settings) {
        return Deployment.read(YamlNode.parse("form.yaml", "{" + settings + "}"), Path.of(""));
    }

    private static ModelProto exported(Network network, Precision precision) {
        return OnnxExporter.export(network, new TrainedWeights(3), new OnnxOptions(true, OptionalInt.empty(), precision, METADATA));
    }

    private static Network network(String space) {
        SearchSpace loaded = SpaceFile.load(space);
        return loaded.build(loaded.random(new Random(3)));
    }

    /** What a network takes: normalised, by image, channel, row, column. */
    private float[] normalised(int images) {
        float[] planes = new float[pixels.length / IMAGES * images];
        int area = SIDE * SIDE;
        for (int i = 0; i < planes.length; i++) {
            int channel = i / area % 3;
            int value = pixels[(i / area / 3 * area + i % area) * 3 + channel] & 0xFF;
            planes[i] = (value / 255f - MEAN[channel]) / DEVIATION[channel];
        }
        return planes;
    }

    private float[] bytes(int images) {
        float[] values = new float[pixels.length / IMAGES * images];
        for (int i = 0; i < values.length; i++) {
            values[i] = pixels[i] & 0xFF;
        }
        return values;
    }

    private float[] run(ModelProto model, Deployment form) throws OrtException {
        return run(model, form, IMAGES);
    }

    private float[] run(ModelProto model, Deployment form, int images) throws OrtException {
        return run(model, form, images, OptLevel.ALL_OPT);
    }

    /** What ONNX Runtime gives for the first images. */
    private float[] run(ModelProto model, Deployment form, int images, OptLevel level) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        long[] planes = {images, 3, SIDE, SIDE};
        long[] rows = {images, SIDE, SIDE, 3};
        try (OrtSession.SessionOptions options = options(level);
            OrtSession session = environment.createSession(model.toByteArray(), options);
            OnnxTensor input = form.pixels()
                ? OnnxTensor.createTensor(environment, ByteBuffer.wrap(pixels, 0, images * SIDE * SIDE * 3).slice(), rows, OnnxJavaType.UINT8)
                : OnnxTensor.createTensor(environment, FloatBuffer.wrap(normalised(images)), planes);
            OrtSession.Result result = session.run(Map.of(form.input(), input))) {
            FloatBuffer values = ((OnnxTensor) result.get(form.output()).orElseThrow()).getFloatBuffer();
            float[] copy = new float[values.remaining()];
            values.get(copy);
            return copy;
        }
    }

    private static OrtSession.SessionOptions options(OptLevel level) throws OrtException {
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setOptimizationLevel(level);
        return options;
    }

    private static float[] sigmoid(float[] logits) {
        float[] shares = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            shares[i] = (float) (1 / (1 + Math.exp(-logits[i])));
        }
        return shares;
    }

    private static float[] softmax(float[] logits) {
        int classes = logits.length / IMAGES;
        float[] shares = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(logits[i / classes * classes + c] - logits[i]);
            }
            shares[i] = (float) (1 / sum);
        }
        return shares;
    }

    private static double range(float[] values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return Arrays.stream(doubles).max().orElseThrow() - Arrays.stream(doubles).min().orElseThrow();
    }

    private static double tolerance(Deployment form) {
        return form.precision() == Precision.FLOAT16 ? HALF_TOLERANCE : TOLERANCE;
    }

    @ParameterizedTest
    @ValueSource(strings = {"shufflenetv2-cifar", "moga-cifar", "single-path-cifar"})
    void everyFormComputesTheSame(String space) throws Exception {
        Network network = network(space);
        float[] logits = run(exported(network, Precision.FLOAT32), form(""));
        for (String settings : FORMS) {
            Deployment form = form(settings);
            float[] expected = form.softmax() ? softmax(logits) : form.sigmoid() ? sigmoid(logits) : logits;
            ModelProto deployed = DeployedModel.of(exported(network, form.precision()), form, network);
            float[] found = run(deployed, form);
            assertThat(found).as(settings).hasSameSizeAs(expected);
            for (int i = 0; i < found.length; i++) {
                assertThat(Math.abs(found[i] - expected[i]) / range(expected)).as(settings).isLessThan(tolerance(form));
            }
            assertThat(deployed.getGraph().getInput(0).getType().getTensorType().getShape().getDim(0).getDimValue()).as(settings)
                .isEqualTo(form.batch().orElse(0));
        }
    }

    /** OpenCV 4.6 computes squeeze-excite of one image at a time, and reads no numbers in float16. */
    @ParameterizedTest
    @ValueSource(strings = {"shufflenetv2-cifar", "moga-cifar", "single-path-cifar"})
    void othersReadTheFormsAndComputeTheSame(String space) throws Exception {
        DebianPython.require("onnx", "cv2");
        Network network = network(space);
        List<String> checked = new ArrayList<>();
        Set<String> readable = new TreeSet<>();
        for (String settings : FORMS) {
            Deployment form = form(settings.replace("batch: 2", "batch: 1"));
            Path at = Files.createDirectory(folder.resolve("form-" + settings.replaceAll("\\W+", "-")));
            ModelProto deployed = DeployedModel.of(exported(network, form.precision()), form, network);
            OnnxFile.write(at.resolve("model.onnx"), deployed);
            if (form.opset() <= NEWEST_OF_DEBIANS_CHECKER) {
                checked.add(at.resolve("model.onnx").toString());
            }
            if (form.precision() == Precision.FLOAT32) {
                readable.add(at.getFileName().toString());
            }
            float[] y = run(deployed, form, 1);
            leave(at.resolve("x.f32"), form.pixels() ? bytes(1) : normalised(1));
            leave(at.resolve("y.f32"), y);
            Files.writeString(at.resolve("shapes.txt"), "x\t" + (form.pixels() ? "1,32,32,3" : "1,3,32,32") + "\ny\t1," + y.length + "\n");
        }
        String check = DebianPython.script(OnnxExporter.class, "check_models.py");
        assertThat(DebianPython.rows(DebianPython.run(check, checked.toArray())).stream().map(row -> row[0]).collect(Collectors.toSet()))
            .containsExactlyInAnyOrderElementsOf(checked);
        Map<String, Double> differences = new TreeMap<>();
        for (String[] row : DebianPython.rows(DebianPython.run(DebianPython.script(getClass(), "run_in_opencv.py"), folder))) {
            if (row.length > 2) {
                differences.put(row[0], Double.parseDouble(row[1]) / Double.parseDouble(row[2]));
            } else {
                assertThat(row[1]).as(row[0]).contains("Unsupported data type: FLOAT16");
            }
        }
        assertThat(differences.keySet()).isEqualTo(readable);
        assertThat(differences).allSatisfy((name, difference) -> assertThat(difference).as(name).isLessThan(TOLERANCE));
    }

    /** Of 2 and 4 bits, beside such of 8; as they stand in the file they compute the same, and where the runtime fuses nearly so. */
    @Test
    void weightsOfFourBitsAndFewerTakeHalfAByte() throws Exception {
        SearchSpace space = SpaceFile.load("resnet-bits-cifar");
        Network network = space.build(space.parse("basic@2.8,basic@4.8,basic@8,basic@4,basic@2,basic@8.4"));
        ModelProto inBytes = exported(network, Precision.FLOAT32);
        Deployment form = form("opset: 21, int4: true");
        ModelProto deployed = DeployedModel.of(inBytes, form, network);
        float[] expected = run(inBytes, form(""), IMAGES, OptLevel.NO_OPT);
        float[] found = run(deployed, form, IMAGES, OptLevel.NO_OPT);
        float[] fused = run(deployed, form);
        double moved = 0;
        for (int i = 0; i < found.length; i++) {
            assertThat(Math.abs(found[i] - expected[i]) / range(expected)).isLessThan(TOLERANCE);
            moved += Math.abs(fused[i] - expected[i]) / range(expected) / found.length;
        }
        assertThat(moved).isLessThan(0.02);
        long few = network.ops().stream().filter(op -> op instanceof Op.Conv conv && conv.bits().weights() <= 4)
            .mapToLong(op -> ((Op.Conv) op).weight().elements()).sum();
        assertThat(few).isEqualTo(2 * 2 * 16 * 16 * 9 + 2 * 32 * 32 * 9 + (32 + 64) * 64 * 9 + 32 * 64);
        assertThat((double) inBytes.getSerializedSize() - deployed.getSerializedSize()).isCloseTo(few / 2.0, within(0.02 * few));
    }

    private static void leave(Path file, float[] values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Files.write(file, bytes.array());
    }

    private static Network beginningWith(ConvSpec first) {
        NetworkBuilder g = new NetworkBuilder("small", Shape.image(3, SIDE, SIDE), 1e-5);
        g.segment("only");
        return g.build(g.flatten("flat", g.globalPool("pool", g.activation("relu", g.conv("first", g.input(), first), Function.RELU))));
    }

    private static List<String> types(ModelProto model) {
        return model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
    }

    @Test
    void theMeanGoesIntoConvolutionsThatDoNotPad() throws Exception {
        for (ConvSpec first : List.of(ConvSpec.of(Width.of(6), 1), ConvSpec.of(Width.of(6), 1).withBias(), ConvSpec.of(Width.of(6), 1).groups(3),
            ConvSpec.of(Width.of(6), 3))) {
            Network network = beginningWith(first);
            Deployment form = form("pixels: true");
            float[] expected = run(exported(network, Precision.FLOAT32), form(""));
            ModelProto deployed = DeployedModel.of(exported(network, Precision.FLOAT32), form, network);
            float[] found = run(deployed, form);
            for (int i = 0; i < found.length; i++) {
                assertThat(Math.abs(found[i] - expected[i]) / range(expected)).isLessThan(TOLERANCE);
            }
            assertThat(types(deployed)).doesNotContain("Mul");
            assertThat(types(deployed).contains("Sub")).as("only before zeros that come after it").isEqualTo(first.kernel() > 1);
        }
    }

    @Test
    void whatCannotTakeTheFactorLeavesItBefore() throws Exception {
        NetworkBuilder g = new NetworkBuilder("small", Shape.image(3, SIDE, SIDE), 1e-5);
        g.segment("only");
        Network network = g.build(g.flatten("flat", g.globalPool("pool", g.activation("swish", g.input(), Function.SWISH))));
        Deployment form = form("pixels: true");
        float[] expected = run(exported(network, Precision.FLOAT32), form(""));
        ModelProto deployed = DeployedModel.of(exported(network, Precision.FLOAT32), form, network);
        assertThat(types(deployed)).contains("Sub", "Mul");
        float[] found = run(deployed, form);
        for (int i = 0; i < found.length; i++) {
            assertThat(Math.abs(found[i] - expected[i]) / range(expected)).isLessThan(TOLERANCE);
        }
    }

    @Test
    void theFileSaysWhatItIs() {
        Network network = network("shufflenetv2-cifar");
        ModelProto deployed = DeployedModel.of(exported(network, Precision.FLOAT32), form("pixels: true, opset: 13, output: scores"), network);
        Path file = folder.resolve("deployed.onnx");
        OnnxFile.write(file, deployed);
        assertThat(OnnxFile.metadata(file)).containsEntry("lutra.deploy.pixels", "true").containsEntry("lutra.deploy.output", "scores")
            .doesNotContainKeys(OnnxMetadata.DATA_MEAN, OnnxMetadata.DATA_DEVIATION);
        assertThat(deployed.getOpsetImport(0).getVersion()).isEqualTo(13);
    }

    @Test
    void pixelsNeedAMean() {
        Network network = network("shufflenetv2-cifar");
        ModelProto model = exported(network, Precision.FLOAT32).toBuilder().clearMetadataProps().build();
        assertThatThrownBy(() -> DeployedModel.of(model, form("pixels: true"), network)).isInstanceOf(InputException.class)
            .hasMessage("lutra.data.mean in the file's metadata: missing (expected: a number a channel, to take pixels)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"int4: true", "opset: 12", "opset: 22", "batch: 0", "input: 'a b'", "output: input", "precision: float64",
        "sofmax: true", "sigmoid: true, softmax: true"})
    void mistakesNameTheKey(String settings) {
        assertThatThrownBy(() -> form(settings)).isInstanceOf(InputException.class).hasMessageStartingWith("form.yaml:1: ")
            .hasMessageContaining(settings.substring(0, settings.indexOf(':')));
    }
}
