package dev.lutra.server.cli.submit;

import dev.lutra.proto.RemoveRunReply;
import dev.lutra.proto.RunName;
import dev.lutra.server.cli.fleet.FleetCommand;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.rpc.RemoteFleet;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "remove", mixinStandardHelpOptions = true, description = "Forgets a run of a server that has ended, and deletes all that it has found.")
public final class RemoveCommand extends FleetCommand {

    @Parameters(index = "0", paramLabel = "ID", description = "As 'lutra runs' has it.")
    private String id;

    @Override
    protected void print(RemoteFleet server, boolean asJson) {
        RemoveRunReply removed = server.runs(stub -> stub.removeRun(RunName.newBuilder().setId(id).build()));
        if (asJson) {
            System.out.println(Json.line(Map.of("removed", removed.getId(), "bytes", removed.getBytes())));
        } else {
            Lines.print("removed run " + removed.getId() + " (" + (removed.getBytes() >> 20) + " MiB)");
        }
    }
}
