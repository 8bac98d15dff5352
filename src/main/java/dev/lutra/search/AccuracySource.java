package dev.lutra.search;

import dev.lutra.space.Architecture;

/** Where accuracies come from: a supernet, a table, a cluster of either. */
@FunctionalInterface
public interface AccuracySource {

    /** Accuracy of an architecture on data that the search may use; the dear part of a search. */
    double accuracy(Architecture architecture);
}
