package dev.lutra.supernet.training;

import dev.lutra.Draws;
import dev.lutra.data.Shown;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Every image of a batch is mixed with another of the batch, and its label alike (Zhang et al. 2018, mixup): one share a batch,
 * distributed as Beta(α, α), as in the paper's code.
 *
 * @param alpha of the distribution, above 0
 */
public record Mixup(double alpha) {

    /**
     * How a batch is mixed.
     *
     * @param share of each image itself, 0 to 1
     * @param partners the image that the rest is of, for each image
     */
    public record Mix(double share, int[] partners) {

        Labels labels(Shown shown) {
            return Labels.mixed(shown, share, partners);
        }
    }

    /** @param seed of the step's mix */
    public Mix draw(int images, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double first = gamma(random);
        double second = gamma(random);
        int[] partners = IntStream.range(0, images).toArray();
        Draws.shuffle(partners, random);
        double sum = first + second;
        return new Mix(sum > 0 ? first / sum : 0.5, partners);
    }

    /** A gamma variate of shape α (Marsaglia and Tsang 2000; below 1 one of shape α + 1 times a power of a uniform one). */
    private double gamma(SplittableRandom random) {
        double shape = alpha < 1 ? alpha + 1 : alpha;
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = random.nextGaussian();
            double v = Math.pow(1 + c * x, 3);
            if (v > 0 && Math.log(1 - random.nextDouble()) < x * x / 2 + d - d * v + d * Math.log(v)) {
                return d * v * (alpha < 1 ? Math.pow(1 - random.nextDouble(), 1 / alpha) : 1);
            }
        }
    }
}
