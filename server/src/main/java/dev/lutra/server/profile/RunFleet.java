package dev.lutra.server.profile;

import dev.lutra.proto.AgentState;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.event.Progress;
import dev.lutra.server.fleet.DeviceException;
import dev.lutra.server.fleet.Fleet;
import dev.lutra.server.fleet.ToldFigures;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * The devices a run measures on, and its patience with them.
 */
public final class RunFleet implements AutoCloseable {

    private static final Duration POLL = Duration.ofSeconds(1);
    /** After so long without an agent that was not there before either, a waiting run says how to start it. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Fleet fleet;
    private final Progress progress;
    private final List<AutoCloseable> open;
    private final Map<String, BooleanSupplier> localAgents;
    private final String howToJoin;

    /**
     * @param open what to close with this, the last first
     * @param localAgents whether the agents that this process has started still run, by device
     * @param howToJoin the command that starts an agent elsewhere, but for its {@code --device}
     */
    public RunFleet(Fleet fleet, Progress progress, List<AutoCloseable> open, Map<String, BooleanSupplier> localAgents,
        String howToJoin) {
        this.fleet = fleet;
        this.progress = progress;
        this.open = List.copyOf(open);
        this.localAgents = Map.copyOf(localAgents);
        this.howToJoin = howToJoin;
    }

    public String putModel(byte[] onnx) {
        return fleet.putModel(onnx);
    }

    /** Told how tasks go. */
    public interface Listener {
        /** Told of every task, once, in no particular order. */
        void finished(TaskOutcome outcome);

        /**
         * Told now and then, and at the end.
         *
         * @param unfinished how many tasks' worth of work is done of those that are not finished
         * @param halfWidth the relative half width that these have in the median; 0 if not known
         */
        default void underWay(double unfinished, double halfWidth) {}
    }

    /**
     * Runs tasks on a device and waits until all are done; those done in an earlier life of this run are not repeated.
     *
     * @throws DeviceException if the local agent has died
     */
    public void run(String device, List<Task> tasks, Listener listener) {
        if (tasks.isEmpty()) {
            return;
        }
        fleet.submit(device, tasks);
        Set<String> open = tasks.stream().map(Task::getId).collect(Collectors.toCollection(LinkedHashSet::new));
        Watch watch = new Watch(device);
        while (!open.isEmpty()) {
            for (TaskOutcome outcome : fleet.outcomes(open, 0, POLL)) {
                open.remove(outcome.getTaskId());
                listener.finished(outcome);
            }
            Optional<AgentState> agent = device(device);
            listener.underWay(Math.min(open.size(), agent.map(AgentState::getUnderWay).orElse(0.0)),
                agent.map(AgentState::getHalfWidth).orElse(0.0));
            watch.look(agent);
        }
    }

    /**
     * Waits until a device is there, saying so when that takes long.
     *
     * @throws DeviceException if the local agent has died
     */
    public void awaitDevice(String device) {
        Watch watch = new Watch(device);
        while (!watch.look(device(device))) {
            pause();
        }
    }

    /** Tells when a device that is waited for goes and when it comes back, each in one line. */
    private final class Watch {

        private final String device;
        private final long beginNanos = System.nanoTime();
        private boolean wasThere;
        private boolean toldAway;

        Watch(String device) {
            this.device = device;
        }

        /**
         * Whether the device is there.
         *
         * @throws DeviceException if it is this machine and its agent has died
         */
        boolean look(Optional<AgentState> state) {
            BooleanSupplier alive = localAgents.get(device);
            if (alive != null && !alive.getAsBoolean()) {
                throw new DeviceException("device " + device + ": its agent has stopped (expected: running; see agent.log in the run folder)");
            }
            boolean isThere = state.filter(AgentState::getOnline).isPresent();
            boolean isLate = System.nanoTime() - beginNanos >= PATIENCE.toNanos();
            if (isThere && toldAway) {
                progress.say("device " + device + ": is " + (wasThere ? "back" : "there"));
            } else if (!isThere && !toldAway && wasThere) {
                progress.say("device " + device + ": not heard of for " + state.map(AgentState::getLastSeenMillisAgo).orElse(0L) / 1000
                    + " s, waiting until it is back");
            } else if (!isThere && !toldAway && isLate) {
                progress.say("waiting for device " + device + ": " + (alive == null
                    ? "on it, run " + howToJoin + " --device " + device
                    : "its agent is starting (see agent.log in the run folder)"));
            }
            toldAway = !isThere && (toldAway || wasThere || isLate);
            wasThere |= isThere;
            return isThere;
        }
    }

    /**
     * Name and version of what the device executes models with on a provider, of all that it has where none of them names the provider;
     * waits until it has joined for the first time.
     *
     * @throws DeviceException if the local agent has died
     */
    public String runtime(String device, String provider) {
        List<RuntimeOffer> offers = offers(device);
        List<RuntimeOffer> naming = offers.stream().filter(offer -> offer.getProvidersList().contains(provider)).toList();
        return (naming.isEmpty() ? offers : naming).stream().map(offer -> offer.getName() + " " + offer.getVersion()).sorted()
            .collect(Collectors.joining(", "));
    }

    /**
     * The provider by which a device tells a model's outputs: the one that is asked for, or the CPU's where that only times models.
     *
     * @throws DeviceException if it has neither
     */
    public String providerOfOutputs(String device, String provider) {
        List<RuntimeOffer> offers = offers(device);
        boolean onlyTimes = offers.stream().anyMatch(offer -> offer.getProvidersList().contains(provider) && offer.getWithoutOutputs());
        if (!onlyTimes) {
            return provider;
        }
        if (offers.stream().noneMatch(offer -> offer.getProvidersList().contains(ToldFigures.CPU))) {
            throw new DeviceException("device " + device + ": runtime " + provider + " gives no outputs to compare (expected: provider "
                + ToldFigures.CPU + " offered beside it)");
        }
        return ToldFigures.CPU;
    }

    private List<RuntimeOffer> offers(String device) {
        Watch watch = new Watch(device);
        Optional<AgentState> state = device(device);
        while (state.isEmpty()) {
            watch.look(state);
            pause();
            state = device(device);
        }
        return state.get().getRuntimesList();
    }

    private static void pause() {
        try {
            Thread.sleep(POLL.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for a device");
        }
    }

    /** How the device describes itself; empty until it has joined. */
    public Optional<AgentState> device(String name) {
        return fleet.agent(name);
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
