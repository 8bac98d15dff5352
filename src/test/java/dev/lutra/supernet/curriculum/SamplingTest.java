package dev.lutra.supernet.curriculum;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.cost.Cost;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.yaml.YamlNode;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
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

    @Test
    void aSandwichIsTheLargestTheSmallestAndRandomOnes() {
        Sampling sandwich = new SandwichSampling(2);
        List<Architecture> paths = sandwich.paths(Options.all(space), Moment.of(1, 5));
        assertThat(paths).hasSize(4).isEqualTo(sandwich.paths(Options.all(space), Moment.of(1, 5)));
        List<Long> macs = paths.stream().map(path -> Cost.of(space.build(path)).macs()).toList();
        assertThat(macs.get(0)).isEqualTo(Collections.max(macs));
        assertThat(macs.get(1)).isEqualTo(Collections.min(macs));
        for (int draw = 0; draw < 50; draw++) {
            assertThat(Cost.of(space.build(path(3, draw))).macs()).isBetween(macs.get(1), macs.get(0));
        }
        Options fewer = Options.all(space);
        for (int gene = 0; gene < space.genes().size(); gene++) {
            fewer = fewer.without(gene, paths.get(0).value(gene));
        }
        Options left = fewer;
        assertThat(sandwich.paths(left, Moment.of(1, 5))).allMatch(left::make);
        assertThat(sandwich.paths(left, Moment.of(1, 5)).get(0)).isNotEqualTo(paths.get(0));
    }

    /** Bins of the official code are hit equally often, which uniform paths do not. */
    @Test
    void macsAreUniformOverBins() {
        int bins = 4;
        long[] sorted = IntStream.range(0, 500).mapToLong(step -> macs(path(2, step))).sorted().toArray();
        long from = sorted[50];
        long to = sorted[449];
        MacsUniformSampling sampling = new MacsUniformSampling(Optional.of(new MacsUniformSampling.Range(from, to)), bins, 500);
        int[] counts = new int[bins];
        int[] uniform = new int[bins];
        for (int step = 0; step < 800; step++) {
            counts[bin(macs(only(sampling, step)), from, to, bins)]++;
            int plain = bin(macs(path(2, step)), from, to, bins);
            if (plain >= 0 && plain < bins) {
                uniform[plain]++;
            }
        }
        assertThat(IntStream.of(counts).mapToDouble(count -> (count - 200.0) * (count - 200) / 200).sum()).isLessThan(CHI_SQUARED_3);
        double mean = IntStream.of(uniform).average().orElseThrow();
        assertThat(IntStream.of(uniform).mapToDouble(count -> (count - mean) * (count - mean) / mean).sum())
            .as("uniform paths %s", uniform).isGreaterThan(CHI_SQUARED_3);
    }

    @Test
    void aBinThatNoDrawHitsIsGivenUp() {
        MacsUniformSampling sampling = new MacsUniformSampling(Optional.of(new MacsUniformSampling.Range(1, 2)), 1, 1);
        int[] counts = new int[4];
        for (int step = 0; step < STEPS; step++) {
            counts[only(sampling, step).value(0)]++;
        }
        assertThat(chiSquared(counts)).as("plain uniform paths: %s", counts).isLessThan(CHI_SQUARED_3);
    }

    @Test
    void withoutARangeTheBinsCoverAllButTheRarestPaths() {
        MacsUniformSampling sampling = new MacsUniformSampling(Optional.empty(), 3, 500);
        long[] drawn = IntStream.range(0, 300).mapToLong(step -> macs(only(sampling, step))).toArray();
        long[] plain = IntStream.range(0, 300).mapToLong(step -> macs(path(2, step))).toArray();
        assertThat(deviation(drawn)).isGreaterThan(1.05 * deviation(plain));
    }

    private static double deviation(long[] values) {
        double mean = LongStream.of(values).average().orElseThrow();
        return Math.sqrt(LongStream.of(values).mapToDouble(value -> (value - mean) * (value - mean)).average().orElseThrow());
    }

    private static int bin(long macs, long from, long to, int bins) {
        return (int) Math.floor((double) (macs - from) * bins / (to - from));
    }

    private long macs(Architecture path) {
        return Cost.of(space.build(path)).macs();
    }

    private Architecture only(Sampling sampling, long step) {
        List<Architecture> paths = sampling.paths(Options.all(space), Moment.of(1, step));
        assertThat(paths).hasSize(1);
        return paths.get(0);
    }

    /** Luo et al. 2019, NAO-V2: the share of a path in the steps is its share of the pool's parameters. */
    @Test
    void pathsOfAPoolAreDrawnInProportionToTheirParameters() {
        assertThatPathsAreDrawnByShares(PoolSampling.By.PARAMETERS, path -> Cost.of(space.build(path)).params(), path -> 1);
    }

    @Test
    void pathsOfAPoolAreDrawnEquallyOften() {
        assertThatPathsAreDrawnByShares(PoolSampling.By.NOTHING, path -> 1, path -> Cost.of(space.build(path)).params());
    }

    private void assertThatPathsAreDrawnByShares(PoolSampling.By by, ToDoubleFunction<Architecture> expected,
        ToDoubleFunction<Architecture> wrong) {
        int size = 10;
        PoolSampling sampling = new PoolSampling(by, size);
        List<Architecture> pool = sampling.poolOf(Options.all(space), Moment.of(1, 0)).paths();
        assertThat(pool).hasSize(size).doesNotHaveDuplicates();
        int[] counts = new int[size];
        for (int step = 0; step < 40_000; step++) {
            counts[pool.indexOf(only(sampling, step))]++;
        }
        assertThat(chiSquare(counts, pool, expected)).as("%s", counts).isLessThan(CHI_SQUARED_9);
        assertThat(chiSquare(counts, pool, wrong)).as("not by another rule: %s", counts).isGreaterThan(CHI_SQUARED_9);
        assertThat(sampling.poolOf(Options.all(space), new Moment(1, 70, 4, 4, 8)).paths()).as("another phase").isNotEqualTo(pool);
        assertThat(sampling.poolOf(Options.all(space), new Moment(1, 30, 2, 0, 4)).paths()).as("the same phase").isEqualTo(pool);
    }

    private static double chiSquare(int[] counts, List<Architecture> paths, ToDoubleFunction<Architecture> share) {
        double steps = IntStream.of(counts).sum();
        double all = paths.stream().mapToDouble(share).sum();
        return IntStream.range(0, counts.length).mapToDouble(path -> {
            double expected = steps * share.applyAsDouble(paths.get(path)) / all;
            return Math.pow(counts[path] - expected, 2) / expected;
        }).sum();
    }

    /** The table of OneShot-S+'s released code: epochs 1 to 60, then the lowest id by epoch after them. */
    @Test
    void channelScalesAreLetInAsTheReleasedCodeDoes() {
        SearchSpace channels = SpaceFile.load("oneshot");
        Sampling sampling = Samplings.ALL.usual("channel-warm-up");
        int[] lowest = new int[120];
        Arrays.fill(lowest, 0, 60, 9);
        int[] after = {8, 7, 6, 5, 4, 4, 3, 3, 3, 2};
        for (int epoch = 60; epoch < 120; epoch++) {
            lowest[epoch] = after[Math.min(epoch - 60, after.length - 1)];
        }
        for (int epoch = 0; epoch < 120; epoch++) {
            Set<Integer> ids = new TreeSet<>();
            for (int step = 0; step < 12; step++) {
                Architecture path = sampling.paths(Options.all(channels), new Moment(1, 100L * epoch + step, epoch, 0, 120)).get(0);
                IntStream.range(0, channels.genes().size()).filter(gene -> channels.genes().get(gene).isScale())
                    .forEach(gene -> ids.add(path.value(gene)));
            }
            assertThat(ids).as("epoch %d", epoch + 1)
                .isEqualTo(IntStream.range(lowest[epoch], 10).boxed().collect(Collectors.toCollection(TreeSet::new)));
        }
        Options offered = sampling.offered(Options.all(channels));
        assertThat(offered.of(1)).containsExactly(2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(offered.of(0)).hasSize(4);
    }

    @Test
    void anotherScheduleNeedsNoCode() {
        ChannelWarmUp asWritten = (ChannelWarmUp) Samplings.ALL.read(YamlNode.parse("f", """
            channel-warm-up: {schedule: [{scales: 2, epochs: 3}, {scales: 4, epochs: 1}, {scales: 1}], sampling: sandwich}"""));
        assertThat(scales(asWritten, 10)).containsExactly(2, 2, 2, 4, 1, 1, 1, 1, 1, 1);
        assertThat(asWritten.trainsSeveral()).isTrue();
        ChannelWarmUp stretched = (ChannelWarmUp) Samplings.ALL.read(YamlNode.parse("f", """
            channel-warm-up: {of: 5, schedule: [{scales: 2, epochs: 3}, {scales: 4, epochs: 1}, {scales: 1}]}"""));
        assertThat(scales(stretched, 10)).containsExactly(2, 2, 2, 2, 2, 2, 4, 4, 1, 1);
        ChannelWarmUp released = (ChannelWarmUp) Samplings.ALL.usual("channel-warm-up");
        assertThat(scales(released, 12)).as("120 epochs in 12").containsExactly(1, 1, 1, 1, 1, 1, 2, 8, 8, 8, 8, 8);
    }

    private static int[] scales(ChannelWarmUp sampling, int epochs) {
        return IntStream.range(0, epochs).map(epoch -> sampling.scales(new Moment(1, 0, 20 + epoch, 20, 20 + epochs))).toArray();
    }

    @Test
    void warmUpAndBinsCombine() throws Exception {
        SearchSpace channels = SpaceFile.load("oneshot");
        Sampling both = Samplings.ALL.read(YamlNode.parse("f", "channel-warm-up: {sampling: {macs-uniform: {bins: 2}}}"));
        for (int epoch : new int[]{0, 63, 119}) {
            int scales = new int[]{1, 5, 8}[epoch == 0 ? 0 : epoch == 63 ? 1 : 2];
            Options let = Options.all(channels).largestScales(scales);
            assertThat(both.paths(Options.all(channels), new Moment(1, epoch, epoch, 0, 120))).hasSize(1).allMatch(let::make)
                .isEqualTo(new MacsUniformSampling(Optional.empty(), 2, 500).paths(let, Moment.of(1, epoch)));
        }
        NamedValues.Builder values = NamedValues.builder();
        both.describe("s", values);
        assertThat(values.build().shown()).containsEntry("s", "channel-warm-up").containsEntry("s.sampling", "macs-uniform")
            .containsEntry("s.sampling.bins", "2").containsEntry("s.of", "120")
            .containsEntry("s.schedule", "1 for 60, 2 for 1, 3 for 1, 4 for 1, 5 for 1, 6 for 2, 7 for 3, 8");
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
