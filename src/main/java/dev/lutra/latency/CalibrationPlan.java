package dev.lutra.latency;

import dev.lutra.latency.CorrectionPart.Member;
import dev.lutra.proto.CorrectionVariances;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Which whole networks to measure.
 *
 * <p>Those to fit are chosen to be informative: from a pool of uniform draws and of mixtures with the fastest and the slowest
 * network, each next one is that which the correction's prior knows least about given those before it, relative to its noise.
 * This maximises the determinant of the information greedily (D-optimal design; for Gaussian processes Seo et al. 2000), and is
 * a Cholesky factorisation with pivoting. Those to be held out are drawn apart from it, so that errors on them are honest:
 * uniformly, or, where the space spans a wide range of latencies, half of them uniformly and half spread evenly over the range.
 * No network is both.
 */
public final class CalibrationPlan {

    private static final int POOL_A_NETWORK = 15;
    private static final int LEAST_POOL = 200;
    private static final int MOST_POOL = 1500;
    private static final double WIDE = 1.5; // slowest / fastest of what is drawn
    private static final int CANDIDATES_A_PLACE = 20;

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
     * large networks are slow. Fewer come back where the space has fewer networks.
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
        return new CalibrationPlan(space, model, seed).choose(fitted, heldOut);
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
        mostInformative(model.table(), pool.values(), fitted)
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
        return Evidence.sumNanos(model.table(), keys(architecture));
    }

    private List<String> keys(Architecture architecture) {
        return model.predict(space.build(architecture)).parts().stream().map(Prediction.Part::key).toList();
    }

    /**
     * The most informative of some networks for the correction of a table, most informative first.
     *
     * @param pool of each network the keys of its segments, all of which the table has
     * @return positions in the pool; fewer than {@code count} where the pool is smaller
     */
    public static List<Integer> mostInformative(LookupTable table, Collection<List<String>> pool, int count) {
        List<List<String>> networks = List.copyOf(pool);
        CorrectionVariances usual = CorrectionPart.usualVariances();
        double unit = networks.stream().mapToLong(keys -> Evidence.sumNanos(table, keys)).average().orElseThrow();
        Map<String, SegmentTraits> traits = new HashMap<>();
        networks
            .forEach(keys -> keys.forEach(key -> traits.computeIfAbsent(key, k -> SegmentTraits.of(table.entry(k).orElseThrow().getSignature()))));
        double ops = networks.stream().mapToInt(keys -> keys.stream().mapToInt(key -> traits.get(key).opCount()).sum())
            .average().orElseThrow();
        List<String> keys = List.copyOf(traits.keySet());
        Map<String, Integer> places = new HashMap<>();
        List<Member> members = new ArrayList<>();
        for (String key : keys) {
            places.put(key, members.size());
            members.add(new Member(key, table.ownNanos(key) / unit, 1 / ops, traits.get(key)));
        }
        double[][] between = new double[members.size()][members.size()];
        for (int i = 0; i < members.size(); i++) {
            for (int j = 0; j < members.size(); j++) {
                between[i][j] = Evidence.covariance(members.get(i), members.get(j), usual);
            }
        }
        return pivots(networks.stream().map(network -> network.stream().mapToInt(places::get).toArray()).toList(), between, usual,
            networks.stream().mapToDouble(network -> Math.pow(Evidence.sumNanos(table, network) / unit, 2)).toArray(), count);
    }

    /** Cholesky with pivoting of the networks' covariance: each pivot is the network with the most left to learn. */
    private static List<Integer> pivots(List<int[]> networks, double[][] between, CorrectionVariances usual, double[] squares,
        int count) {
        int size = networks.size();
        double[] left = new double[size];
        double[][] perNetwork = new double[size][between.length];
        for (int i = 0; i < size; i++) {
            for (int segment : networks.get(i)) {
                for (int other = 0; other < between.length; other++) {
                    perNetwork[i][other] += between[segment][other];
                }
            }
            left[i] = covariance(perNetwork[i], networks.get(i), usual);
        }
        List<double[]> columns = new ArrayList<>();
        List<Integer> chosen = new ArrayList<>();
        while (chosen.size() < Math.min(count, size)) {
            int pivot = -1;
            for (int i = 0; i < size; i++) {
                if (!chosen.contains(i) && (pivot < 0 || left[i] / squares[i] > left[pivot] / squares[pivot])) {
                    pivot = i;
                }
            }
            chosen.add(pivot);
            double root = Math.sqrt(left[pivot] + usual.getNetwork() * squares[pivot]);
            double[] column = new double[size];
            for (int i = 0; i < size; i++) {
                double covariance = covariance(perNetwork[pivot], networks.get(i), usual);
                for (double[] earlier : columns) {
                    covariance -= earlier[pivot] * earlier[i];
                }
                column[i] = covariance / root;
                left[i] = Math.max(0, left[i] - column[i] * column[i]);
            }
            columns.add(column);
        }
        return chosen;
    }

    private static double covariance(double[] perSegment, int[] network, CorrectionVariances usual) {
        double sum = usual.getBias();
        for (int segment : network) {
            sum += perSegment[segment];
        }
        return sum;
    }
}
