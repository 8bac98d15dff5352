package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.network.Op;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What grids reach, of values whose distribution is known. */
class MagnitudesTest {

    private static final Op.Quantize UNSIGNED = new Op.Quantize("", null, null, null, 8, false);
    private static final Op.Quantize SIGNED = new Op.Quantize("", null, null, null, 8, true);

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

    @Test
    void zerosAloneHaveAGridToo() {
        for (Calibration.Method method : Calibration.Method.values()) {
            assertThat(Calibration.by(method).step(UNSIGNED, of(new float[4]))).as(method.toString()).isEqualTo(1);
        }
    }
}
