package dev.lutra.server.schedule;

import dev.lutra.InputException;
import dev.lutra.proto.ListRunsReply;
import dev.lutra.proto.PrioritizeRunRequest;
import dev.lutra.proto.RunName;
import dev.lutra.proto.RunState;
import dev.lutra.proto.SubmitRunRequest;
import dev.lutra.server.access.Caller;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.schedule.StoredRun.State;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/** What the calls about runs do, whatever carries them: gRPC for commands, HTTP for pages and programs. */
public final class RunCalls {

    private static final int MOST_PRIORITY = 100;
    private static final int MOST_LISTED = 1000;
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

    private final RunStore runs;

    public RunCalls(RunStore runs) {
        this.runs = runs;
    }

    /**
     * Takes an experiment file.
     *
     * @throws InputException if it is none, or the caller has too many runs
     */
    public RunState submit(SubmitRunRequest request, Caller caller) {
        checkPriority(request.getPriority());
        Experiment experiment = ExperimentFile.read(new Experiment.Text(Path.of("experiment.yaml"), request.getExperiment()));
        String name = request.getName().isEmpty() ? experiment.name() : request.getName();
        if (!name.matches(NAME)) {
            throw new InputException("name: '" + name + "' (expected: at most 100 letters, digits, '.', '_', '-')");
        }
        return told(runs.add(name, request.getExperiment(), caller.name(), request.getPriority(), 20));
    }

    private static void checkPriority(int priority) {
        if (Math.abs((long) priority) > MOST_PRIORITY) {
            throw new InputException("priority: " + priority + " (expected: -" + MOST_PRIORITY + " to " + MOST_PRIORITY + ")");
        }
    }

    /** The newest first. */
    public ListRunsReply list() {
        return ListRunsReply.newBuilder().addAllRuns(runs.newest(MOST_LISTED).stream().map(this::told).toList()).build();
    }

    /**
     * One run, with its experiment.
     *
     * @throws UnknownRunException when there is none
     */
    public RunState get(RunName name) {
        StoredRun run = runs.get(number(name.getId()));
        return told(run).toBuilder().setExperiment(run.experiment()).build();
    }

    /** Has a run stop where it is until it is resumed. */
    public RunState pause(RunName name) {
        return move(name, Set.of(State.ACTIVE, State.PAUSED), State.PAUSED, "pause");
    }

    /** Has a run go on where it stopped, whatever stopped it. */
    public RunState resume(RunName name) {
        return move(name, Set.of(State.ACTIVE, State.PAUSED, State.FAILED, State.CANCELLED), State.ACTIVE, "resume");
    }

    /** Ends a run; what it has found stays. */
    public RunState cancel(RunName name) {
        return move(name, Set.of(State.ACTIVE, State.PAUSED, State.CANCELLED), State.CANCELLED, "cancel");
    }

    private RunState move(RunName name, Set<State> from, State to, String what) {
        long id = number(name.getId());
        if (!runs.move(id, from, to, "")) {
            throw new InputException("run " + id + ": " + word(runs.get(id).state()) + " (expected: to " + what + ", one that has not ended)");
        }
        return told(runs.get(id));
    }

    /** Has a run go before others, or after them. */
    public RunState prioritize(PrioritizeRunRequest request) {
        checkPriority(request.getPriority());
        StoredRun run = runs.get(number(request.getId()));
        runs.prioritize(run.id(), request.getPriority());
        return told(runs.get(run.id()));
    }

    private static long number(String id) {
        if (!id.matches("[1-9][0-9]{0,17}")) {
            throw new UnknownRunException(id);
        }
        return Long.parseLong(id);
    }

    private RunState told(StoredRun run) {
        RunState.Builder told = RunState.newBuilder().setId(Long.toString(run.id())).setName(run.name()).setState(word(run.state()))
            .setPriority(run.priority()).setOwner(run.owner()).setSubmitted(run.submitted().toString());
        run.started().ifPresent(at -> told.setStarted(at.toString()));
        run.ended().ifPresent(at -> told.setEnded(at.toString()));
        if (run.state() == State.ACTIVE) {
            Activity activity = Activity.NONE;
            activity.tell(told.setState(activity.isRunning() ? "running" : "waiting"));
        } else if (!run.message().isEmpty()) {
            told.setMessage(run.message());
        }
        return told.build();
    }

    private static String word(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
