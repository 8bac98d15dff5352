package dev.lutra.server.cli;

import java.util.Locale;

/** How figures are written for people; JSON has them in full. */
final class Figures {

    private Figures() {}

    /** To a tenth of a microsecond, as the smallest segments need it. */
    static String millis(double nanos) {
        return String.format(Locale.ROOT, "%.4f", nanos / 1e6);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    /** With its sign. */
    static String change(double share) {
        return String.format(Locale.ROOT, "%+.2f %%", 100 * share);
    }
}
