package dev.lutra.onnx.deploy;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceOver;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A space whose networks end with their last feature and have a head behind that: what devices time, and what limits hold for. Genes and
 * architectures are those of the space that is trained.
 *
 * @param whole the space that is trained
 */
public record DetectorSpace(SearchSpace whole, DetectorHead head) implements SpaceOver {

    /**
     * The networks of a space with a head.
     *
     * @throws InputException if a network has not the features that the head reads, in its shapes
     */
    public static DetectorSpace of(SearchSpace whole, DetectorHead head) {
        whole.everyOption().forEach(head::requireFits);
        return new DetectorSpace(whole, head);
    }

    @Override
    public Network build(Architecture architecture) {
        return head.behind(whole.build(architecture));
    }

    /** Those of the whole, and the head's, which no gene shapes. */
    @Override
    public Optional<List<List<Integer>>> segmentGenes() {
        return whole.segmentGenes().map(genes -> {
            List<List<Integer>> all = new ArrayList<>(genes);
            all.add(List.of());
            return List.copyOf(all);
        });
    }

    @Override
    public SearchSpace withClasses(int classes) {
        return new DetectorSpace(whole.withClasses(classes), head);
    }

    @Override
    public SearchSpace withImageSize(ImageSize size) {
        return new DetectorSpace(whole.withImageSize(size), head);
    }
}
