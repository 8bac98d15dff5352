package dev.lutra.space;

import dev.lutra.network.Shape;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/** A space that has the genes and architectures of another, of which it builds other networks. */
public interface SpaceOver extends SearchSpace {

    /** The other space. */
    SearchSpace whole();

    @Override
    default Optional<String> definition() {
        return whole().definition();
    }

    @Override
    default Shape input() {
        return whole().input();
    }

    @Override
    default int classes() {
        return whole().classes();
    }

    @Override
    default boolean learnsBatchNorm() {
        return whole().learnsBatchNorm();
    }

    @Override
    default Optional<List<List<Integer>>> segmentGenes() {
        return whole().segmentGenes();
    }

    @Override
    default String name() {
        return whole().name();
    }

    @Override
    default String title() {
        return whole().title();
    }

    @Override
    default String source() {
        return whole().source();
    }

    @Override
    default List<Gene> genes() {
        return whole().genes();
    }

    @Override
    default BigInteger size() {
        return whole().size();
    }

    @Override
    default Architecture architecture(int[] values) {
        return whole().architecture(values);
    }

    @Override
    default Architecture parse(String text) {
        return whole().parse(text);
    }

    @Override
    default boolean contains(Architecture architecture) {
        return whole().contains(architecture);
    }
}
