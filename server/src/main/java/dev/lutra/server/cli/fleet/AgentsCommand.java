package dev.lutra.server.cli.fleet;

import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.rpc.RemoteFleet;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "agents", mixinStandardHelpOptions = true, description = "Lists the devices of a server.")
public final class AgentsCommand implements Runnable {

    @ArgGroup(exclusive = false, multiplicity = "1")
    private ServerOptions server;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        try (RemoteFleet fleet = RemoteFleet.connect(server.address(), server.token())) {
            DeviceTable.print(fleet.agents(), fleet.standings(), json.isWanted());
        }
    }
}
