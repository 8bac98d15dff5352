package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.lutra.network.Op;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a row of three kernels, three expansions and squeeze-and-excite makes of its weights, and the gradients of that, held against the
 * formula as the paper has it, put together here in double precision, and its finite differences.
 */
class NestedGradientsTest {

    private static final String KERNEL = "s.depthwise.weight";
    private static final double STEP = 1e-5;
    /** Channels of the first expansion, and of the hidden layer of squeeze-and-excite with it; the others have twice as many each. */
    private static final int CHANNELS = 8;
    private static final int HIDDEN = 2;

    private final SearchSpace space = NestedSpaces.excited();
    private final NestedRow row = NestedRow.of(space).get(1);
    private final Architecture largest = NestedRow.largest(space, NestedRow.of(space));
    /** By what follows the layer's name in the tensors'. */
    private final Map<String, double[]> values = new HashMap<>();
    private final Map<String, double[]> coefficients = new HashMap<>();
    private Norm norm = Norm.RELATIVE;
    private boolean gatesKernel;
    private double[] thresholds = new double[6];
    private double[] hard = new double[6];
    private double[] sigmoids;

    /** How far thresholds are below the norms (kernels 5, 7, expansions 2, 4, presence, squeeze-and-excite): above 0 is a decision for the part. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"RELATIVE | OUTPUT | 0.5 0.3 0.4 0.2 0.6 0.1", "RELATIVE | OUTPUT | -0.5 0.3 0.4 0.2 0.6 0.1",
        "RELATIVE | OUTPUT | 0.5 -0.3 -0.4 0.2 0.6 -0.1", "RELATIVE | OUTPUT | 0.5 0.3 0.4 -0.2 -0.6 0.1", "L2 | OUTPUT | 0.5 0.3 0.4 0.2 0.6 0.1",
        "L2 | OUTPUT | 0.01 -0.01 0.01 -0.01 0.01 -0.01", "L2 | KERNEL | -0.01 0.01 -0.01 0.01 -0.01 0.01",
        "RELATIVE | KERNEL | 0.5 0.3 0.4 0.2 0.6 0.1",
        "RELATIVE | KERNEL | 0.5 0.3 -0.4 0.2 0.6 0.1"})
    void gradientsAreThoseOfFiniteDifferences(Norm by, RowKernel.Gate gate, String below) {
        norm = by;
        gatesKernel = gate == RowKernel.Gate.KERNEL;
        RowKernel kernel = new RowKernel(space, row, largest, norm, gate);
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu()); NDManager step = weights.newManager()) {
            Map<Weight, NDArray> leaves = new LinkedHashMap<>();
            space.build(largest).ops().stream().filter(op -> op.name().startsWith(row.layer() + ".")).map(Op::weights).flatMap(List::stream)
                .forEach(weight -> leaves.put(weight, leaf(drawn(weight), weight, step)));
            setThresholds(Arrays.stream(below.split(" ")).mapToDouble(Double::parseDouble).toArray());
            for (int i = 0; i < thresholds.length; i++) {
                leaves.put(kernel.thresholds().get(i), leaf(new double[]{thresholds[i]}, kernel.thresholds().get(i), step));
            }
            double loss = loss();
            sigmoids = null;
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                RowKernel.Gated gated = kernel.gate(leaves::get, step, decision -> true);
                assertThat(gated.decisions()).containsExactly(hard);
                NDArray sum = loss(gated, step);
                assertThat((double) sum.getFloat()).isCloseTo(loss, within(1e-3 * (1 + Math.abs(loss))));
                collector.backward(sum);
            }
            loss(); // remembers the sigmoids
            assertThat(Arrays.stream(sigmoids)).hasSize(6);
            for (int i = 0; i < thresholds.length; i++) {
                close(leaves.get(kernel.thresholds().get(i)).getGradient().toFloatArray()[0], slope(thresholds, i), "threshold " + i);
            }
            for (String name : List.of(KERNEL, "s.se.reduce.weight", "s.se.expand.weight", "s.project.weight")) {
                float[] gradient = leaves.entrySet().stream().filter(leaf -> leaf.getKey().tensor().name().equals(row.layer() + "." + name))
                    .findFirst()
                    .orElseThrow().getValue().getGradient().toFloatArray();
                new Random(8).ints(12, 0, gradient.length)
                    .forEach(entry -> close(gradient[entry], slope(values.get(name), entry), name + " " + entry));
            }
        }
    }

    private static void close(double found, double expected, String what) {
        assertThat(found).as(what).isCloseTo(expected, within(2e-3 + 2e-3 * Math.abs(expected)));
    }

    private double[] drawn(Weight weight) {
        String name = weight.tensor().name().substring(row.layer().length() + 1);
        Random random = new Random(name.hashCode());
        int count = Math.toIntExact(weight.elements());
        values.put(name, random.doubles(count).map(d -> (float) (0.6 * (d - 0.5))).toArray());
        coefficients.put(name, random.doubles(count).map(d -> (float) (d - 0.5)).toArray());
        return values.get(name);
    }

    private static NDArray leaf(double[] from, Weight weight, NDManager step) {
        NDArray leaf = array(from, step).reshape(new Shape(weight.dims().stream().mapToLong(Integer::longValue).toArray()));
        leaf.setRequiresGradient(true);
        return leaf;
    }

    private static NDArray array(double[] from, NDManager step) {
        float[] floats = new float[from.length];
        for (int i = 0; i < from.length; i++) {
            floats[i] = (float) from[i];
        }
        return step.create(floats);
    }

    private NDArray loss(RowKernel.Gated gated, NDManager step) {
        NDArray sum = step.create(0f);
        for (Map.Entry<Weight, NDArray> weight : gated.weights().entrySet()) {
            String name = weight.getKey().tensor().name().substring(row.layer().length() + 1);
            sum = sum.add(weight.getValue().reshape(-1).mul(array(coefficients.get(name), step)).sum());
        }
        NDArray factor = step.create(0.3f).reshape(1, 1, 1, 1);
        return sum.add(gated.excited().values().iterator().next().apply(factor).sum());
    }

    private double slope(double[] of, int entry) {
        double before = of[entry];
        of[entry] = before + STEP;
        double up = loss();
        of[entry] = before - STEP;
        double down = loss();
        of[entry] = before;
        return (up - down) / (2 * STEP);
    }

    /** Decisions in their order; each norm is of what the ones before it have left. */
    private void setThresholds(double[] below) {
        sigmoids = null;
        for (int i = 0; i < below.length; i++) {
            hard[i] = below[i] > 0 ? 1 : 0;
        }
        Arrays.fill(thresholds, 0);
        double[] norms = norms(hard);
        for (int i = 0; i < below.length; i++) {
            thresholds[i] = norms[i] - below[i];
        }
    }

    /** In their units: rings, channels of expansions, the first channels, squeeze-and-excite. */
    private double[] norms(double[] decisions) {
        double[] kernel = values.get(KERNEL);
        double deviation = norm == Norm.L2 ? 0 : RandomWeights.deviation(List.of(4 * CHANNELS, 1, 7, 7));
        double[] norms = new double[6];
        norms[0] = norm(i -> level(i % 49) == 1 ? kernel[i] : 0, kernel.length, deviation, 4 * CHANNELS * 16);
        norms[1] = norm(i -> level(i % 49) == 2 ? kernel[i] : 0, kernel.length, deviation, 4 * CHANNELS * 24);
        int[] ends = {0, CHANNELS, 2 * CHANNELS, 4 * CHANNELS};
        for (int part = 0; part < 3; part++) {
            int from = ends[part];
            int to = ends[part + 1];
            norms[part == 0 ? 4 : 1 + part] = norm(i -> i / 49 >= from && i / 49 < to ? kernel[i] * ringGate(i % 49, decisions) : 0, kernel.length,
                deviation, (to - from) * 49);
        }
        double[] reduce = values.get("s.se.reduce.weight");
        double[] expand = values.get("s.se.expand.weight");
        double unit = norm == Norm.L2
            ? 0
            : reduce.length * Math.pow(RandomWeights.deviation(List.of(4 * HIDDEN, 4 * CHANNELS, 1, 1)), 2)
                + expand.length * Math.pow(RandomWeights.deviation(List.of(4 * CHANNELS, 4 * HIDDEN, 1, 1)), 2);
        double squares = Arrays.stream(reduce).map(w -> w * w).sum() + Arrays.stream(expand).map(w -> w * w).sum();
        norms[5] = Math.sqrt(squares / (norm == Norm.L2 ? 1 : unit));
        return norms;
    }

    @FunctionalInterface
    private interface Entry {
        double at(int index);
    }

    private double norm(Entry entry, int count, double deviation, int values) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += entry.at(i) * entry.at(i);
        }
        return Math.sqrt(sum) / (norm == Norm.L2 ? 1 : deviation * Math.sqrt(values));
    }

    /** The ring that a tap of a 7×7 kernel is in: 0 for the centre of 3×3. */
    private static int level(int tap) {
        return Math.max(0, Math.max(Math.abs(tap / 7 - 3), Math.abs(tap % 7 - 3)) - 1);
    }

    private static double ringGate(int tap, double[] decisions) {
        return level(tap) == 0 ? 1 : level(tap) == 1 ? decisions[0] : decisions[0] * decisions[1];
    }

    private static double channelGate(int channel, int first, double[] decisions) {
        return channel < first ? 1 : channel < 2 * first ? decisions[2] : decisions[2] * decisions[3];
    }

    /** Decisions as straight-through indicators: as they are, and how far their sigmoids have moved from where they were at first. */
    private double[] decisions() {
        double[] decisions = hard.clone();
        double[] seen = new double[6];
        for (int i : new int[]{0, 1, 2, 3, 4, 5}) {
            seen[i] = 1 / (1 + Math.exp(thresholds[i] - norms(decisions)[i]));
            decisions[i] = hard[i] + seen[i] - (sigmoids == null ? seen[i] : sigmoids[i]);
        }
        sigmoids = sigmoids == null ? seen : sigmoids;
        return decisions;
    }

    private double loss() {
        double[] d = decisions();
        double sum = 1 + d[5] * (0.3 - 1);
        sum += weighed(KERNEL, i -> ringGate(i % 49, d) * (gatesKernel ? d[4] * channelGate(i / 49, CHANNELS, d) : 1));
        if (gatesKernel) {
            sum += weighed("s.depthwise.bn.shift", i -> channelGate(i, CHANNELS, d));
        } else {
            sum += weighed("s.project.weight", i -> channelGate(i % (4 * CHANNELS), CHANNELS, d)) + weighed("s.project.bn.scale", i -> d[4]);
        }
        return sum + weighed("s.project.bn.shift", i -> d[4]) + weighed("s.se.reduce.weight", i -> channelGate(i % (4 * CHANNELS), CHANNELS, d))
            + weighed("s.se.expand.weight", i -> channelGate(i % (4 * HIDDEN), HIDDEN, d));
    }

    private double weighed(String name, Entry factor) {
        double sum = 0;
        double[] of = values.get(name);
        for (int i = 0; i < of.length; i++) {
            sum += coefficients.get(name)[i] * of[i] * factor.at(i);
        }
        return sum;
    }
}
