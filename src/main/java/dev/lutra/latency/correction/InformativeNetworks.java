package dev.lutra.latency.correction;

import dev.lutra.latency.correction.CorrectionPart.Member;
import dev.lutra.proto.CorrectionVariances;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses networks to measure for a correction: each next one is that which the correction's prior knows least about given those
 * before it, relative to its noise. This maximises the determinant of the information greedily (D-optimal design; for Gaussian
 * processes Seo et al. 2000), and is a Cholesky factorisation with pivoting.
 */
public final class InformativeNetworks {

    private InformativeNetworks() {}

    /**
     * The most informative of some networks for the correction of a table, most informative first.
     *
     * @param pool of each network the keys of its segments, all of which the table has
     * @return positions in the pool; fewer than {@code count} where the pool is smaller
     */
    public static List<Integer> choose(SegmentTimes table, Collection<List<String>> pool, int count) {
        List<List<String>> networks = List.copyOf(pool);
        if (networks.isEmpty()) {
            return List.of();
        }
        CorrectionVariances usual = CorrectionPart.usualVariances();
        double unit = networks.stream().mapToLong(table::sumNanos).average().orElseThrow();
        Map<String, SegmentTraits> traits = new HashMap<>();
        networks.forEach(network -> network
            .forEach(key -> traits.computeIfAbsent(key, k -> SegmentTraits.of(table.signature(k)))));
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
                between[i][j] = MeasuredNetworks.covariance(members.get(i), members.get(j), usual);
            }
        }
        return pivots(networks.stream().map(network -> network.stream().mapToInt(places::get).toArray()).toList(), between, usual,
            networks.stream().mapToDouble(network -> Math.pow(table.sumNanos(network) / unit, 2)).toArray(), count);
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
