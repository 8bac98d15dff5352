package dev.lutra.server.cli;

import dev.lutra.latency.LookupTable;
import dev.lutra.proto.Runtime;
import java.util.Locale;

/** How the commands about tables put things. */
final class TableWords {

    private TableWords() {}

    static String runtime(LookupTable table) {
        Runtime runtime = table.content().getRuntime();
        String name = String.join(" ", runtime.getName(), runtime.getVersion(), runtime.getProvider())
            .replaceAll(" +", " ").strip();
        return switch (runtime.getThreads()) {
            case 0 -> name;
            case 1 -> name + ", 1 thread";
            default -> name + ", " + runtime.getThreads() + " threads";
        };
    }

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
