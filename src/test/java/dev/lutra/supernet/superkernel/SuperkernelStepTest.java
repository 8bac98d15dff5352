package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.Relaxation;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a file's keys make of a step. */
class SuperkernelStepTest {

    private final SearchSpace space = NestedSpaces.excited();
    private final List<NestedRow> rows = NestedRow.of(space);
    private final Architecture largest = NestedRow.largest(space, rows);
    private final Map<String, LatencyModel> models = Map.of("a", NestedSpaces.slow(space), "b",
        NestedSpaces.slow(space, nanos -> 1 + nanos * nanos % 977));
    private final Map<String, RowLatencies> latencies = Map.of("a", RowLatencies.of(space, models.get("a")), "b",
        RowLatencies.of(space, models.get("b")));

    private static SuperkernelSampling settings(String yaml) {
        return SuperkernelSampling.of(new LayeredSettings(List.of(YamlNode.parse("test.yaml", yaml))));
    }

    private static Parameters plain(SupernetWeights weights, NDManager arrays) {
        return weight -> Views.detached(weights.tensor(weight.tensor()), weight, arrays);
    }

    /** At first everything is used, so that what pulls at the indicators, of which each is 1, is the sum of the slopes. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"sum | sum | {a: 1, b: 0.7}", "sum | maximum | {a: 1, b: 0.7}", "factorised | sum | {a: 1, b: 0.7}",
        "factorised | maximum | {a: 1, b: 0.7}", "sum | sum | {a: 1, b: 5}", "sum | maximum | {a: 1, b: 1e6}", "sum | sum | {b: 1}"})
    void formCombinationAndDevicesAreThoseOfTheFile(String form, String combination, String devices) {
        SuperkernelSampling settings = settings(
            "{lambda: 0.5, warm-up: 0, latency: " + form + ", combine: " + combination + ", devices: " + devices + "}");
        Map<String, Double> weights = Map.copyOf(settings.devices());
        List<double[]> all = rows.stream().map(row -> {
            double[] on = new double[row.decisions().size()];
            Arrays.fill(on, 1);
            return on;
        }).toList();
        RunTimeLoss.Latencies expected = new RunTimeLoss(rows, weights, latencies,
            form.equals("sum") ? RelaxedLatency.Form.SUM : RelaxedLatency.Form.FACTORISED,
            combination.equals("sum") ? RunTimeLoss.Combination.SUM : RunTimeLoss.Combination.MAXIMUM).at(all);
        double slopes = expected.slopes().stream().flatMapToDouble(Arrays::stream).sum();
        try (SupernetWeights own = new SupernetWeights(3, Device.cpu()); NDManager arrays = own.newManager()) {
            Superkernel superkernel = new Superkernel(settings, space, latencies, Optional.empty());
            NDArray pull = superkernel.at(1, 0, 10).begin(plain(own, arrays), arrays).loss().orElseThrow();
            assertThat((double) pull.getFloat()).isCloseTo(0.5 * slopes, within(1e-6));
            assertThat(superkernel.decided().orElseThrow().nanos()).isEqualTo(expected.nanos()).containsOnlyKeys(weights.keySet());
        }
    }

    /** Of several targets the one that is exceeded most counts: by the other one nothing would have to be given up. */
    @Test
    void theTargetThatIsExceededMostIsAimedAt() {
        double a = models.get("a").predict(space.build(largest)).nanos();
        double b = models.get("b").predict(space.build(largest)).nanos();
        assertThat(later(2 * a, b / 2)).isEqualTo(later(1000 * a, b / 2)).isGreaterThan(0.1 + 0.01);
        assertThat(later(a / 2, 2 * b)).isCloseTo(later(2 * a, b / 2), within(1e-6));
    }

    /** λ of the second step, after half of the search. */
    private double later(double a, double b) {
        SuperkernelSampling settings = settings(String.format(Locale.ROOT, "{warm-up: 0, target: {a: %.0f ns, b: %.0f ns}}", a, b));
        try (SupernetWeights own = new SupernetWeights(3, Device.cpu()); NDManager arrays = own.newManager()) {
            Superkernel superkernel = new Superkernel(settings, space, latencies, Optional.empty());
            superkernel.at(1, 0, 1000).begin(plain(own, arrays), arrays);
            superkernel.at(1, 350, 1000).begin(plain(own, arrays), arrays);
            return superkernel.decided().orElseThrow().lambda();
        }
    }

    /** In the warm-up a part is there in a share of the steps, and latency weighs nothing; afterwards it is there as decided. */
    @Test
    void inTheWarmUpDecisionsAreKeptAsOftenAsSaid() {
        SuperkernelSampling settings = settings("{lambda: 0.5, warm-up: 0.5, keep: 0.25}");
        Weight shift = space.build(largest).ops().stream().filter(op -> op.name().equals(rows.get(0).layer() + ".s.project.bn"))
            .map(op -> ((Op.BatchNorm) op).scale()).findFirst().orElseThrow();
        int steps = 800;
        int kept = 0;
        try (SupernetWeights own = new SupernetWeights(3, Device.cpu())) {
            Superkernel superkernel = new Superkernel(settings, space, latencies, Optional.empty());
            for (int step = 0; step < steps; step++) {
                try (NDManager arrays = own.newManager()) {
                    Relaxation.Relaxed relaxed = superkernel.at(1, step, steps).begin(plain(own, arrays), arrays);
                    boolean isThere = relaxed.parameters().get(shift).getFloat(0) != 0;
                    assertThat(superkernel.decided().orElseThrow().architecture()).as("what is decided").isEqualTo(largest.toString());
                    assertThat(relaxed.loss().isPresent()).isEqualTo(step >= steps / 2);
                    if (step < steps / 2) {
                        kept += isThere ? 1 : 0;
                    } else {
                        assertThat(isThere).isTrue();
                    }
                }
            }
        }
        assertThat(kept / (steps / 2.0)).as("within three deviations").isBetween(0.185, 0.315);
    }

    @Test
    void targetsHaveToBeWithinReach() {
        RelaxedLatency latency = new RelaxedLatency(rows, latencies.get("a"), RelaxedLatency.Form.SUM);
        long least = Math.round(latency.least());
        long most = Math.round(latency.most());
        reach("{a: " + least + " ns}");
        reach("{a: " + most + " ns}");
        reach("{a: " + (least + most) / 2 + " ns, b: 1000000 s}");
        refused("{a: " + (least - 1) + " ns}");
        refused("{a: " + (most + 1) + " ns}");
        refused("{a: " + (least - 1) + " ns, b: 1000000 s}");
        refused("{a: " + (most + 1) + " ns, b: 1000000 s}");
    }

    private void reach(String targets) {
        settings("{target: " + targets + "}").requireReachable(space, models);
    }

    private void refused(String targets) {
        assertThatThrownBy(() -> reach(targets)).isInstanceOf(InputException.class)
            .hasMessageMatching(
                "supernet.sampling.superkernel.target.a: [0-9.]+ ms, which no network takes \\(expected: [0-9.]+ ms to [0-9.]+ ms, by .*\\)");
    }
}
