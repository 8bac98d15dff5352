package dev.lutra.ranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RankingTest {

    private static final SearchSpace SPACE = SpaceFile.load("fairnas-cifar");
    private static final Architecture ANY = SPACE.random(new Random(1));

    private static RankedNetwork network(double supernet, double alone, double depth) {
        return new RankedNetwork(ANY, supernet, alone, Map.of(Ranking.DEPTH, depth));
    }

    /** Computed by hand. */
    @Test
    void correlations() {
        assertThat(RankCorrelation.kendall(new double[]{1, 2, 3, 4}, new double[]{10, 30, 20, 40})).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(RankCorrelation.kendall(new double[]{1, 2, 2, 3}, new double[]{1, 2, 3, 4}))
            .isCloseTo(5 / Math.sqrt(30), within(1e-12));
        assertThat(RankCorrelation.kendall(new double[]{1}, new double[]{1})).isNaN();
        assertThat(RankCorrelation.spearman(new double[]{1, 2, 3, 4}, new double[]{10, 30, 20, 40})).isCloseTo(0.8, within(1e-12));
        assertThat(RankCorrelation.spearman(new double[]{1}, new double[]{1})).isNaN();
    }

    @Test
    void regretIsWhatFavouritesMiss() {
        List<RankedNetwork> networks = List.of(network(0.9, 0.6, 1), network(0.8, 0.8, 1), network(0.8, 0.7, 1),
            network(0.1, 0.95, 1));
        assertThat(Ranking.of(networks, 2, 1).favouriteRegret().value()).isCloseTo(0.35, within(1e-12));
        assertThat(Ranking.of(networks, 2, 1).topRegret().value()).as("of equal favourites the worst")
            .isCloseTo(0.25, within(1e-12));
        assertThat(Ranking.of(networks, 3, 1).topRegret().value()).isCloseTo(0.15, within(1e-12));
        assertThat(Ranking.of(networks, 4, 1).topRegret().value()).isZero();
    }

    @Test
    void whatCountsDepthRanksNothingAtEqualDepth() {
        SplittableRandom random = new SplittableRandom(1);
        List<RankedNetwork> networks = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int depth = random.nextInt(6);
            networks.add(network(depth + 0.01 * random.nextGaussian(), depth + 0.1 * random.nextGaussian(), depth));
        }
        Ranking ranking = Ranking.of(networks, 10, 1);
        assertThat(ranking.tau().value()).isGreaterThan(0.75);
        assertThat(ranking.tauAtEqualDepth().value()).isBetween(-0.2, 0.2);
        assertThat(ranking.tauAtEqualDepth().low()).isNegative();
        assertThat(ranking.warning()).hasValueSatisfying(text -> assertThat(text).contains("their depth"));
    }

    @Test
    void aSupernetThatKnowsMoreThanDepthIsNotWarnedOf() {
        SplittableRandom random = new SplittableRandom(1);
        List<RankedNetwork> networks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            double alone = random.nextDouble();
            networks.add(network(alone + 0.05 * random.nextGaussian(), alone, Math.round(3 * alone + random.nextGaussian())));
        }
        Ranking ranking = Ranking.of(networks, 10, 1);
        assertThat(ranking.warning()).isEmpty();
        assertThat(ranking.baselines().get(0).lead().low()).isPositive();
        assertThat(Ranking.of(networks, 10, 1)).isEqualTo(ranking);
    }

    @Test
    void whatIsTheSameForAllIsNoRival() {
        SplittableRandom random = new SplittableRandom(1);
        List<RankedNetwork> networks = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            double alone = random.nextDouble();
            double macs = alone + 0.5 * random.nextGaussian();
            networks.add(new RankedNetwork(ANY, alone + 0.05 * random.nextGaussian(), alone, Map.of(Ranking.DEPTH, 7.0, "macs", macs)));
        }
        Ranking ranking = Ranking.of(networks, 10, 1);
        assertThat(ranking.baselines()).extracting(Ranking.Baseline::name).containsExactly("macs", Ranking.DEPTH);
        assertThat(ranking.warning()).isEmpty();
    }

    /** Some 47 intervals of 50 hold the tau of all networks there are: (2 / pi) asin(rho) of two Gaussians (Greiner 1909). */
    @Test
    void intervalsHoldTheTruthAsOftenAsTheySay() {
        double truth = 2 / Math.PI * Math.asin(1 / Math.sqrt(2));
        SplittableRandom random = new SplittableRandom(3);
        int inside = 0;
        for (int sample = 0; sample < 50; sample++) {
            List<RankedNetwork> networks = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                double alone = random.nextGaussian();
                networks.add(network(alone + random.nextGaussian(), alone, 1));
            }
            Estimate tau = Ranking.of(networks, 1, sample).tau();
            inside += tau.low() <= truth && truth <= tau.high() ? 1 : 0;
        }
        assertThat(inside).isBetween(43, 50);
    }
}
