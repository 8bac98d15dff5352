package dev.lutra.spark;

import dev.lutra.search.AccuracySource;
import dev.lutra.server.cluster.Assignment;
import dev.lutra.space.Architecture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;

/**
 * Accuracies by tasks, one architecture each.
 *
 * @param assignment what executors open
 * @param supernet name of the file of weights, which they fetch
 */
record ClusterAccuracies(Tasks tasks, Assignment assignment, String supernet) implements AccuracySource {

    @Override
    public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        Map<Architecture, Double> least = new LinkedHashMap<>();
        architectures.forEach(architecture -> least.put(architecture, Double.NEGATIVE_INFINITY));
        find(least, (architecture, answer) -> found.accept(architecture, answer.accuracy()));
    }

    @Override
    public void find(Map<Architecture, Double> least, BiConsumer<Architecture, Answer> found) {
        List<Architecture> asked = List.copyOf(least.keySet());
        tasks.run(asked.stream().map(architecture -> new Judging(assignment, supernet, architecture.toString(), least.get(architecture))).toList(),
            (number, told) -> found.accept(asked.get(number), told.answer()), () -> {});
    }
}
