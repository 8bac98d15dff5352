package dev.lutra.server.cli.output;

import java.util.Locale;

/** How figures are written for people; JSON has them in full. */
public final class Figures {

    private Figures() {}

    /** To a tenth of a microsecond, as the smallest segments need it. */
    public static String millis(double nanos) {
        return String.format(Locale.ROOT, "%.4f", nanos / 1e6);
    }

    /** Of a million bytes each. */
    public static String megabytes(double bytes) {
        return millionths(bytes) + " MB";
    }

    /** In a unit a million times that of the value: megabytes of bytes, millijoules of nanojoules. */
    public static String millionths(double value) {
        return String.format(Locale.ROOT, value < 1e6 ? "%.4f" : "%.2f", value / 1e6);
    }

    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    public static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    /** With its sign. */
    public static String change(double share) {
        return String.format(Locale.ROOT, "%+.2f %%", 100 * share);
    }
}
