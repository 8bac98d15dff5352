package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.latency.LatencyModel;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Gradients of thresholds and kernels against finite differences of the function whose gradient a straight-through indicator has: the
 * decision as it is, plus how far the sigmoid of norm and threshold moves. The kernel is put together here as the paper writes it.
 */
class StraightThroughTest {

    private static final double LAMBDA = 3;
    private static final double SMOOTHING = 0.1;
    private static final double STEP = 0.01;

    private final SearchSpace space = NestedSpaces.plain();
    private final List<NestedRow> rows = NestedRow.of(space);
    private final Network network = space.build(NestedRow.largest(space, rows));
    private final LatencyModel model = NestedSpaces.slow(space);
    private final RelaxedLatency latency = new RelaxedLatency(rows, RowLatencies.of(space, model), RelaxedLatency.Form.SUM);
    private final Batch batch = TestNetworks.randomBatch(16, 16, 4, 2);
    private final Map<String, double[]> values = new HashMap<>();
    private Map<String, Double> sigmoids = Map.of();
    private Map<String, Double> hard = new HashMap<>();
    private boolean gatesKernel;

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    @ParameterizedTest
    @CsvSource({"output, 0.4 0.4 0.4", "output, 1.5 0.2 0.2", "output, 0.4 1.5 0.4", "output, 1.5 1.5 1.5", "kernel, 0.4 0.4 0.4",
        "kernel, 1.5 0.2 0.2"})
    void gradientsAreThoseOfFiniteDifferences(String gate, String thresholds) {
        gatesKernel = gate.equals("kernel");
        SuperkernelSampling settings = SuperkernelSampling.of(new LayeredSettings(List.of(YamlNode.parse("test.yaml",
            "{lambda: " + LAMBDA + ", warm-up: 0, gate: " + gate + "}"))));
        TrainingSettings plain = new TrainingSettings(1, 16, Curriculum.of(settings), 1, 0, Schedule.COSINE, 0, 0,
            SMOOTHING, 3);
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu()); Learner learner = new Learner(weights, plain, true)) {
            Superkernel superkernel = new Superkernel(settings, space, Map.of("box", RowLatencies.of(space, model)), Optional.empty());
            setThresholds(superkernel, weights, thresholds.split(" "));
            remember(weights, superkernel);
            sigmoids = sigmoids();
            Random random = new Random(1);
            Map<Weight, Map<Integer, Double>> expected = new LinkedHashMap<>();
            for (Weight weight : learnedHere(superkernel)) {
                int entries = Math.toIntExact(weight.elements());
                random.ints(Math.min(4, entries), 0, entries).forEach(entry -> expected.computeIfAbsent(weight, w -> new LinkedHashMap<>())
                    .put(entry, difference(weight.tensor().name(), entry, weights)));
            }
            assertThat(learner.step(List.of(network), batch, 1, 0, 1, superkernel.at(1, 0, 1)).moved()).isTrue();
            expected.forEach((weight, slopes) -> slopes.forEach((entry, slope) -> assertThat(
                values.get(weight.tensor().name())[entry] - weights.read(weight)[entry]).as(weight.tensor().name() + " " + entry)
                .isCloseTo(slope, within(3e-4 + 0.03 * Math.abs(slope)))));
        }
    }

    private void setThresholds(Superkernel superkernel, SupernetWeights weights, String[] of) {
        int layer = 0;
        for (Weight threshold : superkernel.at(1, 0, 1).learned()) {
            String name = threshold.tensor().name();
            String value = name.endsWith("kernel5") ? of[0] : name.contains("expand") ? of[1] : of[2];
            weights.set(threshold.tensor(), new float[]{Float.parseFloat(value) + 0.01f * layer++});
        }
    }

    private List<Weight> learnedHere(Superkernel superkernel) {
        List<Weight> learned = new ArrayList<>(superkernel.at(1, 0, 1).learned());
        network.ops().stream().filter(op -> op instanceof Op.Conv conv && conv.groups() > 1).forEach(op -> learned.addAll(op.weights()));
        return learned;
    }

    private void remember(SupernetWeights weights, Superkernel superkernel) {
        learnedHere(superkernel).forEach(weight -> {
            float[] read = weights.read(weight);
            double[] copy = new double[read.length];
            for (int i = 0; i < read.length; i++) {
                copy[i] = read[i];
            }
            values.put(weight.tensor().name(), copy);
        });
    }

    private double difference(String tensor, int entry, SupernetWeights weights) {
        double[] own = values.get(tensor);
        double before = own[entry];
        own[entry] = before + STEP;
        double up = loss(weights);
        own[entry] = before - STEP;
        double down = loss(weights);
        own[entry] = before;
        return (up - down) / (2 * STEP);
    }

    /** Of every threshold the sigmoid, as the values are; decisions are taken from the same. */
    private Map<String, Double> sigmoids() {
        Map<String, Double> all = new HashMap<>();
        hard = new HashMap<>();
        rows.forEach(row -> decide(row, all));
        return all;
    }

    /** Decisions of a row in the order kernel, expansion, presence; without sigmoids to compare with they are hard. */
    private double[] decide(NestedRow row, Map<String, Double> seen) {
        double[] kernel = values.get(row.layer() + ".s.depthwise.weight");
        int channels = kernel.length / 25;
        double deviation = RandomWeights.deviation(List.of(channels, 1, 5, 5));
        double[] decisions = new double[row.isOmissible() ? 3 : 2];
        decisions[0] = decision(row, "kernel5", norm(kernel, 0, channels, 0, true) / (deviation * Math.sqrt(16 * channels)), seen);
        int half = channels / 2;
        double unit = deviation * Math.sqrt(25 * half);
        decisions[1] = decision(row, "expand4.0", norm(kernel, half, channels, decisions[0], false) / unit, seen);
        if (row.isOmissible()) {
            decisions[2] = decision(row, "presence", norm(kernel, 0, half, decisions[0], false) / unit, seen);
        }
        return decisions;
    }

    private double decision(NestedRow row, String of, double norm, Map<String, Double> seen) {
        String name = row.layer() + ".s.threshold." + of;
        double above = norm - values.get(name)[0];
        seen.put(name, sigmoid(above));
        hard.putIfAbsent(name, above >= 0 ? 1.0 : 0.0);
        return hard.get(name) + sigmoid(above) - sigmoids.getOrDefault(name, sigmoid(above));
    }

    private static double norm(double[] kernel, int from, int to, double ring, boolean ringAlone) {
        double sum = 0;
        for (int channel = from; channel < to; channel++) {
            for (int tap = 0; tap < 25; tap++) {
                double factor = isRing(tap) ? ringAlone ? 1 : ring : ringAlone ? 0 : 1;
                sum += Math.pow(factor * kernel[channel * 25 + tap], 2);
            }
        }
        return Math.sqrt(sum);
    }

    private static boolean isRing(int tap) {
        return tap / 5 == 0 || tap / 5 == 4 || tap % 5 == 0 || tap % 5 == 4;
    }

    private double loss(SupernetWeights weights) {
        Map<String, float[]> changed = new HashMap<>();
        List<double[]> decisions = new ArrayList<>();
        for (NestedRow row : rows) {
            double[] decided = decide(row, new HashMap<>());
            decisions.add(decided);
            apply(row, decided, changed, weights);
        }
        try (NDManager manager = weights.newManager()) {
            Parameters parameters = weight -> changed.containsKey(weight.tensor().name())
                ? manager.create(changed.get(weight.tensor().name()), Views.shape(weight))
                : Views.detached(weights.tensor(weight.tensor()), weight, manager);
            float[] logits = Forward.training(network, parameters, new BatchStatistics(manager), Images.of(batch, manager)).toFloatArray();
            return crossEntropy(logits) + LAMBDA * Math.log(latency.nanos(decisions));
        }
    }

    private void apply(NestedRow row, double[] decided, Map<String, float[]> changed, SupernetWeights weights) {
        double presence = row.isOmissible() ? decided[2] : 1;
        double[] kernel = values.get(row.layer() + ".s.depthwise.weight");
        int half = kernel.length / 50;
        float[] gated = new float[kernel.length];
        for (int i = 0; i < kernel.length; i++) {
            double channel = gatesKernel ? presence * (i / 25 < half ? 1 : decided[1]) : 1;
            gated[i] = (float) (kernel[i] * channel * (isRing(i % 25) ? decided[0] : 1));
        }
        changed.put(row.layer() + ".s.depthwise.weight", gated);
        for (Op op : network.ops()) {
            if (op instanceof Op.Conv conv && conv.name().equals(row.layer() + ".s.project") && !gatesKernel) {
                changed.put(conv.weight().tensor().name(), scaled(first(conv.weight().tensor(), weights),
                    i -> i % (2 * half) < half ? 1 : decided[1]));
            }
            if (op instanceof Op.BatchNorm norm && norm.name().equals(row.layer() + ".s.project.bn")) {
                changed.put(norm.shift().tensor().name(), scaled(first(norm.shift().tensor(), weights), i -> presence));
                if (!gatesKernel) {
                    changed.put(norm.scale().tensor().name(), scaled(first(norm.scale().tensor(), weights), i -> presence));
                }
            }
        }
    }

    private final Map<String, float[]> firsts = new HashMap<>();

    /** As it was before the step. */
    private float[] first(SharedTensor tensor, SupernetWeights weights) {
        return firsts.computeIfAbsent(tensor.name(), name -> weights.first(tensor));
    }

    private static float[] scaled(float[] values, IntToDoubleFunction factor) {
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            scaled[i] = (float) (values[i] * factor.applyAsDouble(i));
        }
        return scaled;
    }

    private double crossEntropy(float[] logits) {
        double sum = 0;
        int classes = logits.length / batch.size();
        for (int image = 0; image < batch.size(); image++) {
            double all = 0;
            for (int c = 0; c < classes; c++) {
                all += Math.exp(logits[image * classes + c]);
            }
            for (int c = 0; c < classes; c++) {
                double target = SMOOTHING / classes + (batch.labels()[image] == c ? 1 - SMOOTHING : 0);
                sum -= target * (logits[image * classes + c] - Math.log(all));
            }
        }
        return sum / batch.size();
    }
}
