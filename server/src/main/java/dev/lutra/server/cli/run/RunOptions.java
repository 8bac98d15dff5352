package dev.lutra.server.cli.run;

import dev.lutra.InputException;
import dev.lutra.server.cli.fleet.Endpoint;
import dev.lutra.server.cli.fleet.PageOptions;
import dev.lutra.server.cli.fleet.ServerOptions;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.device.RemoteServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.run.RunFolder;
import dev.lutra.server.web.WebServer;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a run and each of its stages have in common. */
final class RunOptions {

    @Parameters(index = "0", paramLabel = "FILE", description = "The experiment.")
    private Path file;

    @Option(names = "--out", paramLabel = "DIR", description = "Run folder (default: runs/<name> here).")
    private Path out;

    @Option(names = "--listen", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:0", description = "Where the run's own server waits for agents (default: ${DEFAULT-VALUE}; port 0 is any free one).")
    private String listen;

    @Mixin
    private PageOptions pages;

    @ArgGroup(exclusive = false)
    private ServerOptions server;

    /** Opens the run. */
    ExperimentRun open() {
        Experiment experiment = Experiment.read(file);
        RunFolder folder = new RunFolder(out == null ? Path.of("runs", experiment.name()) : out);
        return ExperimentRun.open(experiment, folder, access(folder), new ConsoleProgress(), Version.text());
    }

    private FleetAccess access(RunFolder folder) {
        Optional<WebServer.Settings> web = pages.settings(folder.root());
        if (server != null) {
            if (web.isPresent()) {
                throw new InputException("--http: given with --server (expected: one of them; that server has its own pages)");
            }
            return new RemoteServer(server.address(), server.token());
        }
        Endpoint endpoint = Endpoint.parse("--listen", listen);
        return new OwnServer(endpoint.host(), endpoint.port(), web);
    }
}
