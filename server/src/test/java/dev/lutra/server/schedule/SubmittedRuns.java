package dev.lutra.server.schedule;

import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.Database;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** The runs of a server that gives them no process, for tests of what may be said of them. */
public final class SubmittedRuns {

    private SubmittedRuns() {}

    /** @param folder of the server; experiments may name files below /data */
    public static RunCalls of(Database database, TaskQueue queue, Path folder) {
        RunStore runs = new RunStore(database, Clock.systemUTC());
        return new RunCalls(runs, new Scheduler(runs, queue, folder, new Allowance(List.of(Path.of("/data")), false),
            new RunLimits(0, 1, Duration.ofMinutes(10), 20, ""), Clock.systemUTC()));
    }
}
