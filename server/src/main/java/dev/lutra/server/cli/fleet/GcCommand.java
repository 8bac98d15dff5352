package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.fleet.Retention;
import dev.lutra.server.schedule.RunRemoval;
import dev.lutra.server.schedule.RunStore;
import dev.lutra.server.store.Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "gc", mixinStandardHelpOptions = true, description = "Forgets what a server no longer needs, also while it runs: old outcomes, devices that are gone, models that no task names.")
public final class GcCommand implements Runnable {

    private static final int MOST_DAYS = 36_500;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "runs/fleet", description = "The server's folder (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Option(names = "--days", paramLabel = "N", defaultValue = "90", description = "How long outcomes stay after they came, and devices after they were last heard of (default: ${DEFAULT-VALUE}).")
    private int days;

    @Option(names = "--run-days", paramLabel = "N", description = "Also runs that ended so long ago, and deletes all that they have found (default: none).")
    private Integer runDays;

    @Option(names = "--dry-run", description = "Says what would go, and leaves it.")
    private boolean dryRun;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        check("--days", days);
        if (runDays != null) {
            check("--run-days", runDays);
        }
        Duration time = Duration.ofDays(days);
        Path file = data.resolve("lutra.db");
        if (!Files.isRegularFile(file)) {
            throw new InputException(data + ": no folder of a server (expected: lutra.db in it)");
        }
        try (Database database = Database.open(file, System.err::println)) {
            Retention retention = new Retention(database, data.resolve("models"));
            Retention.Swept swept = dryRun ? retention.wouldSweep(time, Instant.now()) : retention.sweep(time, Instant.now());
            RunRemoval.Removed removed = removed(new RunRemoval(new RunStore(database, Clock.systemUTC()), data));
            if (json.isWanted()) {
                System.out.println(Json.line(Map.of("tasks", swept.tasks(), "devices", swept.devices(), "models", swept.models(),
                    "model_bytes", swept.bytes(), "runs", removed.runs(), "run_bytes", removed.bytes(), "dry_run", dryRun)));
            } else {
                System.out.println((dryRun ? "would forget " : "forgot ") + swept.tasks() + " tasks, " + swept.devices() + " devices, "
                    + swept.models() + " models (" + (swept.bytes() >> 20) + " MiB), " + removed.runs() + " runs (" + (removed.bytes() >> 20)
                    + " MiB)");
            }
        }
    }

    private RunRemoval.Removed removed(RunRemoval removal) {
        if (runDays == null) {
            return new RunRemoval.Removed(0, 0);
        }
        Instant before = Instant.now().minus(Duration.ofDays(runDays));
        return dryRun ? removal.wouldRemove(before) : removal.remove(before);
    }

    private static void check(String option, int days) {
        if (days < 1 || days > MOST_DAYS) {
            throw new InputException(option + ": " + days + " (expected: 1 to " + MOST_DAYS + ")");
        }
    }
}
