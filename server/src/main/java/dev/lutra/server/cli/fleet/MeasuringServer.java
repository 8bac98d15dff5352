package dev.lutra.server.cli.fleet;

import dev.lutra.server.device.RemoteServer;
import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.run.FleetAccess;
import picocli.CommandLine.Option;

/** A server on whose devices a command measures. */
public final class MeasuringServer extends ServerOptions {

    @Option(names = "--priority", paramLabel = "N", defaultValue = "0", description = "-100 to 100: on a device, tasks of a higher one go before those of others (default: ${DEFAULT-VALUE}).")
    private int priority;

    /** The devices that have joined it. */
    public FleetAccess devices() {
        return new RemoteServer(address(), token(), Submitter.priority("--priority", priority));
    }
}
