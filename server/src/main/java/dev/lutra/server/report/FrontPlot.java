package dev.lutra.server.report;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.decision.TradeOff;
import dev.lutra.server.experiment.Experiment;
import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;

/** Draws a front: accuracy against the first objective beside it. */
public final class FrontPlot {

    private FrontPlot() {}

    /** An SVG document. */
    public static String svg(Experiment experiment, Front front, Collection<Measures> evaluated) {
        Objective cost = front.objectives().stream().filter(objective -> !objective.measure().equals(Measure.ACCURACY)).findFirst().orElseThrow();
        String measure = cost.measure();
        List<Plots.Point> all = evaluated.stream().filter(values -> values.values().containsKey(measure))
            .map(values -> point(measure, values)).toList();
        List<Plots.Point> best = front.candidates().stream().map(Candidate::measures).map(values -> point(measure, values)).toList();
        List<Plots.Point> knee = TradeOff.of(front, cost).knee().map(step -> point(measure, step.candidate().measures())).stream().toList();
        OptionalDouble limit = experiment.limit(measure);
        return Plots.front(new CallFigures(experiment.targets()).axis(measure), cost.direction() == Objective.Direction.MAX, all, best, knee,
            limit.isPresent() ? Plots.onAxis(measure, limit.getAsDouble()) : Double.NaN);
    }

    private static Plots.Point point(String measure, Measures values) {
        return new Plots.Point(Plots.onAxis(measure, values.get(measure)), 100 * values.get(Measure.ACCURACY));
    }
}
