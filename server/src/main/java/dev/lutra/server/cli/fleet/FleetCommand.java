package dev.lutra.server.cli.fleet;

import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.rpc.RemoteFleet;
import picocli.CommandLine.Mixin;

/** What asks a server something and prints what it said. */
public abstract class FleetCommand implements Runnable {

    @Mixin
    private FleetOptions server;

    @Mixin
    private JsonOption json;

    @Override
    public final void run() {
        check();
        try (RemoteFleet fleet = server.connect()) {
            print(fleet, json.isWanted());
        }
    }

    /**
     * What can be told before the server is asked.
     *
     * @throws dev.lutra.InputException if an option is wrong
     */
    protected void check() {}

    /** @param asJson as one JSON document */
    protected abstract void print(RemoteFleet fleet, boolean asJson);
}
