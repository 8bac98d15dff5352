package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.DebianPython;
import dev.lutra.lowering.Precision;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Op.Pool.Kind;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.network.Width;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others say of the exported files: ONNX's own checker and shape inference, and PyTorch's ops. */
class OnnxOracleTest {

    private static final WeightSource WEIGHTS = new TrainedWeights(3);

    @TempDir
    Path folder;

    @Test
    void checkerAcceptsEveryFileAndInfersOurShapes() throws Exception {
        DebianPython.require("onnx");
        Map<String, Map<String, String>> expected = new LinkedHashMap<>();
        for (Network network : SampleNetworks.all()) {
            write(network, network.name(), expected);
            for (Segment segment : network.segments()) {
                if (!segment.outputs().isEmpty()) {
                    write(segment.asNetwork(), network.name() + "-" + segment.name(), expected);
                }
            }
        }
        assertCheckerInfers(expected);
    }

    @Test
    void checkerAcceptsANetworkOfEverySpaceInEveryPrecisionAndInfersItsShapes() throws Exception {
        DebianPython.require("onnx");
        Map<String, Map<String, String>> expected = new LinkedHashMap<>();
        Random random = new Random(2);
        for (String name : SpaceFile.builtIn()) {
            SearchSpace space = SpaceFile.load(name);
            Architecture architecture = space.random(random);
            Network network = space.build(architecture);
            write(network, name, new OnnxOptions(false, OptionalInt.empty(), Map.of()), expected);
            if (!network.isQuantized()) {
                write(network, name, new OnnxOptions(true, OptionalInt.empty(), Precision.FLOAT16, Map.of()), expected);
            }
            write(IntegerNetworks.of(space, architecture), name + "-int8", new OnnxOptions(true, OptionalInt.empty(), Map.of()), expected);
        }
        assertThat(expected.keySet()).anyMatch(file -> file.contains("-int8")).anyMatch(file -> file.contains("float16"));
        assertCheckerInfers(expected);
    }

    private static void assertCheckerInfers(Map<String, Map<String, String>> expected) throws Exception {
        String check = DebianPython.script(OnnxOracleTest.class, "check_models.py");
        Map<String, Map<String, String>> inferred = new HashMap<>();
        for (String[] row : DebianPython.rows(DebianPython.run(check, expected.keySet().toArray()))) {
            inferred.computeIfAbsent(row[0], file -> new HashMap<>()).put(row[1], row[2]);
        }
        assertThat(inferred.keySet()).isEqualTo(expected.keySet());
        expected.forEach((file, shapes) -> assertThat(inferred.get(file)).as(file).containsAllEntriesOf(shapes));
    }

    /** Writes a network with batch norm folded and not, with free and fixed batch, and notes the shape of every value. */
    private void write(Network network, String name, Map<String, Map<String, String>> expected) throws IOException {
        for (boolean fold : new boolean[]{false, true}) {
            for (OptionalInt batch : List.of(OptionalInt.empty(), OptionalInt.of(4))) {
                for (Precision precision : Precision.values()) {
                    write(network, name, new OnnxOptions(fold, batch, precision, Map.of()), expected);
                }
            }
        }
    }

    private void write(Network network, String name, OnnxOptions options, Map<String, Map<String, String>> expected)
        throws IOException {
        Path file = folder.resolve(
            String.join("-", name, options.foldBatchNorm() + "", options.batch().orElse(0) + "", options.precision() + ".onnx"));
        ModelProto model = OnnxExporter.export(network, WEIGHTS, options);
        OnnxFile.write(file, model);
        expected.put(file.toString(), shapes(network, model, options.batch()));
    }

    private static Map<String, String> shapes(Network network, ModelProto model, OptionalInt batch) {
        Map<String, String> shapes = new HashMap<>();
        Set<String> values = model.getGraph().getNodeList().stream().map(node -> node.getOutput(0)).collect(Collectors.toSet());
        for (Op op : network.ops()) {
            if (values.contains(op.name())) {
                shapes.put(op.name(), text(op.output(), batch));
            }
        }
        for (int i = 0; i < network.outputs().size(); i++) {
            shapes.put(model.getGraph().getOutput(i).getName(), text(network.outputs().get(i), batch));
        }
        return shapes;
    }

    private static String text(Value value, OptionalInt batch) {
        String dims = LongStream.of(value.shape().withBatch(0)).skip(1).mapToObj(Long::toString)
            .collect(Collectors.joining(","));
        return (batch.isPresent() ? batch.getAsInt() : "batch") + "," + dims;
    }

    @Test
    void opsComputeWhatPyTorchComputes() throws Exception {
        DebianPython.require("torch");
        Path cases = Files.createDirectory(folder.resolve("cases"));
        write(cases, "conv", (g, x) -> g.batchNorm("norm", g.conv("op", x, ConvSpec.of(Width.of(4), 5).stride(2).withBias())));
        write(cases, "dilated", (g, x) -> g.conv("op", x, ConvSpec.of(Width.of(4), 5).dilation(2)));
        write(cases, "grouped", (g, x) -> g.batchNorm("norm", g.conv("op", x, ConvSpec.of(Width.of(9), 3).groups(3))));
        write(cases, "depthwise", (g, x) -> g.batchNorm("norm", g.depthwise("op", x, 5, 2)));
        write(cases, "linear", (g, x) -> g.batchNorm("norm", g.linear("op", g.flatten("flatten", x), 7, true)));
        write(cases, "relu6", (g, x) -> g.activation("op", x, Function.RELU6));
        write(cases, "hard_swish", (g, x) -> g.activation("op", x, Function.HARD_SWISH));
        write(cases, "hard_sigmoid", (g, x) -> g.activation("op", x, Function.HARD_SIGMOID));
        write(cases, "swish", (g, x) -> g.activation("op", x, Function.SWISH));
        write(cases, "maxpool", (g, x) -> g.pool("op", x, Kind.MAX, 3, 2));
        write(cases, "avgpool", (g, x) -> g.pool("op", x, Kind.AVERAGE, 3, 2));
        write(cases, "shuffle", (g, x) -> g.channelShuffle("op", x, 3));
        write(cases, "slice", (g, x) -> g.channelSlice("op", x, 1, 2, 3));
        write(cases, "squeeze_excite", (g, x) -> g.channelScale("scale", x, g.activation("gate",
            g.conv("op", g.globalPool("pool", x), ConvSpec.pointwise(Width.of(6)).withBias()), Function.HARD_SIGMOID)));
        String compare = DebianPython.script(OnnxOracleTest.class, "compare_with_torch.py");
        for (String[] row : DebianPython.rows(DebianPython.run(compare, cases))) {
            assertThat(Double.parseDouble(row[2])).as(row[0] + " has a range").isPositive();
            assertThat(Double.parseDouble(row[1])).as(row[0]).isLessThanOrEqualTo(1e-4 * Double.parseDouble(row[2]));
        }
    }

    /** Runs one op in ONNX Runtime and leaves input, output and weights for PyTorch. */
    private void write(Path cases, String name, BiFunction<NetworkBuilder, Value, Value> op) throws Exception {
        int batch = 3;
        NetworkBuilder g = new NetworkBuilder(name, Shape.image(6, 9, 8), 1e-5);
        g.segment("only");
        Network network = g.build(op.apply(g, g.input()));
        double[] x = new Random(5).doubles(batch * network.input().shape().elements(), -8, 8).map(v -> (float) v).toArray();
        OnnxOptions folded = new OnnxOptions(true, OptionalInt.empty(), Map.of());
        ModelProto model = OnnxExporter.export(network, WEIGHTS, folded);
        float[] y = OrtRunner.run(model, network, batch, Map.of(network.input(), x)).get(0);
        Path files = Files.createDirectory(cases.resolve(name));
        StringBuilder shapes = new StringBuilder();
        float[] input = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            input[i] = (float) x[i];
        }
        leave(files, shapes, "x", input, network.input().shape().withBatch(batch));
        leave(files, shapes, "y", y, network.output().shape().withBatch(batch));
        for (Op each : network.ops()) {
            for (Weight weight : each.weights()) {
                long[] dims = weight.dims().stream().mapToLong(Integer::longValue).toArray();
                leave(files, shapes, weight.tensor().name(), WEIGHTS.read(weight), dims);
            }
        }
        Files.writeString(files.resolve("shapes.txt"), shapes);
    }

    private static void leave(Path files, StringBuilder shapes, String name, float[] values, long[] dims) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Files.write(files.resolve(name + ".f32"), bytes.array());
        shapes.append(name).append('\t')
            .append(Arrays.stream(dims).mapToObj(Long::toString).collect(Collectors.joining(","))).append('\n');
    }
}
