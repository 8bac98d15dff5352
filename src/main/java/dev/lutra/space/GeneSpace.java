package dev.lutra.space;

import dev.lutra.identity.NamedValues;
import java.math.BigInteger;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * A set of architectures, spanned by genes; what they are architectures of is another matter. Instances are immutable.
 */
public interface GeneSpace {

    /** Short name, as used on the command line. */
    String name();

    /** One line for people. */
    String title();

    /** Where the space was published. */
    String source();

    List<Gene> genes();

    /** Number of different architectures, exact. */
    BigInteger size();

    /**
     * The architecture of these gene values.
     *
     * @param values for every gene the position in its options
     * @throws IllegalArgumentException if there are too few or many, or one is out of range
     */
    Architecture architecture(int[] values);

    /**
     * Reads an architecture: one entry a layer, comma-separated, {@code choice[:channel-scale][@bits]}, choice and
     * scale by name or by index.
     *
     * @throws dev.lutra.InputException with the entry and what was expected
     */
    Architecture parse(String text);

    /** Whether an architecture of these genes is in the space: some spaces hold a part of what their genes span. */
    default boolean contains(Architecture architecture) {
        return true;
    }

    /** The genes with their options, for fingerprints. */
    default NamedValues.Builder geneValues() {
        NamedValues.Builder values = NamedValues.builder();
        for (int i = 0; i < genes().size(); i++) {
            Gene gene = genes().get(i);
            values.put("gene." + i, gene.name() + ": "
                + gene.options().stream().map(Gene.Option::name).collect(Collectors.joining(" ")));
        }
        return values;
    }

    /** Fingerprint of what the space holds. */
    String fingerprint();

    /** An architecture whose every gene is drawn uniformly (SPOS, eq. 7). */
    default Architecture random(RandomGenerator random) {
        return architecture(genes().stream().mapToInt(gene -> random.nextInt(gene.size())).toArray());
    }
}
