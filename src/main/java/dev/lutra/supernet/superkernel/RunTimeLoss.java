package dev.lutra.supernet.superkernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What latency costs: λ times the logarithm of a latency, of one device, or of several put together. As every latency is known with
 * its slopes at any decisions, this is computed apart from libtorch, in double precision.
 */
final class RunTimeLoss {

    /** How the latencies of several devices become one. */
    enum Combination {
        SUM, MAXIMUM
    }

    private final List<NestedRow> rows;
    private final Map<String, RelaxedLatency> devices = new LinkedHashMap<>();
    private final Map<String, Double> weights;
    private final Combination combination;

    /**
     * Latencies at some decisions.
     *
     * @param nanos by device
     * @param slopes of the logarithm of the combined latency, by row and decision; 0 without devices
     */
    record Latencies(Map<String, Double> nanos, List<double[]> slopes) {}

    /**
     * @param weights of the devices that count; of a device whose latency has this weight's inverse as its target, 1 is on target
     * @param latencies of those devices at least
     */
    RunTimeLoss(List<NestedRow> rows, Map<String, Double> weights, Map<String, RowLatencies> latencies, RelaxedLatency.Form form,
        Combination combination) {
        this.rows = rows;
        this.weights = weights;
        this.combination = combination;
        weights.keySet().forEach(device -> devices.put(device, new RelaxedLatency(rows, latencies.get(device), form)));
    }

    /**
     * @param decisions by row
     */
    Latencies at(List<double[]> decisions) {
        Map<String, Double> nanos = new LinkedHashMap<>();
        devices.forEach((device, latency) -> nanos.put(device, latency.nanos(decisions)));
        List<double[]> slopes = new ArrayList<>();
        Map<String, Double> shares = shares(nanos);
        for (int row = 0; row < rows.size(); row++) {
            double[] ofRow = new double[decisions.get(row).length];
            for (int decision = 0; decision < ofRow.length; decision++) {
                for (Map.Entry<String, Double> share : shares.entrySet()) {
                    ofRow[decision] += share.getValue() * devices.get(share.getKey()).slope(row, decision, decisions.get(row));
                }
            }
            slopes.add(ofRow);
        }
        return new Latencies(nanos, slopes);
    }

    /** The slope of the logarithm of the combined latency with every device's latency in nanoseconds. */
    private Map<String, Double> shares(Map<String, Double> nanos) {
        if (nanos.isEmpty()) {
            return Map.of();
        }
        if (combination == Combination.MAXIMUM) {
            String slowest = nanos.keySet().stream().max((a, b) -> Double.compare(weighted(a, nanos), weighted(b, nanos))).orElseThrow();
            return Map.of(slowest, 1 / nanos.get(slowest));
        }
        double sum = nanos.keySet().stream().mapToDouble(device -> weighted(device, nanos)).sum();
        Map<String, Double> shares = new LinkedHashMap<>();
        nanos.keySet().forEach(device -> shares.put(device, weights.get(device) / sum));
        return shares;
    }

    private double weighted(String device, Map<String, Double> nanos) {
        return weights.get(device) * nanos.get(device);
    }
}
