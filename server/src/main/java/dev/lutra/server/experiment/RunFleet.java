package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.Fleet;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.server.rpc.Tokens;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.web.WebServer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The devices a run measures on: those of a named server, or of a server inside this process that the run's agents join.
 */
final class RunFleet implements AutoCloseable {

    private static final Duration POLL = Duration.ofSeconds(2);
    /** After so long without its agent a waiting run says so, once. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Fleet fleet;
    private final Progress progress;
    private final List<AutoCloseable> open;
    private final Map<String, LocalAgent> localAgents;
    private final String howToJoin;

    private RunFleet(Fleet fleet, Progress progress, List<AutoCloseable> open, Map<String, LocalAgent> localAgents,
        String howToJoin) {
        this.fleet = fleet;
        this.progress = progress;
        this.open = open;
        this.localAgents = localAgents;
        this.howToJoin = howToJoin;
    }

    static RunFleet open(FleetAccess access, List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress) {
        boolean local = targets.stream().anyMatch(target -> target.device().equals(Experiment.LOCAL));
        if (access instanceof FleetAccess.Remote remote) {
            if (local) {
                throw new InputException("targets: device " + Experiment.LOCAL
                    + " (expected: a device of the fleet, since a server is named)");
            }
            RemoteFleet fleet = RemoteFleet.connect(remote.address(), remote.token());
            return new RunFleet(fleet, progress, List.of(fleet), Map.of(), "lutra agent --server " + remote.address());
        }
        FleetAccess.Own own = (FleetAccess.Own) access;
        TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
        ModelStore models = new ModelStore(folder.models());
        String token = Tokens.loadOrCreate(folder.root().resolve("token"));
        LutraServer server = LutraServer.start(own.host(), own.port(), token, queue, models);
        List<AutoCloseable> open = new ArrayList<>(List.of(server));
        own.pages().ifPresent(settings -> {
            WebServer web = WebServer.start(settings, token, new AgentCalls(queue, models));
            open.add(web);
            progress.say("browsers join at " + web.joinLink());
        });
        Map<String, LocalAgent> agents = new HashMap<>();
        if (local) {
            LocalAgent agent = LocalAgent.start(Experiment.LOCAL, server.port(), token, folder.agentLog());
            open.add(agent);
            agents.put(Experiment.LOCAL, agent);
        }
        return new RunFleet(new LocalFleet(queue, models), progress, open, agents,
            "lutra agent --server <this host>:" + server.port() + " --token-file " + folder.root().resolve("token"));
    }

    String putModel(byte[] onnx) {
        return fleet.putModel(onnx);
    }

    /** Told how tasks go. */
    interface Listener {
        /** Told of every task, once, in no particular order. */
        void finished(TaskOutcome outcome);

        /**
         * Told now and then, and at the end.
         *
         * @param unfinished how many tasks' worth of work is done of those that are not finished
         */
        default void underWay(double unfinished) {}
    }

    /**
     * Runs tasks on a device and waits until all are done; those done in an earlier life of this run are not repeated.
     *
     * @throws InputException if the local agent has died
     */
    void run(String device, List<Task> tasks, Listener listener) {
        if (tasks.isEmpty()) {
            return;
        }
        fleet.submit(device, tasks);
        List<String> ids = tasks.stream().map(Task::getId).toList();
        Set<String> seen = new HashSet<>();
        long waiting = 0;
        while (seen.size() < ids.size()) {
            Collection<TaskOutcome> done = fleet.outcomes(ids, seen.size(), POLL);
            int before = seen.size();
            for (TaskOutcome outcome : done) {
                if (seen.add(outcome.getTaskId())) {
                    listener.finished(outcome);
                }
            }
            listener.underWay(Math.min(ids.size() - seen.size(), device(device).map(AgentState::getUnderWay).orElse(0.0)));
            waiting = seen.size() > before ? 0 : waiting + POLL.toMillis();
            requireAgent(device, waiting);
        }
    }

    private void requireAgent(String device, long waitingMillis) {
        LocalAgent agent = localAgents.get(device);
        if (agent != null && !agent.isAlive()) {
            throw new InputException("device " + device + ": its agent has stopped (expected: running; see agent.log in the run folder)");
        }
        boolean due = waitingMillis >= PATIENCE.toMillis() && waitingMillis < PATIENCE.plus(POLL).toMillis();
        if (due && fleet.agents().stream().noneMatch(state -> isOnline(state, device))) {
            progress.say("waiting for device " + device + ": on it, run " + howToJoin + " --device " + device);
        }
    }

    private static boolean isOnline(AgentState state, String device) {
        return state.getOnline() && state.getDevice().getName().equals(device);
    }

    /** How the device describes itself; empty until it has joined. */
    Optional<AgentState> device(String name) {
        return fleet.agents().stream().filter(state -> state.getDevice().getName().equals(name)).findFirst();
    }

    @Override
    public void close() {
        for (int i = open.size() - 1; i >= 0; i--) {
            try {
                open.get(i).close();
            } catch (Exception e) {
                progress.say("while closing: " + e.getMessage());
            }
        }
    }
}
