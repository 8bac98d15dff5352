package dev.lutra.server.cli.submit;

import dev.lutra.proto.ListRunsReply;
import dev.lutra.proto.ListRunsRequest;
import dev.lutra.server.cli.fleet.FleetCommand;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.server.schedule.RunJson;
import picocli.CommandLine.Command;

@Command(name = "runs", mixinStandardHelpOptions = true, description = "Lists the runs of a server, the newest first.")
public final class RunsCommand extends FleetCommand {

    @Override
    protected void print(RemoteFleet server, boolean asJson) {
        ListRunsReply runs = server.runs(stub -> stub.listRuns(ListRunsRequest.getDefaultInstance()));
        System.out.print(asJson ? RunJson.of(runs) + "\n" : RunTable.of(runs.getRunsList()));
    }
}
