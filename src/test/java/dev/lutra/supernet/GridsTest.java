package dev.lutra.supernet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.DebianPython;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.WeightRounding;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.WeightSource;
import dev.lutra.onnx.TrainedWeights;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rounding to grids against PyTorch's own fake-quantize, and against what is lowered. */
class GridsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int IMAGES = 4;
    private static final int FEATURES = 48;
    private static final int[] WEIGHTS = {6, 3, 3, 3};
    private static final float STEP = 0.8f;

    @TempDir
    private Path folder;

    private static float[] normal(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (1.5 * random.nextGaussian());
        }
        return values;
    }

    private static List<Op.Quantize> grids() {
        List<Op.Quantize> grids = new ArrayList<>();
        for (int bits = Bits.FEWEST; bits <= Bits.MOST; bits++) {
            grids.add(new Op.Quantize("", null, null, null, bits, false));
            grids.add(new Op.Quantize("", null, null, null, bits, true));
        }
        return grids;
    }

    private JsonNode expected(float[] x, float[] slope, float[] w) throws Exception {
        DebianPython.require("torch");
        float[][][][] weights = new float[WEIGHTS[0]][WEIGHTS[1]][WEIGHTS[2]][WEIGHTS[3]];
        for (int i = 0; i < w.length; i++) {
            weights[i / 27][i / 9 % 3][i / 3 % 3][i % 3] = w[i];
        }
        Map<String, Object> given = Map.of("x", x, "slope", slope, "step", STEP, "features", FEATURES, "w", weights,
            "bits", List.of(2, 3, 4, 5, 6, 7, 8), "grids", grids().stream()
                .map(grid -> Map.of("least", grid.least(), "most", grid.most(), "unit", grid.unitStep())).toList());
        Path file = folder.resolve("given.json");
        Files.writeString(file, JSON.writeValueAsString(given));
        return JSON.readTree(DebianPython.run(DebianPython.script(GridsTest.class, "grids.py"), file));
    }

    @Test
    void valuesAndGradientsArePyTorchs() throws Exception {
        float[] x = normal(IMAGES * FEATURES, 1);
        float[] slope = normal(IMAGES * FEATURES, 2);
        float[] w = normal(6 * 27, 3);
        JsonNode expected = expected(x, slope, w);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            for (int i = 0; i < grids().size(); i++) {
                Op.Quantize grid = grids().get(i);
                NDArray values = manager.create(x, new Shape(IMAGES, 3, 4, 4));
                NDArray step = manager.create(new float[]{STEP});
                values.setRequiresGradient(true);
                step.setRequiresGradient(true);
                try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                    NDArray rounded = Grids.values(grid, values, step);
                    collector.backward(rounded.mul(manager.create(slope, values.getShape())).sum());
                    JsonNode own = expected.get("values").get(i);
                    assertClose(grid + " values", rounded.toFloatArray(), own.get("values"));
                    assertClose(grid + " values written out", rounded.toFloatArray(), own.get("written"));
                    assertClose(grid + " gradient", values.getGradient().toFloatArray(), own.get("x"));
                    double slopeOfStep = own.get("step").asDouble();
                    assertThat((double) step.getGradient().getFloat()).as(grid + " gradient of the step")
                        .isCloseTo(slopeOfStep, within(1e-4 * Math.abs(slopeOfStep) + 1e-4));
                }
            }
            for (int bits = Bits.FEWEST; bits <= Bits.MOST; bits++) {
                NDArray weights = manager.create(w, new Shape(6, 3, 3, 3));
                weights.setRequiresGradient(true);
                try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                    NDArray rounded = Grids.weights(weights, bits);
                    NDArray slopes = manager.arange(0, w.length, 1, DataType.FLOAT32).cos().reshape(weights.getShape());
                    collector.backward(rounded.mul(slopes).sum());
                    JsonNode own = expected.get("weights").get(bits - Bits.FEWEST);
                    assertClose(bits + " bits of weights", rounded.toFloatArray(), own.get("values"));
                    assertClose(bits + " bits of weights, gradient", weights.getGradient().toFloatArray(), own.get("w"));
                }
            }
        }
    }

    /** Rounding in training and what is judged and written are one thing, with batch norm folded or not. */
    @Test
    void loweredNetworksComputeWhatTrainingComputes() {
        SearchSpace space = SpaceFile.load("resnet-bits-cifar");
        WeightSource weights = new TrainedWeights(3);
        for (String text : List.of("basic@8,basic@8,basic@8,basic@8,basic@8,basic@8", "basic@4.8,basic@2.8,basic@8,basic@4.8,basic@8,basic@8")) {
            Network network = space.build(space.parse(text));
            LoweredNetwork asTrained = LoweredNetwork.of(network, weights);
            float[] expected = logits(asTrained);
            assertCloseOnAverage(logits(asTrained.after(List.of(new WeightRounding()))), expected, 1e-5);
            assertCloseOnAverage(logits(asTrained.after(List.of(new BatchNormFolding(), new WeightRounding()))), expected, 0.01);
        }
    }

    /** To the bit: what is float32 everywhere has no grid to pass. */
    @Test
    void float32EverywhereAnswersAsTheSpaceWithoutBits() {
        SearchSpace plain = SpaceFile.load("shufflenetv2-cifar");
        SearchSpace mixed = SpaceFile.load("shufflenetv2-cifar-bits");
        WeightSource weights = new TrainedWeights(5);
        String text = plain.random(new Random(4)).toString();
        assertThat(logits(LoweredNetwork.of(mixed.build(mixed.parse(text)), weights)))
            .isEqualTo(logits(LoweredNetwork.of(plain.build(plain.parse(text)), weights)));
    }

    private static float[] logits(LoweredNetwork lowered) {
        try (Inference inference = new Inference(lowered, Device.cpu())) {
            return inference.logits(TestNetworks.randomBatch(8, 32, 10, 9));
        }
    }

    private static void assertCloseOnAverage(float[] found, float[] expected, double part) {
        double sum = 0;
        double largest = 0;
        for (int i = 0; i < found.length; i++) {
            sum += Math.abs(found[i] - expected[i]);
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        assertThat(sum / found.length).isLessThan(part * largest);
    }

    private static void assertClose(String what, float[] found, JsonNode expected) {
        assertThat(found).hasSize(expected.size());
        for (int i = 0; i < found.length; i++) {
            assertThat((double) found[i]).as(what).isCloseTo(expected.get(i).asDouble(), within(1e-5));
        }
    }
}
