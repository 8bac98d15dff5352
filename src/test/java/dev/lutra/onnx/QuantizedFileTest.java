package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.lutra.cost.Cost;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.WeightRounding;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Value;
import dev.lutra.network.WeightSource;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of few bits: what they compute, and in what. */
class QuantizedFileTest {

    private static final WeightSource WEIGHTS = new TrainedWeights(7);

    @TempDir
    private Path folder;

    private static Network network(String space, String bits) {
        SearchSpace loaded = SpaceFile.load(space);
        String choice = loaded.genes().get(0).options().get(0).name();
        String[] entries = bits.split(" ");
        long layers = loaded.genes().stream().filter(gene -> gene.name().endsWith(".choice")).count();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < layers; i++) {
            text.append(i == 0 ? "" : ",").append(choice).append('@').append(entries[i % entries.length]);
        }
        return loaded.build(loaded.parse(text.toString()));
    }

    /** Node types of what ONNX Runtime makes of a model. */
    private Map<String, Integer> nodes(ModelProto model) throws Exception {
        Path file = folder.resolve("optimized.onnx");
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setSessionLogLevel(ai.onnxruntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
            options.setOptimizedModelFilePath(file.toString());
            OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options).close();
        }
        Map<String, Integer> counts = new TreeMap<>();
        for (NodeProto node : ModelProto.parseFrom(Files.readAllBytes(file)).getGraph().getNodeList()) {
            counts.merge(node.getOpType(), 1, Integer::sum);
        }
        return counts;
    }

    /**
     * Segments one by one, against loops over doubles, so that differences cannot grow from one to the next. What lies between two points
     * of a grid may be rounded to either; nothing else differs.
     */
    @ParameterizedTest
    @CsvSource({"resnet-bits-cifar, 8 2 4.8 4 8.2 2.4", "shufflenetv2-cifar-bits, 8"})
    void segmentsComputeWhatTheirGridsSay(String space, String bits) throws Exception {
        Set<String> seen = new HashSet<>();
        for (Segment segment : network(space, bits).segments()) {
            if (seen.add(segment.key())) {
                assertComputes(segment);
            }
        }
    }

    private static void assertComputes(Segment segment) throws Exception {
        Network network = segment.asNetwork();
        LoweredNetwork lowered = LoweredNetwork.of(network, WEIGHTS).after(List.of(new BatchNormFolding(), new WeightRounding()));
        Random random = new Random(1);
        Map<Value, double[]> inputs = new HashMap<>();
        network.inputs().forEach(
            input -> inputs.put(input, random.doubles(input.shape().elements(), 0, 3).map(value -> (float) value).toArray()));
        double[] expected = ReferenceEvaluator.run(lowered.network(), lowered.weights(), 1, inputs).get(network.output());
        float[] found = OrtRunner.run(OnnxExporter.export(network, WEIGHTS, OnnxExporterTest.options(true)), network, 1, inputs).get(0);
        double step = segment.ops().stream().filter(Op.Quantize.class::isInstance).map(Op.Quantize.class::cast)
            .mapToDouble(op -> WEIGHTS.read(op.step())[0] * op.unitStep()).max().orElse(0);
        double most = 0;
        int off = 0;
        for (int i = 0; i < found.length; i++) {
            double difference = Math.abs(found[i] - expected[i]);
            most = Math.max(most, difference);
            off += difference > ROUNDING ? 1 : 0;
        }
        // one step of what is added up, for the last layer's own rounding or for what the one before it rounded
        assertThat(most).as(segment.name()).isLessThan(2 * step + ROUNDING);
        assertThat((double) off / found.length).as(segment.name()).isLessThan(0.005);
    }

    /** The layers that multiply integers do so in ONNX Runtime, also where a block adds or concatenates in between. */
    @ParameterizedTest
    @CsvSource({"resnet-bits-cifar, 8 2 4.8 4 8.2 2.4, 14, 1", "shufflenetv2-cifar-bits, 8, 42, 2"})
    void layersThatMultiplyIntegersRunInIntegerKernels(String space, String bits, int integer, int real) throws Exception {
        Network network = network(space, bits);
        ModelProto model = OnnxExporter.export(network, WEIGHTS, OnnxExporterTest.options(true));
        assertThat(nodes(model)).containsEntry("QLinearConv", integer).containsEntry("Conv", real);
        assertThat(model.getGraph().getNodeList()).filteredOn(node -> node.getOpType().equals("QuantizeLinear"))
            .hasSize((int) network.ops().stream().filter(Op.Quantize.class::isInstance).count());
    }

    /** Of networks with a million parameters and more, scales and zeros and biases included. */
    @ParameterizedTest
    @ValueSource(strings = {"spos-shufflenetv2", "proxylessnas", "fairnas", "fbnet"})
    void filesOfIntegersTakeLittleMoreThanAQuarter(String name) {
        SearchSpace space = SpaceFile.load(name);
        Architecture architecture = space.random(new Random(6));
        Network real = space.build(architecture);
        assertThat(Cost.of(real).params()).isGreaterThan(1_000_000);
        long inFloat = OnnxExporter.export(real, WEIGHTS, OnnxExporterTest.options(true)).getSerializedSize();
        Network integer = IntegerNetworks.of(space, architecture);
        long inBytes = OnnxExporter.export(integer, WEIGHTS, OnnxExporterTest.options(true)).getSerializedSize();
        assertThat((double) inBytes / inFloat).isLessThanOrEqualTo(0.27);
    }

    /** Smaller than any step, larger than what float32 makes of sums. */
    private static final double ROUNDING = 1e-3;
}
