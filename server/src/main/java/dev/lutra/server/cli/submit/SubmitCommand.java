package dev.lutra.server.cli.submit;

import dev.lutra.InputFile;
import dev.lutra.proto.RunState;
import dev.lutra.proto.SubmitRunRequest;
import dev.lutra.server.cli.fleet.FleetCommand;
import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "submit", mixinStandardHelpOptions = true, description = "Gives a server an experiment to run; the data lies where the server can read it.")
public final class SubmitCommand extends FleetCommand {

    @Parameters(index = "0", paramLabel = "FILE", description = "The experiment; files in it are named as the server has them.")
    private Path file;

    @Option(names = "--name", paramLabel = "NAME", defaultValue = "", description = "What the run is called (default: as the experiment is).")
    private String name;

    @Option(names = "--priority", paramLabel = "N", defaultValue = "0", description = "-100 to 100: runs of a higher one go before others (default: ${DEFAULT-VALUE}).")
    private int priority;

    @Override
    protected void check() {
        Submitter.priority("--priority", priority);
    }

    @Override
    protected void print(RemoteFleet server, boolean asJson) {
        SubmitRunRequest request = SubmitRunRequest.newBuilder().setName(name).setExperiment(InputFile.text(file, YamlNode.MOST_BYTES))
            .setPriority(priority).build();
        RunState run = server.runs(stub -> stub.submitRun(request));
        RunTable.print(run, asJson);
    }
}
