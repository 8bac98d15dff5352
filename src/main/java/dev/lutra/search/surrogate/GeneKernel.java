package dev.lutra.search.surrogate;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How alike two architectures are: {@code exp(−Σ relevance_g · distance_g(a_g, b_g))}, a product over genes with a relevance each
 * (Rasmussen and Williams 2006, §5.1). The distance between two options of a gene that is named is 0 or 1 (Hamming); between two of
 * a gene that is ordered it is a mixture of that and of how far apart they are, from 0 to 1.
 */
final class GeneKernel {

    private final List<double[][]> hamming;
    private final List<double[][]> ordinal;

    GeneKernel(List<GeneShape> genes) {
        hamming = genes.stream().map(GeneShape::hamming).toList();
        ordinal = genes.stream().map(GeneShape::ordinal).toList();
    }

    int genes() {
        return hamming.size();
    }

    int options(int gene) {
        return hamming.get(gene).length;
    }

    /** Distances between the options of a gene at a mixture from 0, Hamming, to 1, how far apart. */
    double[][] distances(int gene, double mixture) {
        int options = options(gene);
        double[][] distances = new double[options][options];
        for (int a = 0; a < options; a++) {
            for (int b = 0; b < options; b++) {
                distances[a][b] = distance(gene, a, b, mixture);
            }
        }
        return distances;
    }

    double distance(int gene, int a, int b, double mixture) {
        return (1 - mixture) * hamming.get(gene)[a][b] + mixture * ordinal.get(gene)[a][b];
    }

    /** What a larger mixture adds to the distances of a gene. */
    double[][] slopes(int gene) {
        return IntStream.range(0, options(gene)).mapToObj(a -> IntStream.range(0, options(gene))
            .mapToDouble(b -> ordinal.get(gene)[a][b] - hamming.get(gene)[a][b]).toArray()).toArray(double[][]::new);
    }
}
