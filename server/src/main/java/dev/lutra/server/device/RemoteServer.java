package dev.lutra.server.device;

import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.store.Database;
import dev.lutra.server.training.TrainingTurn;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A server elsewhere, as {@code lutra serve} runs it.
 *
 * @param token an operator's
 * @param by who submits, which may change
 * @param trainingTurn when the run may train on this machine
 */
public record RemoteServer(ServerAddress address, String token, Supplier<Submitter> by, TrainingTurn trainingTurn) implements FleetAccess {

    /** For a process that nobody else speaks for. */
    public RemoteServer(ServerAddress address, String token, int priority) {
        this(address, token, always(Submitter.somebody(priority)), TrainingTurn.ALONE);
    }

    private static Supplier<Submitter> always(Submitter submitter) {
        return () -> submitter;
    }

    /** With the usual priority. */
    public RemoteServer(ServerAddress address, String token) {
        this(address, token, 0);
    }

    @Override
    public void check(List<Experiment.Target> targets, Consumer<String> warn) {
        Experiment.Target.requireElsewhere(targets);
        try (RemoteFleet fleet = RemoteFleet.connect(address, token)) {
            Set<String> known = fleet.agents().stream().map(agent -> agent.getDevice().getName()).collect(Collectors.toSet());
            targets.stream().map(Experiment.Target::device).filter(device -> !known.contains(device)).forEach(device -> warn.accept(
                "device " + device + " has never joined " + address.shown() + ": on it, run " + howToJoin() + " --device " + device));
        }
    }

    private String howToJoin() {
        return "lutra agent --server " + address;
    }

    @Override
    public RunFleet open(List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress) {
        Experiment.Target.requireElsewhere(targets);
        RemoteFleet fleet = RemoteFleet.connect(address, token, by, progress::say);
        return new RunFleet(fleet, progress, List.of(fleet), Map.of(), howToJoin());
    }
}
