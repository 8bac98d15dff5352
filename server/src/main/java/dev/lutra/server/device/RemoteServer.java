package dev.lutra.server.device;

import dev.lutra.InputException;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.run.Progress;
import dev.lutra.server.run.RunFleet;
import dev.lutra.server.run.RunFolder;
import dev.lutra.server.store.Database;
import java.util.List;
import java.util.Map;

/**
 * A server elsewhere, as {@code lutra serve} runs it.
 *
 * @param address {@code host:port}
 */
public record RemoteServer(String address, String token) implements FleetAccess {

    @Override
    public RunFleet open(List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress) {
        if (targets.stream().anyMatch(target -> target.device().equals(Experiment.LOCAL))) {
            throw new InputException("targets: device " + Experiment.LOCAL
                + " (expected: a device of the fleet, since a server is named)");
        }
        RemoteFleet fleet = RemoteFleet.connect(address, token);
        return new RunFleet(fleet, progress, List.of(fleet), Map.of(), "lutra agent --server " + address);
    }
}
