package dev.lutra.search.surrogate;

import java.util.stream.IntStream;

/** Features of mean 0 and deviation 1 over what was observed. */
record Standard(double[] means, double[] deviations) {

    static Standard of(double[][] rows) {
        double[] means = new double[rows[0].length];
        double[] deviations = new double[rows[0].length];
        for (int d = 0; d < means.length; d++) {
            for (double[] row : rows) {
                means[d] += row[d] / rows.length;
            }
            double variance = 0;
            for (double[] row : rows) {
                variance += (row[d] - means[d]) * (row[d] - means[d]) / rows.length;
            }
            deviations[d] = variance > 0 ? Math.sqrt(variance) : 1;
        }
        return new Standard(means, deviations);
    }

    int size() {
        return means.length;
    }

    double[] of(double[] row) {
        return IntStream.range(0, row.length).mapToDouble(d -> (row[d] - means[d]) / deviations[d]).toArray();
    }
}
