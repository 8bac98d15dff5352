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

@Command(name = "restore", mixinStandardHelpOptions = true, description = "Makes a server's folder from what 'lutra backup' wrote; 'lutra serve' then goes on from there.")
public final class RestoreCommand implements Runnable {

    @Parameters(index = "0", paramLabel = "FILE", description = "A backup.")
    private Path file;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "runs/fleet", description = "A folder that is not there or empty (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        Backup.restore(file, data);
        System.out.println(json.isWanted() ? Json.line(Map.of("data", data.toString())) : data);
    }
}
