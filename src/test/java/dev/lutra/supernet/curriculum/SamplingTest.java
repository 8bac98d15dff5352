package dev.lutra.supernet.curriculum;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplingTest {

    private static final int STEPS = 4000;
    /** The 0.9999 quantile of chi-squared with 3 and with 9 degrees of freedom. */
    private static final double CHI_SQUARED_3 = 21.11;
    private static final double CHI_SQUARED_9 = 33.72;

    private final SearchSpace space = SpaceFile.load("shufflenetv2-cifar");

    private Architecture path(long seed, long step) {
        List<Architecture> paths = Sampling.uniform().paths(Options.all(space), Moment.of(seed, step));
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
        assertThat(Sampling.fixed(architecture).paths(Options.all(space), Moment.of(3, 17))).containsExactly(architecture);
        assertThat(Curriculum.of(Sampling.fixed(architecture)).sharesWeights()).isFalse();
        assertThat(Curriculum.of(Sampling.uniform()).sharesWeights()).isTrue();
    }

    /** Chu et al. 2019, section 3: every option of every layer by exactly one path of a step. */
    @Test
    void everyOptionIsTrainedExactlyOnceAFairStep() {
        SearchSpace fairNas = SpaceFile.load("fairnas-cifar");
        FairSampling fair = new FairSampling();
        int[] together = new int[36];
        for (int step = 0; step < STEPS; step++) {
            List<Architecture> paths = fair.paths(Options.all(fairNas), Moment.of(1, step));
            assertThat(paths).hasSize(6);
            for (int gene = 0; gene < fairNas.genes().size(); gene++) {
                assertThat(uses(paths, gene, 6)).containsOnly(1);
            }
            paths.forEach(path -> together[6 * path.value(0) + path.value(1)]++);
        }
        double expected = STEPS / 6.0;
        assertThat(IntStream.of(together).mapToDouble(count -> (count - expected) * (count - expected) / expected).sum())
            .as("pairs of options, 25 degrees of freedom, the 0.9999 quantile").isLessThan(62.0);
        assertThat(fair.paths(Options.all(fairNas), Moment.of(1, 7))).isEqualTo(fair.paths(Options.all(fairNas), Moment.of(1, 7)))
            .isNotEqualTo(fair.paths(Options.all(fairNas), Moment.of(1, 8)))
            .isNotEqualTo(fair.paths(Options.all(fairNas), Moment.of(2, 7)));
    }

    /** Layers with fewer options than the largest: even in every step as far as it goes, and exactly in the end. */
    @Test
    void optionsOfSmallerLayersTakeTurns() {
        SearchSpace channels = SpaceFile.load("spos-shufflenetv2-channels");
        Options some = Options.all(channels).without(0, 1).without(2, 0).without(2, 3);
        FairSampling fair = new FairSampling();
        int most = IntStream.range(0, channels.genes().size()).map(gene -> some.of(gene).length).max().orElseThrow();
        assertThat(most).isEqualTo(8);
        for (int gene = 0; gene < 3; gene++) {
            int[] options = some.of(gene);
            int[] sum = new int[channels.genes().get(gene).size()];
            for (int step = 0; step < options.length; step++) {
                List<Architecture> paths = fair.paths(some, Moment.of(1, 100 + step));
                assertThat(paths).hasSize(most);
                int[] uses = uses(paths, gene, sum.length);
                for (int option : options) {
                    assertThat(uses[option]).isBetween(most / options.length, (most - 1) / options.length + 1);
                    sum[option] += uses[option];
                }
            }
            assertThat(IntStream.of(options).map(option -> sum[option])).containsOnly(most);
            assertThat(IntStream.of(sum).sum()).isEqualTo(most * options.length);
        }
    }

    private static int[] uses(List<Architecture> paths, int gene, int options) {
        int[] uses = new int[options];
        paths.forEach(path -> uses[path.value(gene)]++);
        return uses;
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
