package dev.lutra.search.surrogate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.stat.correlation.KendallsCorrelation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the definitions, computed with another library. */
class GaussianProcessTest {

    private static final List<GeneShape> GENES = List.of(GeneShape.named(3), GeneShape.ordered(0.5, 1, 2, 4), GeneShape.named(2),
        GeneShape.ordered(1, 2, 3), GeneShape.named(4));
    private static final GeneKernel KERNEL = new GeneKernel(GENES);

    private final Random random = new Random(4);

    private int[][] architectures(int count) {
        return IntStream.range(0, count).mapToObj(i -> GENES.stream().mapToInt(gene -> random.nextInt(gene.options())).toArray())
            .toArray(int[][]::new);
    }

    private double[] normal(int count) {
        return random.doubles(count).map(d -> random.nextGaussian()).toArray();
    }

    private Hyperparameters someParameters() {
        return new Hyperparameters(IntStream.range(0, Hyperparameters.FIRST_GENE + GENES.size())
            .mapToDouble(i -> Hyperparameters.prior(GENES.size()).values()[i] + 0.3 * random.nextGaussian()).toArray());
    }

    /** The kernel as its definition has it. */
    private static double covariance(Hyperparameters p, int[] a, int[] b, double[] fa, double[] fb) {
        double[][] positions = {null, {0.5, 1, 2, 4}, null, {1, 2, 3}, null};
        double distance = 0;
        for (int gene = 0; gene < a.length; gene++) {
            double hamming = a[gene] == b[gene] ? 0 : 1;
            double ordinal = positions[gene] == null
                ? hamming
                : Math.abs(positions[gene][a[gene]] - positions[gene][b[gene]]) / (positions[gene][positions[gene].length - 1] - positions[gene][0]);
            distance += p.relevance(gene) * ((1 - p.mixture()) * hamming + p.mixture() * ordinal);
        }
        double trend = 0;
        for (int d = 0; d < fa.length; d++) {
            trend += fa[d] * fb[d];
        }
        return p.signal() * Math.exp(-distance) + p.trend() * trend;
    }

    private static RealMatrix covariances(Hyperparameters p, int[][] one, int[][] other, double[][] fOne, double[][] fOther) {
        RealMatrix matrix = new Array2DRowRealMatrix(one.length, other.length);
        for (int i = 0; i < one.length; i++) {
            for (int j = 0; j < other.length; j++) {
                matrix.setEntry(i, j, covariance(p, one[i], other[j], fOne[i], fOther[j]));
            }
        }
        return matrix;
    }

    private double[][] features(int count) {
        return IntStream.range(0, count).mapToObj(i -> normal(2)).toArray(double[][]::new);
    }

    private static RealMatrix withNoise(RealMatrix covariances, Hyperparameters p, double[] known) {
        RealMatrix noisy = covariances.copy();
        for (int i = 0; i < known.length; i++) {
            noisy.addToEntry(i, i, p.noise() + known[i]);
        }
        return noisy;
    }

    @Test
    void likelihoodAndItsGradientAreThoseOfTheDefinition() {
        int[][] genes = architectures(25);
        double[][] features = features(25);
        double[] targets = normal(25);
        double[] known = random.doubles(25, 0, 0.1).toArray();
        Likelihood likelihood = new Likelihood(KERNEL, genes, features, targets, known);
        Hyperparameters p = someParameters();

        CholeskyDecomposition reference = new CholeskyDecomposition(withNoise(covariances(p, genes, genes, features, features), p, known));
        RealVector y = new ArrayRealVector(targets);
        double expected = -0.5 * y.dotProduct(reference.getSolver().solve(y)) - 0.5 * Math.log(reference.getDeterminant());
        assertThat(likelihood.logLikelihood(p)).isCloseTo(expected, within(1e-9));
        assertThat(likelihood.at(p).logPosterior()).isCloseTo(expected + p.logPrior(), within(1e-9));

        for (int i = 0; i < p.values().length; i++) {
            double slope = (likelihood.at(moved(p, i, 1e-5)).logPosterior() - likelihood.at(moved(p, i, -1e-5)).logPosterior()) / 2e-5;
            assertThat(likelihood.at(p).gradient()[i]).as("hyperparameter %s", i).isCloseTo(slope, within(1e-4 * (1 + Math.abs(slope))));
        }
    }

    private static Hyperparameters moved(Hyperparameters p, int which, double by) {
        double[] values = p.values().clone();
        values[which] += by;
        return new Hyperparameters(values);
    }

    @Test
    void whatIsExpectedIsTheConditionalNormal() {
        int[][] genes = architectures(30);
        double[][] features = features(30);
        double[] targets = normal(30);
        int[][] asked = architectures(12);
        double[][] askedFeatures = features(12);
        Hyperparameters p = someParameters();
        Likelihood likelihood = new Likelihood(KERNEL, genes, features, targets, new double[30]);
        Expectation expectation = new Expectation(
            new Expectation.Source(KERNEL, p, genes, features, likelihood.solve(p)), asked, askedFeatures, 1);

        RealMatrix known = withNoise(covariances(p, genes, genes, features, features), p, new double[30]);
        RealMatrix between = covariances(p, asked, genes, askedFeatures, features);
        RealMatrix inverse = MatrixUtils.inverse(known);
        double[] means = between.multiply(inverse).operate(targets);
        RealMatrix left = covariances(p, asked, asked, askedFeatures, askedFeatures)
            .subtract(between.multiply(inverse).multiply(between.transpose()));
        for (int i = 0; i < asked.length; i++) {
            assertThat(expectation.mean(i)).isCloseTo(means[i], within(1e-8));
            assertThat(expectation.deviation(i)).isCloseTo(Math.sqrt(left.getEntry(i, i) + p.noise()), within(1e-8));
        }

        // two more are evaluated: what is left is conditional on them, whatever they turn out to be
        expectation.learn(3);
        expectation.learn(7);
        RealMatrix taken = left.getSubMatrix(new int[]{3, 7}, new int[]{3, 7});
        taken.addToEntry(0, 0, p.noise());
        taken.addToEntry(1, 1, p.noise());
        RealMatrix toTaken = left.getSubMatrix(IntStream.range(0, asked.length).toArray(), new int[]{3, 7});
        RealMatrix still = left.subtract(
            toTaken.multiply(MatrixUtils.inverse(taken)).multiply(toTaken.transpose()));
        for (int i = 0; i < asked.length; i++) {
            assertThat(expectation.deviation(i)).isCloseTo(Math.sqrt(still.getEntry(i, i) + p.noise()), within(1e-7));
        }
    }

    /** Additive, with some interaction and some chance; a fraction that saturates. */
    private static double accuracy(int[] genes, Random chance) {
        double gain = 0.3 * genes[0] + 0.5 * genes[1] + 0.2 * genes[2] * genes[3] + 0.25 * Math.abs(genes[4] - 1);
        return 0.95 - 0.3 * Math.exp(-gain) + 0.003 * chance.nextGaussian();
    }

    private Observations observed(int[][] genes) {
        return new Observations(genes, new double[genes.length][1],
            Arrays.stream(genes).mapToDouble(row -> accuracy(row, random)).toArray(), new double[genes.length]);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void ordersAndBoundsWhatItHasNotSeen(long seed) {
        random.setSeed(seed);
        GaussianProcess process = GaussianProcess.of(GENES, observed(architectures(60)));
        int[][] unseen = architectures(400);
        double[] truth = Arrays.stream(unseen).mapToDouble(genes -> accuracy(genes, random)).toArray();
        Expectation expectation = process.expectation(unseen, new double[400][1]);
        double[] means = process.means(unseen, new double[400][1]);
        int covered = 0;
        for (int i = 0; i < unseen.length; i++) {
            assertThat(means[i]).as("by tables or one by one").isCloseTo(expectation.mean(i), within(1e-9));
            covered += Math.abs(process.warp().target(truth[i]) - means[i]) <= 1.645 * expectation.deviation(i) ? 1 : 0;
        }
        assertThat(new KendallsCorrelation().correlation(means, truth)).isGreaterThan(0.85);
        assertThat(covered).as("of 400 in intervals of 90 %%").isBetween(320, 396);
    }

    @Test
    void moreObservationsKeepTheHyperparametersUntilThereAreManyMore() {
        int[][] genes = architectures(40);
        Observations all = observed(genes);
        GaussianProcess process = GaussianProcess.of(GENES, part(all, 20));
        int[][] asked = architectures(5);
        GaussianProcess more = process.with(part(all, 40));
        assertThat(process.with(part(all, 25)).parameters()).as("a quarter more").isSameAs(process.parameters());
        assertThat(process.with(part(all, 25)).with(part(all, 26)).parameters()).as("by what they were fitted to, not by what was there last")
            .isNotSameAs(process.parameters());
        assertThat(more.parameters().values()).as("fitted anew").isNotEqualTo(process.parameters().values());
        assertThat(more.means(asked, new double[5][1])).isEqualTo(process.with(part(all, 40)).means(asked, new double[5][1]))
            .isNotEqualTo(process.means(asked, new double[5][1]));
    }

    private static Observations part(Observations all, int count) {
        return new Observations(Arrays.copyOf(all.genes(), count), Arrays.copyOf(all.features(), count),
            Arrays.copyOf(all.accuracies(), count), Arrays.copyOf(all.variances(), count));
    }

    @Test
    void chanceThatIsKnownIsNotExpectedOfOthers() {
        int[][] genes = architectures(60);
        double[] accuracies = Arrays.stream(genes).mapToDouble(row -> accuracy(row, random) + 0.02 * random.nextGaussian()).toArray();
        double[] known = new double[60];
        Arrays.fill(known, 0.02 * 0.02);
        int[][] asked = architectures(50);
        Expectation told = GaussianProcess.of(GENES, new Observations(genes, new double[60][1], accuracies, known))
            .expectation(asked, new double[50][1]);
        Expectation untold = GaussianProcess.of(GENES, new Observations(genes, new double[60][1], accuracies, new double[60]))
            .expectation(asked, new double[50][1]);
        assertThat(mean(told)).isLessThan(0.8 * mean(untold));
    }

    private static double mean(Expectation expectation) {
        return IntStream.range(0, expectation.size()).mapToDouble(expectation::deviation).average().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-16})
    void equalAccuraciesAreNoTrouble(double rounding) {
        int[][] genes = architectures(8);
        double[] same = new double[8];
        Arrays.fill(same, 0.7);
        same[3] += rounding;
        GaussianProcess process = GaussianProcess.of(GENES, new Observations(genes, new double[8][0], same, new double[8]));
        double[] means = process.means(genes, new double[8][0]);
        assertThat(Arrays.stream(means).map(process.warp()::accuracy)).allSatisfy(mean -> assertThat(mean).isCloseTo(0.7, within(1e-6)));
    }
}
