package dev.lutra.server.cli.submit;

import dev.lutra.Names;
import dev.lutra.proto.RunName;
import dev.lutra.proto.RunState;
import dev.lutra.server.cli.fleet.FleetOptions;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.rpc.RemoteFleet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "watch", mixinStandardHelpOptions = true, description = "Says what a run of a server does until it has ended; 0 if it is done, else 1.")
public final class WatchCommand implements Callable<Integer> {

    private static final long LOOK_MILLIS = 1000;
    private static final Set<String> GOES_ON = Set.of("waiting", "running", "paused");
    private static final String DONE = "done";

    @Parameters(index = "0", paramLabel = "ID", description = "As 'lutra runs' has it.")
    private String id;

    @Mixin
    private FleetOptions server;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws InterruptedException {
        RunName name = RunName.newBuilder().setId(id).build();
        try (RemoteFleet fleet = server.connect()) {
            String told = "";
            RunState run = fleet.runs(stub -> stub.getRun(name));
            while (GOES_ON.contains(run.getState())) {
                String line = RunTable.line(run);
                if (!line.equals(told)) {
                    System.err.println(Names.shown(line));
                    told = line;
                }
                Thread.sleep(LOOK_MILLIS);
                run = fleet.runs(stub -> stub.getRun(name));
            }
            RunTable.print(run.toBuilder().clearExperiment().build(), json.isWanted());
            return run.getState().equals(DONE) ? 0 : 1;
        }
    }
}
