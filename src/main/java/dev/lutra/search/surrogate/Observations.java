package dev.lutra.search.surrogate;

import java.util.Arrays;

/**
 * Architectures whose accuracies are known, one a row.
 *
 * @param genes positions of the options
 * @param features what else is known of the architectures without running them
 * @param accuracies what was found
 * @param variances of the accuracies, as far as they are known beforehand; 0 where nothing is
 */
public record Observations(int[][] genes, double[][] features, double[] accuracies, double[] variances) {

    public int size() {
        return genes.length;
    }

    boolean hasKnownNoise() {
        return Arrays.stream(variances).anyMatch(variance -> variance > 0);
    }
}
