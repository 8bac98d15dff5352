package dev.lutra.search.correction;

import dev.lutra.search.AccuracySource;
import dev.lutra.space.Architecture;
import java.util.List;
import java.util.function.ObjDoubleConsumer;

/**
 * Accuracies of networks by themselves, foretold from those by a supernet's weights.
 *
 * @param supernet tells what networks reach with shared weights
 */
public record CorrectedAccuracies(AccuracySource supernet, Correction correction) implements AccuracySource {

    @Override
    public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        supernet.find(architectures, (architecture, accuracy) -> found.accept(architecture, correction.accuracy(architecture, accuracy)));
    }
}
