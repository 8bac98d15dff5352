package dev.lutra.server.device;

import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.FleetState;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.access.TokenFile;
import dev.lutra.server.tls.Encryption;
import dev.lutra.server.tls.OwnAddress;
import dev.lutra.server.tls.ServerKey;
import dev.lutra.proto.Role;
import dev.lutra.proto.connection.KeyFingerprint;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.web.DeviceRoutes;
import dev.lutra.server.web.ViewRoutes;
import dev.lutra.server.web.WebServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A server inside the run, for agents to join. This machine's own agent is started where a target asks for it; browsers join
 * where pages are served too.
 *
 * @param port 0 takes a free one
 * @param encryption of both
 */
public record OwnServer(String host, int port, Encryption encryption, Optional<WebServer.Settings> pages) implements FleetAccess {

    /** A server that only this machine reaches. */
    public static OwnServer onThisMachine() {
        return new OwnServer("127.0.0.1", 0, new Encryption.None(), Optional.empty());
    }

    @Override
    public void check(List<Experiment.Target> targets, Consumer<String> warn) {
        for (Experiment.Target target : targets) {
            if (target.device().equals(Experiment.LOCAL)) {
                LocalAgent.requireInstalled(Experiment.LOCAL);
            } else {
                warn.accept("device " + target.device() + " is not this machine: it joins when the run begins to measure, which then says how");
            }
        }
    }

    @Override
    public RunFleet open(List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress) {
        TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
        ModelStore models = new ModelStore(folder.models());
        ServerFolder own = new ServerFolder(folder.root());
        Access access = Access.open(database, Clock.systemUTC(), TokenFile.loadOrCreate(own.token()));
        InetAddress where = new InetSocketAddress(host, port).getAddress();
        Optional<ServerKey> key = ServerKey.of(encryption, OwnAddress.all(where), Instant.now());
        LutraServer server = LutraServer.start(host, port, key, access, queue, models);
        Optional<KeyFingerprint> fingerprint = key.map(ServerKey::fingerprint);
        ServerAddress fromHere = new ServerAddress(OwnAddress.fromHere(where), server.port(), fingerprint, fingerprint.isEmpty());
        own.reachedAt(fromHere);
        access.reachedAt(
            new Access.Places(new ServerAddress(OwnAddress.inUrl(where), server.port(), fingerprint, fingerprint.isEmpty()).toString(), ""));
        List<AutoCloseable> open = new ArrayList<>(List.of(server));
        pages.ifPresent(settings -> {
            WebServer web = WebServer.start(settings, key, access, queue, models, new ViewRoutes(id -> folder),
                new DeviceRoutes(new FleetState(database, queue)));
            open.add(web);
            access.reachedAt(new Access.Places(access.places().agents(), web.address()));
            progress.say("pages on " + web.address() + "; browsers join by what 'lutra token create" + own.option() + "' prints");
        });
        queue.agentDied(Experiment.LOCAL); // with the run that had started it: it comes anew, and nothing is charged
        Map<String, BooleanSupplier> agents = new HashMap<>();
        if (targets.stream().anyMatch(target -> target.device().equals(Experiment.LOCAL))) {
            LocalAgent agent = LocalAgent.start(Experiment.LOCAL, fromHere,
                access.tokens().create(Role.JOINING, Duration.ZERO, Experiment.LOCAL).token(), folder.agentLog(),
                () -> queue.agentDied(Experiment.LOCAL));
            open.add(agent);
            agents.put(Experiment.LOCAL, agent::isAlive);
        }
        return new RunFleet(new LocalFleet(queue, models, database.patience()), progress, open, agents,
            "what 'lutra token create" + own.option() + "' prints, with");
    }
}
