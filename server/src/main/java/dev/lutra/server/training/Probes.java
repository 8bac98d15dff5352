package dev.lutra.server.training;

import dev.lutra.ranking.RankCorrelation;
import dev.lutra.server.event.RunEvent.PathsProbed;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A few fixed paths that are judged a few times during a training.
 *
 * @param paths all different
 * @param alone accuracies of those that are known by themselves; all or none of the paths
 * @param times in the training, evenly spread, its end not among them
 */
public record Probes(List<Architecture> paths, Map<Architecture, Double> alone, int times) {

    /** Nothing is judged. */
    public static final Probes NONE = new Probes(List.of(), Map.of(), 0);

    public Probes {
        paths = List.copyOf(paths);
        alone = Map.copyOf(alone);
    }

    /** Whether an epoch that ended is followed by a look at them. */
    boolean areDue(int epoch, int epochs) {
        return !paths.isEmpty() && epoch < epochs
            && (long) epoch * (times + 1) / epochs > (long) (epoch - 1) * (times + 1) / epochs;
    }

    /**
     * Judges them, those left out that have an option which training has dropped.
     *
     * @param training what it is called in events
     */
    PathsProbed judge(String training, int epoch, Options surviving,
        Function<List<Architecture>, Map<Architecture, Double>> judge) {
        List<Architecture> left = paths.stream().filter(surviving::make).toList();
        Map<Architecture, Double> accuracies = judge.apply(left);
        double[] shared = left.stream().mapToDouble(accuracies::get).toArray();
        double tau = alone.isEmpty() ? Double.NaN : RankCorrelation.kendall(shared, left.stream().mapToDouble(alone::get).toArray());
        return new PathsProbed(training, epoch,
            left.stream().map(path -> new PathsProbed.Probed(path.toString(), accuracies.get(path))).toList(),
            Double.isFinite(tau) ? tau : null);
    }
}
