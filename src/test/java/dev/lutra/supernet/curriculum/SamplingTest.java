package dev.lutra.supernet.curriculum;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplingTest {

    private static final int STEPS = 4000;
    /** The 0.9999 quantile of chi-squared with 3 and with 9 degrees of freedom. */
    private static final double CHI_SQUARED_3 = 21.11;
    private static final double CHI_SQUARED_9 = 33.72;

    private final SearchSpace space = SpaceFile.load("shufflenetv2-cifar");

    private Architecture path(long seed, long step) {
        List<Architecture> paths = Sampling.uniform().paths(Options.all(space), seed, step);
        assertThat(paths).hasSize(1);
        return paths.get(0);
    }

    @Test
    void pathsFollowFromSeedAndStep() {
        assertThat(path(1, 5)).isEqualTo(path(1, 5)).isNotEqualTo(path(1, 6)).isNotEqualTo(path(2, 5));
    }

    @Test
    void everyGeneIsUniform() {
        for (int gene = 0; gene < space.genes().size(); gene++) {
            int[] counts = new int[4];
            for (int step = 0; step < STEPS; step++) {
                counts[path(1, step).value(gene)]++;
            }
            assertThat(chiSquared(counts)).as("gene %d: %s", gene, counts).isLessThan(CHI_SQUARED_3);
        }
    }

    @Test
    void genesAndStepsAreIndependent() {
        int[] neighbours = new int[16];
        int[] consecutive = new int[16];
        for (int step = 0; step < STEPS; step++) {
            neighbours[4 * path(1, step).value(0) + path(1, step).value(1)]++;
            consecutive[4 * path(1, step).value(0) + path(1, step + 1).value(0)]++;
        }
        assertThat(independence(neighbours)).isLessThan(CHI_SQUARED_9);
        assertThat(independence(consecutive)).isLessThan(CHI_SQUARED_9);
    }

    @Test
    void fixedIsAlwaysTheSame() {
        Architecture architecture = path(1, 1);
        assertThat(Sampling.fixed(architecture).paths(Options.all(space), 3, 17)).containsExactly(architecture);
        assertThat(Curriculum.of(Sampling.fixed(architecture)).sharesWeights()).isFalse();
        assertThat(Curriculum.of(Sampling.uniform()).sharesWeights()).isTrue();
    }

    private static double chiSquared(int[] counts) {
        double expected = (double) STEPS / counts.length;
        double sum = 0;
        for (int count : counts) {
            sum += (count - expected) * (count - expected) / expected;
        }
        return sum;
    }

    private static double independence(int[] table) {
        double[] rows = new double[4];
        double[] columns = new double[4];
        for (int i = 0; i < 16; i++) {
            rows[i / 4] += table[i];
            columns[i % 4] += table[i];
        }
        double sum = 0;
        for (int i = 0; i < 16; i++) {
            double expected = rows[i / 4] * columns[i % 4] / STEPS;
            sum += (table[i] - expected) * (table[i] - expected) / expected;
        }
        return sum;
    }
}
