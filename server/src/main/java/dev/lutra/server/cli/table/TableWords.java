package dev.lutra.server.cli.table;

import dev.lutra.latency.LookupTable;
import dev.lutra.proto.Runtime;

/** How the commands about lookup tables name what a table is of. */
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
}
