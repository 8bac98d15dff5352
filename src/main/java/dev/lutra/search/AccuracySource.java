package dev.lutra.search;

import dev.lutra.space.Architecture;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.ObjDoubleConsumer;
import java.util.function.ToDoubleFunction;

/** Where accuracies come from: a supernet, a table, a cluster of either. */
@FunctionalInterface
public interface AccuracySource {

    /**
     * Finds the accuracies of some architectures on data that the search may use; the dear part of a search. In which order, and
     * how many at a time, is the source's affair: an accuracy follows from its architecture alone.
     *
     * @param architectures different ones
     * @param found told every accuracy, on the calling thread and as soon as it is known, in any order
     */
    void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found);

    /** How many images an accuracy is a share of, where it is a share of images that might have been others. */
    default OptionalLong images() {
        return OptionalLong.empty();
    }

    /** One after the other, on the calling thread. */
    static AccuracySource oneByOne(ToDoubleFunction<Architecture> accuracy) {
        return (architectures, found) -> architectures
            .forEach(architecture -> found.accept(architecture, accuracy.applyAsDouble(architecture)));
    }
}
