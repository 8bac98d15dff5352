package dev.lutra.data;

import dev.lutra.Draws;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Draws classes more evenly than they are large: a class of n images gets a share of the epoch that goes with n^(1 − balance). Each class
 * is gone through in passes, every one in an order of its own, and an epoch goes on where the one before stopped, so that all images of a class
 * are seen equally often. With 0.5 this is square-root sampling (Mahajan et al. 2018, section 2.2).
 *
 * <p>Images are drawn rather than losses weighed: small classes are then augmented anew each time, batch norm sees them, and whatever is
 * learned, from labels or from a teacher, is learned of them too.
 */
final class BalancedEpochs {

    /** Tells its draws from those of a split. */
    private static final long PASS = 5;

    private final List<int[]> classes;
    private final int[] perEpoch;

    BalancedEpochs(int[] items, IntUnaryOperator label, double balance) {
        Map<Integer, List<Integer>> byLabel = Arrays.stream(items).boxed()
            .collect(Collectors.groupingBy(label::applyAsInt, TreeMap::new, Collectors.toList()));
        classes = byLabel.values().stream().map(images -> images.stream().mapToInt(Integer::intValue).toArray()).toList();
        perEpoch = shares(classes.stream().mapToDouble(images -> Math.pow(images.length, 1 - balance)).toArray(), items.length);
    }

    /** Whole numbers in the proportion of the weights that make the total, by largest remainders. */
    private static int[] shares(double[] weights, int total) {
        double sum = Arrays.stream(weights).sum();
        int[] shares = Arrays.stream(weights).mapToInt(weight -> (int) (total * weight / sum)).toArray();
        int left = total - Arrays.stream(shares).sum();
        IntStream.range(0, weights.length).boxed()
            .sorted(Comparator.comparingDouble(k -> shares[k] - total * weights[k] / sum)).limit(left).forEach(k -> shares[k]++);
        return shares;
    }

    /** The images of an epoch, class by class. */
    int[] images(long seed, int epoch) {
        return IntStream.range(0, classes.size()).flatMap(k -> Arrays.stream(ofClass(k, seed, epoch))).toArray();
    }

    private int[] ofClass(int k, long seed, int epoch) {
        int[] images = classes.get(k);
        int[] chosen = new int[perEpoch[k]];
        long next = (long) epoch * chosen.length;
        int[] pass = null;
        for (int i = 0; i < chosen.length; i++, next++) {
            int place = (int) (next % images.length);
            if (pass == null || place == 0) {
                pass = images.clone();
                Draws.shuffle(pass, Draws.at(PASS, seed, k, next / images.length));
            }
            chosen[i] = pass[place];
        }
        return chosen;
    }
}
