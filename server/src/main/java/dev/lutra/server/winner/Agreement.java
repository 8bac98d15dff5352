package dev.lutra.server.winner;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How well devices measured what was predicted and asked for.
 *
 * @param measured how many medians, one a winner and device
 * @param asked how many of them were asked to keep a limit
 * @param held how many of those did
 * @param expected how many were expected in an interval
 * @param inside how many of those were in it
 * @param worst relative error of the prediction that was farthest off, below 0 where it promised too little time
 */
public record Agreement(int measured, int asked, int held, int expected, int inside, double worst) {

    /** Empty where no device was asked. */
    public static Optional<Agreement> of(List<Winner> winners) {
        List<Winner.Check> checks = winners.stream().flatMap(winner -> winner.checks().stream()).toList();
        List<Winner.Check> asked = checks.stream().filter(Winner.Check::isLimited).toList();
        List<Boolean> inside = checks.stream().map(Winner.Check::inside).flatMap(Optional::stream).toList();
        double worst = checks.stream().map(check -> check.latency().relativeError()).flatMap(Optional::stream)
            .reduce(0.0, (a, b) -> Math.abs(b) > Math.abs(a) ? b : a);
        return checks.isEmpty()
            ? Optional.empty()
            : Optional.of(new Agreement(checks.size(), asked.size(), (int) asked.stream().filter(Winner.Check::withinLimit).count(),
                inside.size(), (int) inside.stream().filter(in -> in).count(), worst));
    }

    /** In one sentence. */
    public String described() {
        String limits = asked == 0 ? "no limit is asked for" : held + " of " + asked + " keep their limits as measured";
        String intervals = expected == 0
            ? "whether that is as expected nobody can tell, since the tables state no interval"
            : inside + " of " + expected + " are inside their interval";
        return String.format(Locale.ROOT, "%d measured latencies: %s; predictions were off by %.1f %% at most, %s", measured, limits,
            100 * Math.abs(worst), intervals);
    }
}
