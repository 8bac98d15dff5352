package dev.lutra.server.cli.fleet;

import dev.lutra.server.store.Backup;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "backup", mixinStandardHelpOptions = true, description = "Writes a server's folder to one file, also while it runs: queue, results, models, secrets.")
public final class BackupCommand implements Runnable {

    @Parameters(index = "0", paramLabel = "FILE", description = "A new file; it holds the server's secrets.")
    private Path file;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "runs/fleet", description = "The server's folder (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Override
    public void run() {
        Backup.write(data, file);
        System.out.println(file);
    }
}
