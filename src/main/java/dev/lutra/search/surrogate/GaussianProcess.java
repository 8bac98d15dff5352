package dev.lutra.search.surrogate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.ejml.data.DMatrixRMaj;

/**
 * Accuracies of architectures as an exact Gaussian process: a product kernel over the genes with a relevance each, a linear trend
 * in known features such as the logarithm of MACs, and noise, all fitted by marginal likelihood with priors. It learns and foretells
 * targets, {@linkplain Warp warped} accuracies, whose warp is chosen by likelihood as well (Snelson et al. 2004).
 */
public final class GaussianProcess {

    private static final double NORMAL_90 = 1.6449; // half the width of the central 90 % of a standard normal
    private static final int FIRST_STEPS = 60;
    private static final int MORE_STEPS = 12;
    /** Hyperparameters are fitted again when there are so many times as many observations. */
    private static final double GROWTH = 1.3;

    private final GeneKernel kernel;
    private final Observations data;
    private final Standard standard;
    private final double[][] features;
    private final Hyperparameters parameters;
    /** How many observations the hyperparameters were fitted to. */
    private final int fitted;
    private final Warp warp;
    private final Likelihood.Solved solved;
    private final double calibration;

    private GaussianProcess(GeneKernel kernel, Observations data, Optional<GaussianProcess> before) {
        this.kernel = kernel;
        this.data = data;
        standard = Standard.of(data.features());
        features = Arrays.stream(data.features()).map(standard::of).toArray(double[][]::new);
        Hyperparameters start = before.map(process -> process.parameters).orElseGet(() -> Hyperparameters.prior(kernel.genes()));
        if (before.isPresent() && data.size() < GROWTH * before.get().fitted) {
            parameters = start;
            fitted = before.get().fitted;
        } else {
            parameters = Hyperparameters.mostLikely(likelihood(likeliest(start)), start, before.isPresent() ? MORE_STEPS : FIRST_STEPS);
            fitted = data.size();
        }
        warp = likeliest(parameters);
        solved = likelihood(warp).solve(parameters);
        calibration = calibration();
    }

    /**
     * Learns from observations.
     *
     * @param data at least two observations
     */
    public static GaussianProcess of(List<GeneShape> genes, Observations data) {
        return new GaussianProcess(new GeneKernel(genes), data, Optional.empty());
    }

    /** Learns from more observations of the same genes, those that this one knows among them. */
    public GaussianProcess with(Observations more) {
        return new GaussianProcess(kernel, more, Optional.of(this));
    }

    Hyperparameters parameters() {
        return parameters;
    }

    private Warp likeliest(Hyperparameters at) {
        List<Warp> warps = Warp.of(data.accuracies());
        Likelihood.Solved solvedOnce = likelihood(warps.get(0)).solve(at);
        Map<Warp, Double> likelihoods = warps.stream().collect(Collectors.toMap(candidate -> candidate, candidate -> {
            // what is known of the noise depends on the warp, and nothing else of the covariances does
            double likelihood = data.hasKnownNoise()
                ? likelihood(candidate).logLikelihood(at)
                : solvedOnce.logLikelihood(candidate.targets(data.accuracies()));
            return likelihood + candidate.logJacobian(data.accuracies());
        }));
        return likelihoods.entrySet().stream().max(Map.Entry.<Warp, Double>comparingByValue()
            .thenComparing(Map.Entry.comparingByKey(Comparator.comparingDouble(Warp::top)))).orElseThrow().getKey();
    }

    private Likelihood likelihood(Warp under) {
        double[] noise = new double[data.size()];
        for (int i = 0; i < noise.length; i++) {
            double slope = under.slope(data.accuracies()[i]);
            noise[i] = data.variances()[i] * slope * slope;
        }
        return new Likelihood(kernel, data.genes(), features, under.targets(data.accuracies()), noise);
    }

    /**
     * How much wider than the process says its intervals have to be, so that they would have held 90 % of what it knows, had each
     * been left out in its turn (Rasmussen and Williams 2006, §5.4.2); never narrower, as hyperparameters have seen everything.
     */
    private double calibration() {
        DMatrixRMaj inverse = solved.inverse();
        double[] misses = new double[data.size()];
        for (int i = 0; i < misses.length; i++) {
            misses[i] = Math.abs(solved.alpha()[i]) / Math.sqrt(inverse.get(i, i));
        }
        Arrays.sort(misses);
        int rank = (int) Math.ceil(0.9 * (misses.length + 1)) - 1;
        return Math.max(1, misses[Math.min(rank, misses.length - 1)] / NORMAL_90);
    }

    /**
     * Expected targets of many architectures, at some millions of multiplications each thousand.
     *
     * @param rowFeatures as in {@link Observations}
     */
    public double[] means(int[][] genes, double[][] rowFeatures) {
        KernelTables tables = new KernelTables(kernel, parameters, data.genes(), genes.length);
        double[] trend = trendWeights();
        double[] means = new double[genes.length];
        double[] scratch = new double[data.size()];
        for (int i = 0; i < genes.length; i++) {
            tables.products(genes[i], scratch);
            means[i] = parameters.signal() * Likelihood.dot(scratch, solved.alpha())
                + Likelihood.dot(standard.of(rowFeatures[i]), trend);
        }
        return means;
    }

    private double[] trendWeights() {
        double[] weights = new double[standard.size()];
        for (int i = 0; i < data.size(); i++) {
            for (int d = 0; d < weights.length; d++) {
                weights[d] += parameters.trend() * features[i][d] * solved.alpha()[i];
            }
        }
        return weights;
    }

    /** What is expected of some architectures together. */
    public Expectation expectation(int[][] genes, double[][] rowFeatures) {
        return new Expectation(new Expectation.Source(kernel, parameters, data.genes(), features, solved), genes,
            Arrays.stream(rowFeatures).map(standard::of).toArray(double[][]::new), calibration);
    }

    /** What targets stand for. */
    public Warp warp() {
        return warp;
    }
}
