package dev.lutra.search;

/** Some measures of architectures, by the values of their genes. Each thread takes one of its own. */
@FunctionalInterface
public interface MeasureArray {

    /**
     * Tells the measures of an architecture.
     *
     * @param geneValues for every gene the position in its options
     * @param measures takes the values, in the order in which they were asked for
     */
    void tell(int[] geneValues, double[] measures);
}
