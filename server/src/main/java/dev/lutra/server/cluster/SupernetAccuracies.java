package dev.lutra.server.cluster;

import dev.lutra.search.AccuracySource;
import dev.lutra.space.Architecture;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.EvaluationSettings.By;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;
import java.util.function.Supplier;

/**
 * Accuracies by shared weights on this machine.
 *
 * @param evaluator of these weights, asked for at the first accuracy
 * @param settings how it judges
 */
public record SupernetAccuracies(Supplier<SubnetEvaluator> evaluator, EvaluationSettings settings) implements AccuracySource {

    @Override
    public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        evaluator.get().accuracies(architectures, found);
    }

    @Override
    public void find(Map<Architecture, Double> least, BiConsumer<Architecture, Answer> found) {
        if (settings.by() == By.STAGES) { // stages are judged on all images
            AccuracySource.super.find(least, found);
            return;
        }
        evaluator.get().judge(least, (architecture, judged) -> found.accept(architecture, new Answer(settings.accuracy().of(judged.hits()),
            judged.atMost().stream().mapToObj(most -> new Stop(judged.hits().images(), most)).findFirst())));
    }
}
