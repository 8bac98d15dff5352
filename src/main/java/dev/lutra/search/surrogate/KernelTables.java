package dev.lutra.search.surrogate;

import java.util.ArrayList;
import java.util.List;

/**
 * The kernel between any architecture and those observed, at few multiplications: genes are taken together in groups, and of each
 * group the products of every combination of options are computed once.
 */
final class KernelTables {

    private static final int MOST_COMBINATIONS = 1024;
    /** A combination costs about as much as an architecture, so there may be a part as many of them. */
    private static final int ARCHITECTURES_A_COMBINATION = 8;

    private final GeneKernel kernel;
    private final List<Group> groups = new ArrayList<>();

    /**
     * @param first the first gene
     * @param end behind the last gene
     * @param rows for every combination of options the product with each that was observed
     */
    private record Group(int first, int end, double[][] rows) {}

    /**
     * @param count about how many architectures will be asked for
     */
    KernelTables(GeneKernel kernel, Hyperparameters parameters, int[][] observed, int count) {
        this.kernel = kernel;
        int most = Math.min(MOST_COMBINATIONS, count / ARCHITECTURES_A_COMBINATION);
        int gene = 0;
        while (gene < kernel.genes()) {
            int first = gene;
            double[][] rows = rows(parameters, observed, gene++);
            while (gene < kernel.genes() && rows.length * kernel.options(gene) <= most) {
                rows = product(rows, rows(parameters, observed, gene++));
            }
            groups.add(new Group(first, gene, rows));
        }
    }

    private double[][] rows(Hyperparameters parameters, int[][] observed, int gene) {
        double[][] distances = kernel.distances(gene, parameters.mixture());
        double[][] rows = new double[kernel.options(gene)][observed.length];
        for (int option = 0; option < rows.length; option++) {
            for (int i = 0; i < observed.length; i++) {
                rows[option][i] = Math.exp(-parameters.relevance(gene) * distances[option][observed[i][gene]]);
            }
        }
        return rows;
    }

    private static double[][] product(double[][] outer, double[][] inner) {
        double[][] rows = new double[outer.length * inner.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = outer[i / inner.length].clone();
            multiply(rows[i], inner[i % inner.length]);
        }
        return rows;
    }

    /** The products over genes between an architecture and each that was observed. */
    void products(int[] genes, double[] products) {
        for (int g = 0; g < groups.size(); g++) {
            Group group = groups.get(g);
            int combination = 0;
            for (int gene = group.first; gene < group.end; gene++) {
                combination = combination * kernel.options(gene) + genes[gene];
            }
            if (g == 0) {
                System.arraycopy(group.rows[combination], 0, products, 0, products.length);
            } else {
                multiply(products, group.rows[combination]);
            }
        }
    }

    private static void multiply(double[] products, double[] factors) {
        for (int i = 0; i < products.length; i++) {
            products[i] *= factors[i];
        }
    }
}
