package dev.lutra.latency;

import dev.lutra.latency.correction.InformativeNetworks;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Which whole networks to measure.
 *
 * <p>Those to fit are chosen to be informative: from a pool of uniform draws and of mixtures with the fastest and the slowest
 * network, {@link InformativeNetworks} takes those that the correction's prior knows least about. Those to be held out are
 * drawn apart from it, so that errors on them are honest: uniformly, or, where the space spans a wide range of latencies, half
 * of them uniformly and half spread evenly over the range. No network is both.
 */
public final class CalibrationPlan {

    private static final int POOL_A_NETWORK = 15;
    private static final int LEAST_POOL = 200;
    private static final int MOST_POOL = 1500;
    private static final double WIDE = 1.5; // slowest / fastest of what is drawn
    private static final int CANDIDATES_A_PLACE = 20;
    private static final int FEWEST = 3;

    /**
     * A network to measure.
     *
     * @param heldOut whether the fit may not see it
     */
    public record Choice(Architecture architecture, boolean heldOut) {}

    private final SearchSpace space;
    private final LatencyModel model;
    private final Random random;
    private final Architecture fastest;
    private final Architecture slowest;

    private CalibrationPlan(SearchSpace space, LatencyModel model, long seed) {
        this.space = space;
        this.model = model;
        random = new Random(seed);
        int[] fast = new int[space.genes().size()];
        int[] slow = new int[space.genes().size()];
        findEnds(fast, slow);
        fastest = space.architecture(fast);
        slowest = space.architecture(slow);
    }

    /**
     * Networks to measure, in random order, so that a device that drifts while it is measured does not look like one on which
     * large networks are slow. Where the space has fewer networks than asked for, both kinds shrink alike, to 2 to fit and 1
     * held out at least; of a space of fewer than 3 networks none comes back, as none could be judged.
     *
     * @param model of a table that covers the space
     * @param fitted at least 2
     * @param heldOut at least 1
     * @throws dev.lutra.InputException if the table lacks segments
     */
    public static List<Choice> choose(SearchSpace space, LatencyModel model, int fitted, int heldOut, long seed) {
        if (fitted < 2 || heldOut < 1) {
            throw new IllegalArgumentException("calibration: " + fitted + " networks to fit and " + heldOut
                + " held out (expected: at least 2 and 1)");
        }
        BigInteger networks = space.size();
        if (networks.compareTo(BigInteger.valueOf(FEWEST)) < 0) {
            return List.of();
        }
        BigInteger wanted = BigInteger.valueOf((long) fitted + heldOut);
        int apart = networks.compareTo(wanted) >= 0
            ? heldOut
            : Math.max(1, Math.min(networks.intValueExact() - 2, heldOut * networks.intValueExact() / (fitted + heldOut)));
        return new CalibrationPlan(space, model, seed).choose(fitted, apart);
    }

    private List<Choice> choose(int fitted, int heldOut) {
        List<Choice> choices = new ArrayList<>();
        List<Architecture> apart = heldOut(heldOut);
        apart.forEach(architecture -> choices.add(new Choice(architecture, true)));
        Map<Architecture, List<String>> pool = new LinkedHashMap<>();
        pool.put(fastest, keys(fastest));
        pool.put(slowest, keys(slowest));
        int size = Math.max(2 * fitted, Math.max(LEAST_POOL, Math.min(MOST_POOL, fitted * POOL_A_NETWORK)));
        for (int i = 0; i < size; i++) {
            Architecture drawn = i % 2 == 0 ? space.random(random) : mixture();
            pool.computeIfAbsent(drawn, this::keys);
        }
        apart.forEach(pool::remove);
        List<Architecture> candidates = List.copyOf(pool.keySet());
        InformativeNetworks.choose(model.table(), pool.values(), fitted)
            .forEach(index -> choices.add(new Choice(candidates.get(index), false)));
        Collections.shuffle(choices, random);
        return choices;
    }

    private List<Architecture> heldOut(int count) {
        List<Architecture> chosen = new ArrayList<>();
        Map<Architecture, Long> sums = new LinkedHashMap<>();
        for (int i = 0; i < count * CANDIDATES_A_PLACE; i++) {
            Architecture drawn = i % 2 == 0 ? space.random(random) : mixture();
            if (i / 2 < count && i % 2 == 0 && !chosen.contains(drawn)) {
                chosen.add(drawn);
            } else {
                sums.computeIfAbsent(drawn, this::sum);
            }
        }
        chosen.forEach(sums::remove);
        if (sums.isEmpty() || Collections.max(sums.values()) < WIDE * Collections.min(sums.values())) {
            return chosen;
        }
        int spread = Math.min(count / 2, sums.size());
        List<Architecture> both = new ArrayList<>(chosen.subList(0, Math.min(chosen.size(), count - spread)));
        both.addAll(spread(sums, spread));
        return both;
    }

    /** Of each gene the fastest and the slowest option, judged with all other genes at their first. */
    private void findEnds(int[] fast, int[] slow) {
        List<Gene> genes = space.genes();
        for (int gene = 0; gene < genes.size(); gene++) {
            long least = Long.MAX_VALUE;
            long most = Long.MIN_VALUE;
            for (int option = 0; option < genes.get(gene).size(); option++) {
                int[] values = new int[genes.size()];
                values[gene] = option;
                long sum = sum(space.architecture(values));
                if (sum < least) {
                    least = sum;
                    fast[gene] = option;
                }
                if (sum > most) {
                    most = sum;
                    slow[gene] = option;
                }
            }
        }
    }

    /** A random network, of which a random share of the genes is that of the fastest or of the slowest. */
    private Architecture mixture() {
        int[] values = space.random(random).values();
        int[] end = (random.nextBoolean() ? fastest : slowest).values();
        double share = random.nextDouble();
        for (int gene = 0; gene < values.length; gene++) {
            values[gene] = random.nextDouble() < share ? end[gene] : values[gene];
        }
        return space.architecture(values);
    }

    /** One network for each of {@code count} evenly spaced sums. */
    private static List<Architecture> spread(Map<Architecture, Long> sums, int count) {
        long least = Collections.min(sums.values());
        long most = Collections.max(sums.values());
        List<Architecture> left = new ArrayList<>(sums.keySet());
        List<Architecture> chosen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double wanted = least + (most - least) * (i + 0.5) / count;
            Architecture nearest = Collections.min(left, Comparator.comparingDouble(a -> Math.abs(sums.get(a) - wanted)));
            left.remove(nearest);
            chosen.add(nearest);
        }
        return chosen;
    }

    private long sum(Architecture architecture) {
        return model.table().sumNanos(keys(architecture));
    }

    private List<String> keys(Architecture architecture) {
        return model.predict(space.build(architecture)).parts().stream().map(Prediction.Part::key).toList();
    }
}
