package dev.lutra.server.regression;

import dev.lutra.InputException;
import dev.lutra.latency.table.TableDiff.Change;
import dev.lutra.proto.Baseline;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A model's latency against its baseline. It has become slower if it is slower by more than is let pass, and by more than chance explains:
 * the difference lies beyond the one-sided 95 % bound of two equal medians, by both intervals between runs.
 *
 * @param most share by which it may be slower
 */
public record Verdict(Change change, double most) {

    private static final double NORMAL_975 = 1.959964;
    private static final double NORMAL_95 = 1.644854;
    private static final double NORMAL_90 = 1.281552;

    /**
     * Holds a measurement against a baseline.
     *
     * @param file of the baseline
     * @throws InputException if the two are not to be compared, or one of them has no interval
     */
    public static Verdict of(Path file, Baseline then, Baseline now, double most) {
        BaselineFile.requireComparable(file, then, now);
        Change change = Change.of(now.getModelSha256(), now.getFile(), then.getLatency(), now.getLatency());
        if (!change.hasInterval()) {
            throw new InputException(file + ": how well the two latencies are known is not known, so a difference says nothing (expected: more"
                + " than one round of each: a longer --time-limit)");
        }
        return new Verdict(change, most);
    }

    /** What equal medians differ by at most, in 19 of 20 comparisons. */
    public double chance() {
        return change.jointHalfWidth() * NORMAL_95 / NORMAL_975;
    }

    public boolean isSignificant() {
        return change.relative() > chance();
    }

    /** Whether the model has become slower than is let pass. */
    public boolean isRegression() {
        return isSignificant() && change.relative() > most;
    }

    /** The slow-down that would be found in 9 of 10 comparisons. */
    public double found() {
        return Math.max(most, chance()) + change.jointHalfWidth() * NORMAL_90 / NORMAL_975;
    }

    /** In a line. */
    public String described() {
        return String.format(Locale.ROOT,
            "%s: %.4f ms, baseline %.4f ms, %+.1f %% (by chance up to %.1f %%, let pass %.1f %%): %s; of 10 slow-downs by %.1f %%"
                + " 9 would be found",
            change.label(), change.secondNanos() / 1e6, change.firstNanos() / 1e6, 100 * change.relative(), 100 * chance(),
            100 * most, isRegression() ? "slower" : "not slower", 100 * found());
    }
}
