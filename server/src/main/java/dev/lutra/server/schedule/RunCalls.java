package dev.lutra.server.schedule;

import dev.lutra.InputException;
import dev.lutra.proto.ListRunsReply;
import dev.lutra.proto.PrioritizeRunRequest;
import dev.lutra.proto.RemoveRunReply;
import dev.lutra.proto.RunName;
import dev.lutra.proto.RunState;
import dev.lutra.proto.SubmitRunRequest;
import dev.lutra.server.access.Caller;
import dev.lutra.server.event.RunProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.schedule.StoredRun.State;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What the calls about runs do, whatever carries them: gRPC for commands, HTTP for pages and programs. */
public final class RunCalls {

    private static final int MOST_LISTED = 1000;
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

    private final RunStore runs;
    private final Scheduler scheduler;

    public RunCalls(RunStore runs, Scheduler scheduler) {
        this.runs = runs;
        this.scheduler = scheduler;
    }

    /**
     * Takes an experiment file.
     *
     * @throws InputException if it is none, or the caller has too many runs
     */
    public RunState submit(SubmitRunRequest request, Caller caller) {
        Submitter.priority("priority", request.getPriority());
        Experiment experiment = scheduler.allowance().read(request.getExperiment());
        String name = request.getName().isEmpty() ? experiment.name() : request.getName();
        if (!name.matches(NAME)) {
            throw new InputException("name: '" + name + "' (expected: at most 100 letters, digits, '.', '_', '-')");
        }
        StoredRun run = runs.add(name, request.getExperiment(), caller.name(), request.getPriority(), scheduler.limits().runsOfOwner());
        scheduler.changed();
        return told(run);
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
        return told(run).toBuilder().setExperiment(runs.experiment(run.id())).build();
    }

    /** Has a run stop where it is until it is resumed. */
    public RunState pause(RunName name) {
        return move(name, Set.of(State.ACTIVE, State.PAUSED), State.PAUSED, "pause");
    }

    /** Has a run go on where it stopped, whatever stopped it. */
    public RunState resume(RunName name) {
        runs.kills(number(name.getId()), 0);
        return move(name, Set.of(State.ACTIVE, State.PAUSED, State.FAILED, State.CANCELLED), State.ACTIVE, "resume");
    }

    /** Ends a run; what it has found stays. */
    public RunState cancel(RunName name) {
        return move(name, Set.of(State.ACTIVE, State.PAUSED, State.CANCELLED), State.CANCELLED, "cancel");
    }

    private RunState move(RunName name, Set<State> from, State to, String what) {
        long id = number(name.getId());
        boolean isMoved = runs.move(id, from, to, "");
        scheduler.changed();
        if (!isMoved) {
            throw new InputException("run " + id + ": " + word(runs.get(id).state()) + " (expected: to " + what + ", one that has not ended)");
        }
        return told(runs.get(id));
    }

    /** Forgets a run that has ended, with all it has found. */
    public RemoveRunReply remove(RunName name) {
        long id = number(name.getId());
        return RemoveRunReply.newBuilder().setId(Long.toString(id)).setBytes(scheduler.remove(id)).build();
    }

    /** Has a run go before others, or after them. */
    public RunState prioritize(PrioritizeRunRequest request) {
        Submitter.priority("priority", request.getPriority());
        StoredRun run = runs.get(number(request.getId()));
        runs.prioritize(run.id(), request.getPriority());
        scheduler.prioritized(run.id(), request.getPriority());
        return told(runs.get(run.id()));
    }

    /**
     * What a run has found so far.
     *
     * @throws UnknownRunException when there is no such run
     */
    public RunFiles files(String id) {
        return new RunFiles(folder(id));
    }

    /**
     * Where a run keeps everything.
     *
     * @throws UnknownRunException when there is no such run
     */
    public RunFolder folder(String id) {
        return new RunFolder(scheduler.folder(runs.get(number(id)).id()));
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
            tellActivity(run.id(), told);
        } else {
            tell(run.message(), told);
        }
        return told.build();
    }

    private void tellActivity(long id, RunState.Builder told) {
        if (!scheduler.isRunning(id)) {
            told.setState("waiting");
            tell(scheduler.waitsFor(id), told);
            return;
        }
        told.setState("running");
        progress(id).ifPresent(now -> {
            Optional.ofNullable(now.stage()).ifPresent(told::setStage);
            now.work().stream().reduce((before, last) -> last).ifPresent(work -> {
                told.setDone(work.done()).setTotal(work.total());
                Optional.ofNullable(work.rate()).ifPresent(told::setRate);
                Optional.ofNullable(work.secondsLeft()).ifPresent(told::setLeftSeconds);
            });
            tell(now.message(), told);
        });
    }

    private static void tell(String message, RunState.Builder told) {
        if (!message.isEmpty()) {
            told.setMessage(message);
        }
    }

    private Optional<RunProgress> progress(long id) {
        try {
            return RunProgress.read(new RunFolder(scheduler.folder(id)).progress());
        } catch (InputException e) {
            return Optional.empty(); // its process ended in between
        }
    }

    private static String word(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
