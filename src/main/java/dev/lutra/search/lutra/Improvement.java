package dev.lutra.search.lutra;

import dev.lutra.search.surrogate.Warp;
import java.util.Arrays;
import java.util.List;

/**
 * The hypervolume that an architecture is expected to add to a front (Emmerich et al. 2006), where all but one objective are known:
 * over every point of the box of costs that it keeps, the expected excess over the best that keeps it already. The integral is a sum
 * over points, evenly spaced on a line, Halton's in more dimensions, so the same for all and cheap.
 */
final class Improvement {

    private static final int POINTS = 512;
    private static final int[] PRIMES = {2, 3, 5, 7, 11, 13, 17, 19};

    private final double[][] points;
    private final double[] best;

    /**
     * @param floor what is reached everywhere
     */
    Improvement(Judge judge, double floor) {
        int dimensions = judge.dimensions();
        points = new double[dimensions == 0 ? 1 : POINTS][dimensions];
        for (int point = 0; point < points.length; point++) {
            for (int cost = 0; cost < dimensions; cost++) {
                double share = dimensions == 1 ? (point + 0.5) / POINTS : halton(point + 1, PRIMES[cost % PRIMES.length]);
                points[point][cost] = judge.least(cost) + share * (judge.most(cost) - judge.least(cost));
            }
        }
        best = new double[points.length];
        Arrays.fill(best, floor);
    }

    private static double halton(int index, int base) {
        double value = 0;
        double fraction = 1;
        for (int rest = index; rest > 0; rest /= base) {
            fraction /= base;
            value += fraction * (rest % base);
        }
        return value;
    }

    /** Takes a value to be reached at some costs, and wherever as much or more may be spent. */
    void reach(Prospect prospect, double value) {
        for (int point = 0; point < points.length; point++) {
            if (value > best[point] && prospect.costsAtMost(points[point])) {
                best[point] = value;
            }
        }
    }

    /** The best that keeps the costs of a prospect, of some that are reached. */
    static double bestWithin(Prospect prospect, List<Prospect> others, double[] values, double floor) {
        double most = floor;
        for (int i = 0; i < values.length; i++) {
            if (values[i] > most && others.get(i).costsAtMost(prospect.costs())) {
                most = values[i];
            }
        }
        return most;
    }

    /**
     * What an architecture is expected to add.
     *
     * @param mean of its target
     * @param deviation of its target
     */
    double expected(Prospect prospect, Warp warp, double mean, double deviation) {
        double sum = 0;
        double level = Double.NaN;
        double excess = 0;
        for (int point = 0; point < points.length; point++) {
            if (prospect.costsAtMost(points[point])) {
                if (best[point] != level) {
                    level = best[point];
                    excess = prospect.gain().slope() * warp.excess(mean, deviation, prospect.gain().accuracy(level));
                }
                sum += excess;
            }
        }
        return sum / points.length;
    }
}
