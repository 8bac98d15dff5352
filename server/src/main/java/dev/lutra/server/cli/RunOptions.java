package dev.lutra.server.cli;

import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentRun;
import dev.lutra.server.experiment.FleetAccess;
import dev.lutra.server.experiment.RunFolder;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a run and each of its stages have in common. */
final class RunOptions {

    @Parameters(index = "0", paramLabel = "FILE", description = "The experiment.")
    private Path file;

    @Option(names = "--out", paramLabel = "DIR", description = "Run folder (default: runs/<name> here).")
    private Path out;

    @Option(names = "--listen", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:0",
        description = "Where the run's own server waits for agents (default: ${DEFAULT-VALUE}; port 0 is any free one).")
    private String listen;

    @ArgGroup(exclusive = false)
    private ServerOptions server;

    /** Opens the run. */
    ExperimentRun open() {
        Experiment experiment = Experiment.read(file);
        RunFolder folder = new RunFolder(out == null ? Path.of("runs", experiment.name()) : out);
        return ExperimentRun.open(experiment, folder, access(), new ConsoleProgress(), Version.text());
    }

    private FleetAccess access() {
        if (server != null) {
            return new FleetAccess.Remote(server.address(), server.token());
        }
        Endpoint endpoint = Endpoint.parse("--listen", listen);
        return new FleetAccess.Own(endpoint.host(), endpoint.port());
    }
}
