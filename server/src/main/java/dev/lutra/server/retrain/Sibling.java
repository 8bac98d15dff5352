package dev.lutra.server.retrain;

import dev.lutra.InputException;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.List;
import java.util.Optional;

/**
 * A space whose networks are trained in the place of those that were searched: a cell is searched in a small network and used in a large
 * one.
 *
 * @param name of a built-in space, or a file
 */
public record Sibling(String name) {

    /**
     * The network of the same genes.
     *
     * @throws InputException if there is no such space, or it has other genes
     */
    public LoneNetwork of(LoneNetwork network) {
        SearchSpace space = besides(network.space());
        return new LoneNetwork(network.name(), space, space.architecture(network.architecture().values()), Optional.of(network));
    }

    /**
     * The space itself, for the images and classes of the one that was searched.
     *
     * @throws InputException if there is no such space, or it has other genes
     */
    public SearchSpace besides(SearchSpace own) {
        SearchSpace space = SpaceFile.load(name).withClasses(own.classes()).withImageSize(own.imageSize());
        if (!options(space).equals(options(own))) {
            throw new InputException(
                "retrain.space: " + name + " has other genes than " + own.name() + " (expected: the same, with the same options)");
        }
        return space;
    }

    private static List<String> options(SearchSpace space) {
        return space.genes().stream().map(gene -> gene.name() + gene.options().stream().map(Gene.Option::name).toList()).toList();
    }
}
