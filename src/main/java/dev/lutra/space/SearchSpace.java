package dev.lutra.space;

import dev.lutra.ImageSize;
import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.network.Shape;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A set of networks, spanned by genes. Instances are immutable.
 */
public interface SearchSpace extends GeneSpace {

    /** Text of the space's file, which {@link SpaceFile#parse} reads; empty where it was not made from one. */
    Optional<String> definition();

    /** Shape of one image. */
    Shape input();

    /** Outputs of the network. */
    int classes();

    /** Whether batch norm's scale and shift are learned while the weights are shared; a network trained alone learns them. */
    boolean learnsBatchNorm();

    /** This space with another number of outputs. */
    SearchSpace withClasses(int classes);

    /** This space with images of another size. */
    SearchSpace withImageSize(ImageSize size);

    /** This space with square images of another size. */
    default SearchSpace withImageSize(int side) {
        return withImageSize(ImageSize.square(side));
    }

    /** Height and width of an image. */
    default ImageSize imageSize() {
        return new ImageSize(input().height(), input().width());
    }

    /** The network of an architecture of this space. */
    Network build(Architecture architecture);

    /**
     * For every segment of a network, in order, the genes that shape it; no other gene changes anything in it. Empty where genes
     * shape segments all over the network, as those of cells do.
     */
    default Optional<List<List<Integer>>> segmentGenes() {
        return Optional.empty();
    }

    /**
     * Fingerprint of what the space holds: its genes with their options, and networks that together have every option of every
     * gene. Name, title, comments and layout of its file are not part of it.
     */
    @Override
    default String fingerprint() {
        NamedValues.Builder values = geneValues();
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
}
