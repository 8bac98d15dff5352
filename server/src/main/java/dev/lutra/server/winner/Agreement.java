package dev.lutra.server.winner;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How well devices measured what was predicted and asked for.
 *
 * @param measured how many medians, one a winner and device
 * @param asked how many of them were asked to keep a limit
 * @param held how many of those did
 * @param foretold how many the tables had not learned from
 * @param expected how many of those were expected in an interval
 * @param inside how many of those were in it
 * @param worst relative error of the prediction that was farthest off, of those, below 0 where it promised too little time
 * @param firstWorst the same of predictions that tables have learned from since; empty where none is known
 */
public record Agreement(int measured, int asked, int held, int foretold, int expected, int inside, double worst, Optional<Double> firstWorst) {

    /** Empty where no device was asked. */
    public static Optional<Agreement> of(List<Winner> winners) {
        List<Winner.Check> checks = winners.stream().flatMap(winner -> winner.checks().stream()).toList();
        List<Winner.Check> asked = checks.stream().filter(Winner.Check::isLimited).toList();
        List<Winner.Check> foretold = checks.stream().filter(check -> check.learned().isEmpty()).toList();
        List<Boolean> inside = foretold.stream().map(Winner.Check::inside).flatMap(Optional::stream).toList();
        return checks.isEmpty()
            ? Optional.empty()
            : Optional.of(new Agreement(checks.size(), asked.size(), (int) asked.stream().filter(Winner.Check::withinLimit).count(),
                foretold.size(), inside.size(), (int) inside.stream().filter(in -> in).count(),
                worst(foretold.stream().map(check -> check.latency().relativeError())).orElse(0.0),
                worst(checks.stream().map(Winner.Check::firstError))));
    }

    private static Optional<Double> worst(Stream<Optional<Double>> errors) {
        return errors.flatMap(Optional::stream).max(Comparator.comparingDouble(Math::abs));
    }

    /** In one sentence. */
    public String described() {
        String limits = asked == 0 ? "no limit is asked for" : held + " of " + asked + " keep their limits as measured";
        return measured + " measured latencies: " + limits + predictions() + learned();
    }

    private String predictions() {
        if (foretold == 0) {
            return "";
        }
        String intervals = expected == 0
            ? "whether that is as expected nobody can tell, since the tables state no interval"
            : inside + " of " + expected + " are inside their interval";
        return String.format(Locale.ROOT, "; predictions were off by %.1f %% at most, %s", 100 * Math.abs(worst), intervals);
    }

    private String learned() {
        int learned = measured - foretold;
        return learned == 0
            ? ""
            : "; tables have learned from " + learned
                + firstWorst.map(error -> String.format(Locale.ROOT, ", before which they were off by %.1f %% at most", 100 * Math.abs(error)))
                    .orElse("");
    }
}
