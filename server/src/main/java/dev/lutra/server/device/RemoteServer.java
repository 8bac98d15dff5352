package dev.lutra.server.device;

import dev.lutra.InputException;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.store.Database;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A server elsewhere, as {@code lutra serve} runs it.
 *
 * @param token an operator's
 * @param priority of what the run asks for, among the tasks of others
 */
public record RemoteServer(ServerAddress address, String token, int priority) implements FleetAccess {

    /** With the usual priority. */
    public RemoteServer(ServerAddress address, String token) {
        this(address, token, 0);
    }

    @Override
    public void check(List<Experiment.Target> targets, Consumer<String> warn) {
        requireElsewhere(targets);
        try (RemoteFleet fleet = RemoteFleet.connect(address, token)) {
            Set<String> known = fleet.agents().stream().map(agent -> agent.getDevice().getName()).collect(Collectors.toSet());
            targets.stream().map(Experiment.Target::device).filter(device -> !known.contains(device)).forEach(device -> warn.accept(
                "device " + device + " has never joined " + address.shown() + ": on it, run " + howToJoin() + " --device " + device));
        }
    }

    private static void requireElsewhere(List<Experiment.Target> targets) {
        if (targets.stream().anyMatch(target -> target.device().equals(Experiment.LOCAL))) {
            throw new InputException("targets: device " + Experiment.LOCAL
                + " (expected: a device of the fleet, since a server is named)");
        }
    }

    private String howToJoin() {
        return "lutra agent --server " + address;
    }

    @Override
    public RunFleet open(List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress) {
        requireElsewhere(targets);
        RemoteFleet fleet = RemoteFleet.connect(address, token, priority, progress::say);
        return new RunFleet(fleet, progress, List.of(fleet), Map.of(), howToJoin());
    }
}
