package dev.lutra.server.profile;

import dev.lutra.server.store.ResultStore;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * The time that a device's whole table may take. Segments and whole networks share it by their numbers; networks get what the
 * segments have left. What is spent is kept, so that a run which was killed goes on with what is left.
 */
public final class ProfilingBudget {

    private static final String KIND = "profiling-nanos";
    /** Segments get at least this share of the time: without them there is nothing to correct … */
    private static final double LEAST = 0.3;
    /** … and where networks follow, at most this one. */
    private static final double MOST = 0.8;
    /** Ending within this share of the time is ending on time. */
    private static final double ON_TIME = 1.1;

    private final SpentTime spent;
    private final Duration total;

    private ProfilingBudget(SpentTime spent, Duration total) {
        this.spent = spent;
        this.total = total;
    }

    /** Time runs from now on, less what earlier lives of the run have spent of the same budget. */
    public static ProfilingBudget goOn(ResultStore results, String device, Duration total, LongSupplier nanoTime) {
        return new ProfilingBudget(new SpentTime(results, KIND, device + "/" + name(total), nanoTime), total);
    }

    /** Notes what is spent by now. */
    public void keep() {
        spent.keep();
    }

    /** The table is whole: what is measured for it later has its time anew. */
    public void forget() {
        spent.forget();
    }

    /** @param networks how many are measured after the segments */
    public Duration forSegments(int segments, int networks) {
        double share = networks == 0 ? 1 : Math.max(LEAST, Math.min(MOST, (double) segments / (segments + networks)));
        return leftOf(Math.round(share * total.toNanos()));
    }

    /** What is left, but at least a moment. */
    public Duration left() {
        return leftOf(total.toNanos());
    }

    private Duration leftOf(long nanos) {
        return Duration.ofNanos(Math.max(1, nanos - spent.nanos()));
    }

    public double spentSeconds() {
        return spent.nanos() / 1e9;
    }

    /** What was spent, in words, and why where it was too much. */
    public String described() {
        double seconds = total.toMillis() / 1e3;
        return String.format(Locale.ROOT, seconds < 10 ? "took %.1f of %.1f s" : "took %.0f of %.0f s", spentSeconds(), seconds)
            + (spentSeconds() > ON_TIME * seconds ? ", since every model gets one slice even where time is too short for that" : "");
    }

    /** What distinguishes the tasks of one budget from those of another. */
    public String name() {
        return name(total);
    }

    private static String name(Duration total) {
        return total.toMillis() + " ms";
    }
}
