package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.DebianPython;
import dev.lutra.network.Op;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What grids reach, of values whose distribution is known. */
class MagnitudesTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Op.Quantize UNSIGNED = new Op.Quantize("", null, null, null, 8, false);
    private static final Op.Quantize SIGNED = new Op.Quantize("", null, null, null, 8, true);

    @TempDir
    private Path folder;

    private static float[] uniform(int count, double low, double high) {
        return floats(new Random(1).doubles(count, low, high).toArray());
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        IntStream.range(0, values.length).forEach(i -> floats[i] = (float) values[i]);
        return floats;
    }

    private static Magnitudes of(float[]... parts) {
        Magnitudes magnitudes = new Magnitudes();
        for (float[] part : parts) {
            magnitudes.add(part);
        }
        return magnitudes;
    }

    private static double reach(Calibration.Method method, Op.Quantize grid, Magnitudes values) {
        return Calibration.by(method).step(grid, values) * grid.unitStep() * grid.most();
    }

    @Test
    void allThatWasSeenIsReached() {
        Magnitudes values = of(new float[]{-1, 0.5f}, new float[]{3, 0}, new float[]{0.25f});
        assertThat(reach(Calibration.Method.MIN_MAX, UNSIGNED, values)).isCloseTo(3, within(1e-5));
        Magnitudes negative = of(new float[]{-4, 3});
        assertThat(reach(Calibration.Method.MIN_MAX, SIGNED, negative)).as("128 steps to 4, of which 127 go up").isCloseTo(4 * 127 / 128.0,
            within(1e-5));
    }

    @Test
    void quantilesAreThoseOfTheDistributionHoweverTheRangeGrew() {
        float[] values = uniform(100_000, -2, 2);
        Magnitudes grown = of(new float[]{0.001f}, values, new float[]{0, 0, 0});
        assertThat(grown.quantile(0.5)).isCloseTo(1, within(0.02));
        assertThat(grown.quantile(0.9)).isCloseTo(1.8, within(0.02));
        assertThat(grown.quantile(1)).isCloseTo(2, within(0.01));
    }

    /** One value far out would make the grid of all others a hundred times coarser. */
    @Test
    void whatLosesLeastCutsAFarValueAndKeepsAUniformRange() {
        float[] normal = floats(new Random(2).doubles(200_000).map(x -> 0).toArray());
        Random random = new Random(2);
        for (int i = 0; i < normal.length; i++) {
            normal[i] = (float) Math.abs(random.nextGaussian());
        }
        double cut = reach(Calibration.Method.ENTROPY, UNSIGNED, of(normal, new float[]{100}));
        assertThat(cut).isBetween(2.5, 30.0);
        assertThat(reach(Calibration.Method.MIN_MAX, UNSIGNED, of(normal, new float[]{100}))).isCloseTo(100, within(1e-3));
        assertThat(reach(Calibration.Method.PERCENTILE, UNSIGNED, of(normal, new float[]{100}))).isBetween(3.5, 5.0);
        assertThat(reach(Calibration.Method.ENTROPY, UNSIGNED, of(uniform(200_000, 0, 1)))).isCloseTo(1, within(0.05));
    }

    /** The best step of evenly spaced points for a normal value of deviation 1 (Max 1960, table II): 3, 7 and 15 points. */
    @ParameterizedTest
    @CsvSource({"1, 1.2240", "3, 0.6508", "7, 0.3534"})
    void theLeastSquareOfNormalValuesIsPublished(int above, double step) {
        Random random = new Random(4);
        float[] normal = floats(random.doubles(400_000).map(x -> random.nextGaussian()).toArray());
        assertThat(of(normal).leastError(above) / above).isCloseTo(step, within(0.03 * step));
    }

    /** Against all values at once in numpy: the same extreme, percentile to a bin, and cut of least divergence. */
    @Test
    void cutsAreThoseOfNumpy() throws Exception {
        DebianPython.require("numpy");
        Random random = new Random(5);
        double[] normal = random.doubles(20_000).map(x -> random.nextGaussian()).toArray();
        double[] exponential = random.doubles(20_000).map(x -> -Math.log(x)).toArray();
        double[] tailed = random.doubles(20_000).map(x -> random.nextGaussian() * (x < 0.01 ? 8 : 1)).toArray();
        List<double[]> cases = List.of(normal, exponential, tailed);
        Path file = Files.writeString(folder.resolve("given.json"), JSON.writeValueAsString(cases.stream()
            .map(values -> Map.of("values", values, "bins", Magnitudes.BINS, "levels", 127, "percentile", 99.9)).toList()));
        JsonNode expected = JSON.readTree(DebianPython.run(DebianPython.script(MagnitudesTest.class, "cuts.py"), file));
        for (int i = 0; i < cases.size(); i++) {
            Magnitudes magnitudes = of(floats(cases.get(i)));
            double all = expected.get(i).get("min-max").asDouble();
            assertThat(Math.max(magnitudes.most(), -magnitudes.least())).isCloseTo(all, within(1e-5 * all));
            double percentile = expected.get(i).get("percentile").asDouble();
            assertThat(magnitudes.quantile(0.999)).isCloseTo(percentile, within(0.01 * percentile));
            assertThat(magnitudes.leastLoss(127)).as("divergences near the least are alike").isCloseTo(expected.get(i).get("entropy").asDouble(),
                within(0.1 * all));
        }
    }

    @Test
    void zerosAloneHaveAGridToo() {
        for (Calibration.Method method : Calibration.Method.values()) {
            assertThat(Calibration.by(method).step(UNSIGNED, of(new float[4]))).as(method.toString()).isEqualTo(1);
        }
    }
}
