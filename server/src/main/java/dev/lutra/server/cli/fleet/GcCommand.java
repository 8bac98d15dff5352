package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.fleet.Retention;
import dev.lutra.server.store.Database;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Option(names = "--dry-run", description = "Says what would go, and leaves it.")
    private boolean dryRun;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        if (days < 1 || days > MOST_DAYS) {
            throw new InputException("--days: " + days + " (expected: 1 to " + MOST_DAYS + ")");
        }
        Duration time = Duration.ofDays(days);
        Path file = data.resolve("lutra.db");
        if (!Files.isRegularFile(file)) {
            throw new InputException(data + ": no folder of a server (expected: lutra.db in it)");
        }
        try (Database database = Database.open(file, System.err::println)) {
            Retention retention = new Retention(database, data.resolve("models"));
            Retention.Swept swept = dryRun ? retention.wouldSweep(time, Instant.now()) : retention.sweep(time, Instant.now());
            if (json.isWanted()) {
                System.out.println(Json.line(Map.of("tasks", swept.tasks(), "devices", swept.devices(), "models", swept.models(),
                    "model_bytes", swept.bytes(), "dry_run", dryRun)));
            } else {
                System.out.println((dryRun ? "would forget " : "forgot ") + swept.tasks() + " tasks, " + swept.devices() + " devices, "
                    + swept.models() + " models (" + (swept.bytes() >> 20) + " MiB)");
            }
        }
    }
}
