package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.RemoveDeviceRequest;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.rpc.RemoteFleet;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "devices", mixinStandardHelpOptions = true, description = "The devices of a server.", synopsisSubcommandLabel = "COMMAND", subcommands = {
    DevicesCommand.ListAll.class, DevicesCommand.Remove.class})
public final class DevicesCommand implements Runnable {

    @Override
    public void run() {
        throw new InputException("devices: no command (expected: devices list or remove)");
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the devices that have joined.")
    static final class ListAll extends FleetCommand {

        @Override
        void print(RemoteFleet fleet, boolean asJson) {
            DeviceTable.print(fleet.agents(), fleet.standings(), asJson);
        }
    }

    @Command(name = "remove", mixinStandardHelpOptions = true, description = "Takes a device's key away, fails its unfinished tasks and forgets it; what it measured stays.")
    static final class Remove extends FleetCommand {

        @Parameters(index = "0", paramLabel = "NAME", description = "As 'lutra devices list' has it.")
        private String device;

        @Override
        void print(RemoteFleet fleet, boolean asJson) {
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
