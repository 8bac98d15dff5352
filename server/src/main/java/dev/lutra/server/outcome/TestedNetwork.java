package dev.lutra.server.outcome;

import dev.lutra.supernet.evaluation.ClassHits;
import dev.lutra.supernet.evaluation.Hits;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A network on the test images.
 *
 * @param architecture canonical text
 * @param file of the run's folder that was judged; empty where it is the supernet's weights
 * @param hits what it got right
 * @param classes names, in the order of the outputs
 */
public record TestedNetwork(String architecture, Optional<String> file, Hits hits, List<String> classes) {

    public TestedNetwork {
        classes = List.copyOf(classes);
    }

    /** The average precision of every class that images show, by its name; empty where each image shows one class. */
    public Map<String, Double> averagePrecisions() {
        Map<String, Double> byClass = new LinkedHashMap<>();
        List<Double> all = hits.averagePrecisions();
        IntStream.range(0, all.size()).filter(i -> !all.get(i).isNaN()).forEach(i -> byClass.put(classes.get(i), all.get(i)));
        return byClass;
    }

    /** What it got right of every class, by its name; classes without images are left out. */
    public Map<String, ClassHits> byClass() {
        Map<String, ClassHits> byClass = new LinkedHashMap<>();
        for (int i = 0; i < classes.size(); i++) {
            if (hits.classes().get(i).images() > 0) {
                byClass.put(classes.get(i), hits.classes().get(i));
            }
        }
        return byClass;
    }
}
