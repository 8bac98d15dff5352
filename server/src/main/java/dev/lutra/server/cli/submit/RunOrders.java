package dev.lutra.server.cli.submit;

import dev.lutra.proto.PrioritizeRunRequest;
import dev.lutra.proto.RunName;
import dev.lutra.proto.RunServiceGrpc.RunServiceBlockingStub;
import dev.lutra.proto.RunState;
import dev.lutra.server.cli.fleet.FleetCommand;
import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.rpc.RemoteFleet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Commands that say what is to become of a run. */
public final class RunOrders {

    private RunOrders() {}

    /** Says it, and prints the run as it is then. */
    abstract static class Order extends FleetCommand {

        @Parameters(index = "0", paramLabel = "ID", description = "As 'lutra runs' has it.")
        private String id;

        final RunName named() {
            return RunName.newBuilder().setId(id).build();
        }

        @Override
        protected final void print(RemoteFleet server, boolean asJson) {
            RunTable.print(server.runs(this::order), asJson);
        }

        abstract RunState order(RunServiceBlockingStub server);
    }

    @Command(name = "pause", mixinStandardHelpOptions = true, description = "Has a run of a server keep where it stands and stop.")
    public static final class Pause extends Order {

        @Override
        RunState order(RunServiceBlockingStub server) {
            return server.pauseRun(named());
        }
    }

    @Command(name = "resume", mixinStandardHelpOptions = true, description = "Has a run go on that was paused or cancelled, or has failed.")
    public static final class Resume extends Order {

        @Override
        RunState order(RunServiceBlockingStub server) {
            return server.resumeRun(named());
        }
    }

    @Command(name = "cancel", mixinStandardHelpOptions = true, description = "Ends a run of a server; what it has found stays.")
    public static final class Cancel extends Order {

        @Override
        RunState order(RunServiceBlockingStub server) {
            return server.cancelRun(named());
        }
    }

    @Command(name = "priority", mixinStandardHelpOptions = true, description = "Has a run of a server go before others, or after them.")
    public static final class Prioritize extends Order {

        @Parameters(index = "1", paramLabel = "N", description = "-100 to 100; a negative one behind '--'.")
        private int priority;

        @Override
        protected void check() {
            Submitter.priority("N", priority);
        }

        @Override
        RunState order(RunServiceBlockingStub server) {
            return server.prioritizeRun(PrioritizeRunRequest.newBuilder().setId(named().getId()).setPriority(priority).build());
        }
    }
}
