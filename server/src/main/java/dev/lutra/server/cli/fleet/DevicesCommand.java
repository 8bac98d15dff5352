package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.DrainDeviceRequest;
import dev.lutra.proto.RemoveDeviceRequest;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.rpc.RemoteFleet;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "devices", mixinStandardHelpOptions = true, description = "The devices of a server.", synopsisSubcommandLabel = "COMMAND", subcommands = {
    DevicesCommand.ListAll.class, DevicesCommand.Drain.class, DevicesCommand.Undrain.class, DevicesCommand.Remove.class})
public final class DevicesCommand implements Runnable {

    @Override
    public void run() {
        throw new InputException("devices: no command (expected: devices list, drain, undrain or remove)");
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the devices that have joined.")
    static final class ListAll extends FleetCommand {

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            DeviceTable.print(fleet.agents(), fleet.standings(), asJson);
        }
    }

    /** A command about one device. */
    abstract static class OfDevice extends FleetCommand {

        @Parameters(index = "0", paramLabel = "NAME", description = "As 'lutra devices list' has it.")
        String device;

        /** Has it get no further tasks, or get them again. */
        final void drain(RemoteFleet fleet, boolean draining, boolean asJson) {
            int leased = fleet.access(stub -> stub.drainDevice(DrainDeviceRequest.newBuilder().setDevice(device).setDraining(draining).build()))
                .getLeasedTasks();
            if (asJson) {
                Map<String, Object> document = new LinkedHashMap<>();
                document.put("device", device);
                document.put("draining", draining);
                document.put("leased", leased);
                System.out.println(Json.line(document));
            } else if (draining) {
                System.out.println(device + ": gets nothing else, and has " + leased + " tasks to finish");
            } else {
                System.out.println(device + ": gets tasks again");
            }
        }
    }

    @Command(name = "drain", mixinStandardHelpOptions = true, description = "Lets a device finish what it has and gives it nothing else, until 'devices undrain'.")
    static final class Drain extends OfDevice {

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            drain(fleet, true, asJson);
        }
    }

    @Command(name = "undrain", mixinStandardHelpOptions = true, description = "Gives a device tasks again.")
    static final class Undrain extends OfDevice {

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            drain(fleet, false, asJson);
        }
    }

    @Command(name = "remove", mixinStandardHelpOptions = true, description = "Takes a device's key away, fails its unfinished tasks and forgets it; what it measured stays.")
    static final class Remove extends OfDevice {

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            int failed = fleet.access(stub -> stub.removeDevice(RemoveDeviceRequest.newBuilder().setDevice(device).build())).getFailedTasks();
            if (asJson) {
                Map<String, Object> document = new LinkedHashMap<>();
                document.put("removed", device);
                document.put("failed_tasks", failed);
                System.out.println(Json.line(document));
            } else {
                System.out.println("removed " + device + ", with " + failed + " unfinished tasks");
            }
        }
    }
}
