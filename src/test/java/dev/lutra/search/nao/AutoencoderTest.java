package dev.lutra.search.nao;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.ranking.RankCorrelation;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AutoencoderTest {

    private static final int KNOWN = 200;
    private static final int HELD_OUT = 200;
    private static final int EPOCHS = 30;

    /**
     * Architectures, and what is to be learned of them: every option adds a part, later options more, but not alike in every gene, and
     * equal neighbours add a part besides.
     */
    private record Judged(SearchSpace space, int[][] values, double[] worths) {

        static Judged of(String name, long seed) {
            SearchSpace space = SpaceFile.load(name);
            Random random = new Random(seed);
            int genes = space.genes().size();
            double[][] gains = space.genes().stream().map(gene -> IntStream.range(0, gene.size())
                .mapToDouble(option -> (double) option / gene.size() + 0.5 * random.nextDouble()).toArray()).toArray(double[][]::new);
            int[][] values = Stream.generate(() -> space.random(random).values()).limit(KNOWN + HELD_OUT).toArray(int[][]::new);
            double[] sums = Arrays.stream(values).mapToDouble(row -> IntStream.range(0, genes).mapToDouble(gene -> gains[gene][row[gene]]
                + (gene > 0 && row[gene] == row[gene - 1] ? 0.3 : 0)).sum()).toArray();
            double least = Arrays.stream(sums).min().orElseThrow();
            double most = Arrays.stream(sums).max().orElseThrow();
            return new Judged(space, values, Arrays.stream(sums).map(sum -> (sum - least) / (most - least)).toArray());
        }

        int[][] values(int from, int to) {
            return Arrays.copyOfRange(values, from, to);
        }

        double[] worths(int from, int to) {
            return Arrays.copyOfRange(worths, from, to);
        }

        int[][] offered() {
            return space.genes().stream().map(gene -> IntStream.range(0, gene.size()).toArray()).toArray(int[][]::new);
        }

        Autoencoder learned(int epochs) {
            Autoencoder networks = new Autoencoder(new Words(space.genes()), new Random(3));
            networks.learn(values(0, KNOWN), worths(0, KNOWN), epochs);
            return networks;
        }
    }

    /** 40 numbers for two cells of five nodes, and 12 words: the beginning, six states and five operations, as was published. */
    @Test
    void cellsHaveTheWordsOfNao() {
        SearchSpace cell = SpaceFile.load("nao-cell");
        Words words = new Words(cell.genes());
        assertThat(words.length()).isEqualTo(40);
        assertThat(words.count()).isEqualTo(12);
        long[] read = words.read(new Random(1).ints(40, 0, 2).toArray());
        assertThat(read).doesNotContain(0);
        assertThat(words.word(0, 1)).as("the state is the same word wherever it is read").isEqualTo(words.word(38, 1))
            .isNotEqualTo(words.word(1, 1));
        Words chain = new Words(SpaceFile.load("spos-shufflenetv2").genes());
        assertThat(chain.length()).isEqualTo(20);
        assertThat(chain.count()).isEqualTo(5);
    }

    /**
     * Of 200 networks that were never shown it orders with a tau of 0.4 and more: by chance its deviation is 0.047, so this is eight of
     * them off chance. Steps along the gradient then lead to architectures that it thinks better, by more than writing them down again does.
     */
    @ParameterizedTest
    @ValueSource(strings = {"nao-cell", "spos-shufflenetv2"})
    void ranksNetworksThatItWasNotShownAndWritesBetterOnes(String space) {
        Judged judged = Judged.of(space, 5);
        double[] truth = judged.worths(KNOWN, KNOWN + HELD_OUT);
        try (Autoencoder networks = judged.learned(EPOCHS); Autoencoder ignorant = judged.learned(0)) {
            double tau = RankCorrelation.kendall(networks.predict(judged.values(KNOWN, KNOWN + HELD_OUT)), truth);
            int[][] some = judged.values(0, 50);
            double before = mean(networks, some);
            double written = mean(networks, networks.improved(some, 0, judged.offered()));
            double after = mean(networks, networks.improved(some, 20, judged.offered()));
            assertThat(tau).isGreaterThan(0.4);
            assertThat(RankCorrelation.kendall(ignorant.predict(judged.values(KNOWN, KNOWN + HELD_OUT)), truth)).isLessThan(0.2);
            assertThat(after).isGreaterThan(before + 0.1).isGreaterThan(written + 0.1);
        }
    }

    private static double mean(Autoencoder networks, int[][] values) {
        return Arrays.stream(networks.predict(values)).average().orElseThrow();
    }

    /** Shown often enough, few architectures are written down as they were read. */
    @Test
    void writesWhatItReads() {
        Judged judged = Judged.of("spos-shufflenetv2", 5);
        try (Autoencoder networks = new Autoencoder(new Words(judged.space.genes()), new Random(3))) {
            int[][] few = judged.values(0, 8);
            networks.learn(few, judged.worths(0, 8), 100);
            int[][] written = networks.improved(few, 0, judged.offered());
            long right = IntStream.range(0, 8).mapToLong(i -> IntStream.range(0, 20).filter(gene -> few[i][gene] == written[i][gene]).count())
                .sum();
            assertThat(right).as("of 160").isGreaterThan(144);
        }
    }

    @Test
    void writesOnlyWhatIsOnOffer() {
        Judged judged = Judged.of("nao-cell", 5);
        int[][] offered = judged.offered();
        offered[3] = new int[]{2};
        offered[4] = new int[]{1};
        try (Autoencoder networks = judged.learned(1)) {
            assertThat(List.of(networks.improved(judged.values(0, 20), 5, offered))).allSatisfy(values -> {
                assertThat(values[3]).isEqualTo(2);
                assertThat(values[4]).isEqualTo(1);
                assertThat(judged.space.architecture(values)).isNotNull();
            });
        }
    }

    @Test
    void oneSeedLearnsTheSameToTheBit() {
        Judged judged = Judged.of("spos-shufflenetv2", 5);
        try (Autoencoder one = judged.learned(5); Autoencoder other = judged.learned(5)) {
            assertThat(one.predict(judged.values())).containsExactly(other.predict(judged.values()));
        }
    }
}
