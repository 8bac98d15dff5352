package dev.lutra.server.cli.fleet;

import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.store.Backup;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "backup", mixinStandardHelpOptions = true, description = "Writes a server's folder to one file, also while it runs: queue, results, models, secrets.")
public final class BackupCommand implements Runnable {

    @Parameters(index = "0", paramLabel = "FILE", description = "A new file; it holds the server's secrets.")
    private Path file;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "runs/fleet", description = "The server's folder (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        Backup.write(data, file);
        System.out.println(json.isWanted() ? Json.line(Map.of("file", file.toString(), "bytes", file.toFile().length())) : file);
    }
}
