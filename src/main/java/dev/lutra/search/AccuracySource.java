package dev.lutra.search;

import dev.lutra.space.Architecture;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
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

    /**
     * An accuracy, or what there was of it when judging was stopped.
     *
     * @param accuracy share of the images that were asked
     * @param stop empty where all were asked
     */
    record Answer(double accuracy, Optional<Stop> stop) {

        /** Of all images. */
        static Answer whole(double accuracy) {
            return new Answer(accuracy, Optional.empty());
        }
    }

    /**
     * Where judging was stopped.
     *
     * @param images that were asked until then
     * @param atMost what the accuracy on all images hardly exceeds
     */
    record Stop(int images, double atMost) {}

    /**
     * Finds accuracies of which some matter only from a value on. A source may stop where one will hardly get there, and says so; one that
     * knows no way to stop finds them whole.
     *
     * @param least by architecture, the value that its accuracy has to reach to matter; minus infinity where it matters whatever it is
     * @param found as above
     */
    default void find(Map<Architecture, Double> least, BiConsumer<Architecture, Answer> found) {
        find(List.copyOf(least.keySet()), (architecture, accuracy) -> found.accept(architecture, Answer.whole(accuracy)));
    }

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
