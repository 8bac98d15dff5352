package dev.lutra.space;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.network.Shape;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A set of networks, spanned by genes. Instances are immutable.
 */
public interface SearchSpace {

    /** Short name, as used on the command line. */
    String name();

    /** One line for people. */
    String title();

    /** Where the space was published. */
    String source();

    /** Text of the space's file, which {@link SpaceFile#parse} reads; empty where it was not made from one. */
    Optional<String> definition();

    /** Shape of one image. */
    Shape input();

    /** Outputs of the network. */
    int classes();

    List<Gene> genes();

    /** Number of different networks, exact. */
    BigInteger size();

    /** Whether batch norm's scale and shift are learned while the weights are shared; a network trained alone learns them. */
    boolean learnsBatchNorm();

    /** This space with another number of outputs. */
    SearchSpace withClasses(int classes);

    /** This space with square images of another size. */
    SearchSpace withImageSize(int pixels);

    /**
     * The architecture of these gene values.
     *
     * @param values for every gene the position in its options
     * @throws IllegalArgumentException if there are too few or many, or one is out of range
     */
    Architecture architecture(int[] values);

    /**
     * Reads an architecture: one entry a layer, comma-separated, {@code choice[:channel-scale]}, each by name or by index.
     *
     * @throws dev.lutra.InputException with the entry and what was expected
     */
    Architecture parse(String text);

    /** The network of an architecture of this space. */
    Network build(Architecture architecture);

    /**
     * Fingerprint of what the space holds: its genes with their options, and networks that together have every option of every
     * gene. Name, title, comments and layout of its file are not part of it.
     */
    default String fingerprint() {
        NamedValues.Builder values = NamedValues.builder();
        for (int i = 0; i < genes().size(); i++) {
            Gene gene = genes().get(i);
            values.put("gene." + i, gene.name() + ": "
                + gene.options().stream().map(Gene.Option::name).collect(Collectors.joining(" ")));
        }
        List<Network> networks = everyOption();
        for (int i = 0; i < networks.size(); i++) {
            values.put("network." + i, networks.get(i).fingerprint());
        }
        return values.build().fingerprint("space", 1);
    }

    /** Networks that together hold every option of every gene: the first of each, the second of each, and so on. */
    default List<Network> everyOption() {
        int most = genes().stream().mapToInt(Gene::size).max().orElse(1);
        return IntStream.range(0, most)
            .mapToObj(option -> genes().stream().mapToInt(gene -> Math.min(option, gene.size() - 1)).toArray())
            .map(values -> build(architecture(values))).toList();
    }

    /** An architecture whose every gene is drawn uniformly (SPOS, eq. 7). */
    default Architecture random(RandomGenerator random) {
        return architecture(genes().stream().mapToInt(gene -> random.nextInt(gene.size())).toArray());
    }
}
