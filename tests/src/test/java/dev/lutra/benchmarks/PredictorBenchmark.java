package dev.lutra.benchmarks;

import com.google.protobuf.ByteString;
import dev.lutra.AtomicFile;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import dev.lutra.search.Algorithm;
import dev.lutra.search.BudgetedAccuracies;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Encoding;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.algorithm.Algorithms;
import dev.lutra.server.predictor.PredictedAccuracies;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The best network of Once-for-all's space within 25 ms on a Note 10, by a predictor that is made here: after how many evaluations which
 * algorithm has it. Arguments: folder for the predictor, seeds, evaluations of {@code lutra}.
 */
public final class PredictorBenchmark {

    private static final String DEVICE = "note10";
    private static final double MOST_NANOS = 25e6;
    private static final int[] MARKS = {100, 200, 300, 500, 1000, 2000, 5000, 10_000};
    private static final List<Integer> WIDTHS = List.of(128, 64, 32, 1);

    private PredictorBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        Path file = Files.createDirectories(Path.of(arguments[0])).resolve("predictor.onnx");
        AtomicFile.write(file, predictor()::writeTo);
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12");
        CheapMeasures cheap = CheapMeasures.counted(space,
            Map.of(DEVICE, new LatencyModel(LookupTable.load(Path.of("lut/note10-ofa.json")))));
        System.out.println("| algorithm | seed | "
            + String.join(" | ", IntStream.of(MARKS).mapToObj(Integer::toString).toList()) + " | CPU, s |");
        System.out.println("|---|---|" + "---|".repeat(MARKS.length + 1));
        try (PredictedAccuracies predictor = new PredictedAccuracies(file, space, Encoding.OFA, 1)) {
            for (int seed = 1; seed <= Integer.parseInt(arguments[1]); seed++) {
                search("lutra", "{budget: " + arguments[2] + "}", seed, space, cheap, predictor);
                search("spos", "{population: 100, generations: 100, top: 25}", seed, space, cheap, predictor);
            }
        }
    }

    private static void search(String name, String settings, int seed, SearchSpace space, CheapMeasures cheap, PredictedAccuracies predictor) {
        Algorithm algorithm = Algorithms.ALL.read(name, YamlNode.parse("benchmark", settings));
        double[] best = new double[MARKS.length];
        int[] evaluated = {0};
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        CandidateEvaluator judge = new CandidateEvaluator(space, cheap, List.of(Constraint.atMost(Measure.latency(DEVICE), MOST_NANOS)),
            new BudgetedAccuracies(predictor, algorithm.budget()), CandidateLog.inMemory());
        algorithm.search(judge, List.of(Objective.max(Measure.ACCURACY)), seed).run(new SearchListener() {
            @Override
            public void evaluated(Candidate candidate, int done, int budget) {
                evaluated[0] = done;
                IntStream.range(0, MARKS.length).filter(mark -> done <= MARKS[mark])
                    .forEach(mark -> best[mark] = Math.max(best[mark], candidate.accuracy()));
            }
        });
        double seconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e9;
        StringBuilder row = new StringBuilder("| `" + name + "` | " + seed);
        for (int mark = 0; mark < MARKS.length; mark++) {
            row.append(" | ").append(MARKS[mark] <= evaluated[0] ? String.format(Locale.ROOT, "%.3f", 100 * best[mark]) : "");
        }
        System.out.println(row.append(String.format(Locale.ROOT, " | %.0f |", seconds)));
    }

    /**
     * A perceptron of two hidden layers whose weights are drawn with a fixed seed: larger kernels and expansions, and more layers, are
     * better in the mean, each layer differs, and the hidden layers make them depend on each other. It answers with shares.
     */
    private static ModelProto predictor() {
        Random random = new Random(22);
        GraphProto.Builder graph = GraphProto.newBuilder().setName("predictor").addInput(value("x", WIDTHS.get(0))).addOutput(value("y", 1));
        String last = "x";
        for (int layer = 0; layer + 1 < WIDTHS.size(); layer++) {
            int inputs = WIDTHS.get(layer);
            int outputs = WIDTHS.get(layer + 1);
            // option 0 to 2 of a kernel or an expansion counts for so much; what is not one of them is as its layer's first
            IntUnaryOperator size = layer == 0 ? input -> input < 120 ? 1 + input % 3 : 1 : input -> 1;
            float scale = (float) (1 / Math.sqrt(inputs));
            graph
                .addInitializer(
                    tensor("w" + layer, inputs, outputs, i -> scale * (float) (0.15 * size.applyAsInt(i / outputs) + random.nextGaussian())))
                .addInitializer(tensor("b" + layer, 1, outputs, i -> -(float) random.nextDouble()))
                .addNode(node("MatMul", "product" + layer, last, "w" + layer))
                .addNode(node("Add", "sum" + layer, "product" + layer, "b" + layer));
            last = "sum" + layer;
            if (layer + 2 < WIDTHS.size()) {
                graph.addNode(node("Relu", "active" + layer, last));
                last = "active" + layer;
            }
        }
        graph.addInitializer(tensor("unit", 1, 1, i -> 0.1f)).addNode(node("Mul", "scaled", last, "unit")).addNode(node("Sigmoid", "y", "scaled"));
        return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).setGraph(graph).build();
    }

    private interface Weight {
        float at(int position);
    }

    private static TensorProto tensor(String name, int rows, int columns, Weight weight) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * rows * columns).order(ByteOrder.LITTLE_ENDIAN);
        IntStream.range(0, rows * columns).forEach(i -> bytes.putFloat(weight.at(i)));
        return TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE).addDims(rows).addDims(columns)
            .setRawData(ByteString.copyFrom(bytes.array())).build();
    }

    private static NodeProto node(String kind, String output, String... inputs) {
        return NodeProto.newBuilder().setOpType(kind).addAllInput(List.of(inputs)).addOutput(output).build();
    }

    private static ValueInfoProto value(String name, int width) {
        TensorShapeProto shape = TensorShapeProto.newBuilder().addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("n"))
            .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(width)).build();
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder()
            .setTensorType(TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT_VALUE).setShape(shape))).build();
    }
}
