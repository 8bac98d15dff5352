package dev.lutra.server.device;

import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.rpc.Tokens;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.run.RunFolder;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.web.WebServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
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
 */
public record OwnServer(String host, int port, Optional<WebServer.Settings> pages) implements FleetAccess {

    /** A server that only this machine reaches. */
    public static OwnServer onThisMachine() {
        return new OwnServer("127.0.0.1", 0, Optional.empty());
    }

    /** Where this machine reaches what listens on {@code host}: every interface has the loopback among them. */
    private String reachable() {
        InetAddress address = new InetSocketAddress(host, port).getAddress();
        return address.isAnyLocalAddress() ? InetAddress.getLoopbackAddress().getHostAddress() : host;
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
        Path tokenFile = folder.root().resolve("token");
        String token = Tokens.loadOrCreate(tokenFile);
        LutraServer server = LutraServer.start(host, port, token, queue, models);
        List<AutoCloseable> open = new ArrayList<>(List.of(server));
        pages.ifPresent(settings -> {
            WebServer web = WebServer.start(settings, token, new AgentCalls(queue, models));
            open.add(web);
            progress.say("browsers join at " + web.joinLink());
        });
        queue.agentDied(Experiment.LOCAL); // with the run that had started it: it comes anew, and nothing is charged
        Map<String, BooleanSupplier> agents = new HashMap<>();
        if (targets.stream().anyMatch(target -> target.device().equals(Experiment.LOCAL))) {
            LocalAgent agent = LocalAgent.start(Experiment.LOCAL, reachable(), server.port(), token, folder.agentLog(),
                () -> queue.agentDied(Experiment.LOCAL));
            open.add(agent);
            agents.put(Experiment.LOCAL, agent::isAlive);
        }
        return new RunFleet(new LocalFleet(queue, models, database.patience()), progress, open, agents,
            "lutra agent --server <this host>:" + server.port() + " --token-file " + tokenFile);
    }
}
