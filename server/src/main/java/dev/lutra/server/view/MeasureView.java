package dev.lutra.server.view;

import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.report.CallFigures;
import dev.lutra.server.report.Plots;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A measure, as axes and limits have it.
 *
 * @param name as the experiment names it
 * @param label of an axis, with the unit
 * @param factor from values to the axis
 * @param more whether more is better
 * @param objective whether the search weighs it
 * @param limit in the value's unit; null where nothing bounds it from above
 */
public record MeasureView(String name, String label, double factor, boolean more, boolean objective, Double limit) {

    private static final double PERCENT = 100;

    /** Of some measures, the objectives first. */
    static List<MeasureView> of(Experiment experiment, Collection<String> measures) {
        CallFigures calls = new CallFigures(experiment.targets());
        List<String> objectives = experiment.objectives().stream().map(Objective::measure).toList();
        return measures.stream().map(measure -> of(experiment, calls, measure))
            .sorted((a, b) -> Integer.compare(place(objectives, a.name), place(objectives, b.name))).toList();
    }

    private static int place(List<String> objectives, String measure) {
        int place = objectives.indexOf(measure);
        return place < 0 ? objectives.size() : place;
    }

    private static MeasureView of(Experiment experiment, CallFigures calls, String measure) {
        Optional<Objective> asked = experiment.objectives().stream().filter(objective -> objective.measure().equals(measure)).findFirst();
        boolean more = asked.or(() -> Objective.usual(measure)).map(objective -> objective.direction() == Objective.Direction.MAX).orElse(false);
        OptionalDouble limit = experiment.limit(measure);
        boolean isShare = measure.equals(Measure.ACCURACY);
        return new MeasureView(measure, isShare ? "accuracy (%)" : calls.axis(measure), isShare ? PERCENT : Plots.onAxis(measure, 1), more,
            asked.isPresent(), limit.isPresent() ? limit.getAsDouble() : null);
    }
}
