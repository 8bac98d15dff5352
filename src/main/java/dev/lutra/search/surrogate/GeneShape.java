package dev.lutra.search.surrogate;

import dev.lutra.space.Gene;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a surrogate knows of a gene.
 *
 * @param positions of its options on a scale, where they have an order; all 0 where they are mere names
 */
public record GeneShape(double[] positions) {

    private static final Pattern NUMBER = Pattern.compile("-?[0-9]+(\\.[0-9]+)?");

    /** As a gene's options are called: those that are numbers have an order. */
    public static GeneShape of(Gene gene) {
        List<String> names = gene.options().stream().map(Gene.Option::name).toList();
        return names.stream().allMatch(name -> NUMBER.matcher(name).matches())
            ? ordered(names.stream().mapToDouble(Double::parseDouble).toArray())
            : named(gene.size());
    }

    /** A gene whose options are mere names. */
    public static GeneShape named(int options) {
        return new GeneShape(new double[options]);
    }

    /** A gene whose options are sizes. */
    public static GeneShape ordered(double... positions) {
        return new GeneShape(positions.clone());
    }

    int options() {
        return positions.length;
    }

    private double width() {
        return Arrays.stream(positions).max().orElse(0) - Arrays.stream(positions).min().orElse(0);
    }

    double[][] hamming() {
        return between((a, b) -> a == b ? 0 : 1);
    }

    /** Distances as parts of the whole scale; Hamming's where there is none. */
    double[][] ordinal() {
        double width = width();
        return width > 0 ? between((a, b) -> Math.abs(positions[a] - positions[b]) / width) : hamming();
    }

    private double[][] between(Distance distance) {
        double[][] distances = new double[options()][options()];
        for (int a = 0; a < options(); a++) {
            for (int b = 0; b < options(); b++) {
                distances[a][b] = distance.of(a, b);
            }
        }
        return distances;
    }

    private interface Distance {
        double of(int a, int b);
    }
}
