package dev.lutra.server.view;

import dev.lutra.latency.correction.Interval;
import java.time.Duration;
import java.util.Locale;

/** How figures are written for people. */
public final class Written {

    private static final double MILLION = 1e6;

    /** What stands where nothing is known. */
    static final String NOTHING = "–";

    private Written() {}

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    static String signedPercent(double share) {
        return String.format(Locale.ROOT, "%+.1f %%", 100 * share);
    }

    static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.3f ms", nanos / MILLION);
    }

    static String millis(Interval interval) {
        return String.format(Locale.ROOT, "%.3f to %.3f ms", interval.low() / MILLION, interval.high() / MILLION);
    }

    static String millijoules(long nanojoules) {
        return String.format(Locale.ROOT, "%.3f mJ", nanojoules / MILLION);
    }

    static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f MB", bytes / MILLION);
    }

    static String millions(double count) {
        return String.format(Locale.ROOT, "%.2f M", count / MILLION);
    }

    /** Hours and minutes, minutes and seconds, or seconds. */
    public static String clock(Duration time) {
        return time.toHours() > 0
            ? time.toHours() + " h " + time.toMinutesPart() + " min"
            : time.toMinutes() > 0 ? time.toMinutes() + " min " + time.toSecondsPart() + " s" : time.toSeconds() + " s";
    }

    /** An architecture with room to wrap. */
    static String wrapping(String architecture) {
        return architecture.replace(",", ", ");
    }
}
