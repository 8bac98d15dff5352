package dev.lutra.server.schedule;

import dev.lutra.InputException;
import dev.lutra.proto.log.Logged;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.schedule.Schedule.Candidate;
import dev.lutra.server.schedule.Schedule.Running;
import dev.lutra.server.schedule.StoredRun.State;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the runs of a server go on: gives them processes as {@link Schedule} says, hears what these say, and what they end with. Rows of
 * the database say what is to become of a run; everything else follows from them, also in the server's next life.
 */
public final class Scheduler implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

    /** Processes of a run that something else may end, of one that is submitted or resumed: then it is given up. */
    static final int MOST_KILLS = 5;

    private static final int FIRST_SIGNAL = 128;
    private static final long LOOK_MILLIS = 1000;

    /** Longer than a process takes to keep what it is at. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final RunStore runs;
    private final TaskQueue queue;
    private final Path server;
    private final RunRemoval removal;
    private final Allowance allowance;
    private final RunLimits limits;
    private final Schedule schedule;
    private final Clock clock;
    private final Map<Long, Live> live = new HashMap<>();
    private Map<Long, String> waits = Map.of();
    private boolean closed;
    private final ScheduledExecutorService threads = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "lutra-scheduler");
        thread.setDaemon(true);
        return thread;
    });

    /** A run's process. */
    private static final class Live {
        private final RunProcess process;
        /** Its name, as its tasks have it. */
        private final String experiment;
        private final Instant since;
        private Candidate run;
        private Optional<Instant> training = Optional.empty();
        private Optional<Instant> toldToEnd = Optional.empty();
        private Optional<String> over = Optional.empty();

        Live(RunProcess process, String experiment, Candidate run, Instant since) {
            this.process = process;
            this.experiment = experiment;
            this.run = run;
            this.since = since;
        }

        /** Lines of the log are about it, until this is closed. */
        Logged logged() {
            return Scheduler.logged(run.id(), experiment);
        }

        Running shown() {
            return new Running(run, since, training, toldToEnd.isPresent());
        }
    }

    /** What lines tell of tasks of a run names the same owner. */
    private static Logged logged(long run, String experiment) {
        return Logged.run(run, experiment).with("owner", ServersRun.owner(run));
    }

    /** @param server the server's folder, which has its address and a token */
    public Scheduler(RunStore runs, TaskQueue queue, Path server, Allowance allowance, RunLimits limits, Clock clock) {
        this.runs = runs;
        this.queue = queue;
        this.server = server.toAbsolutePath();
        this.removal = new RunRemoval(runs, this.server);
        this.allowance = allowance;
        this.limits = limits;
        this.clock = clock;
        this.schedule = new Schedule(limits.processes(), limits.trainings(), limits.turn());
    }

    Allowance allowance() {
        return allowance;
    }

    RunLimits limits() {
        return limits;
    }

    /** Goes on with what is to go on, until it is closed. */
    public void start() {
        removal.finish();
        threads.scheduleWithFixedDelay(this::look, 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Where a run keeps everything it finds. */
    Path folder(long id) {
        return removal.folder(id);
    }

    /**
     * Forgets a run that has ended.
     *
     * @return bytes of its files
     * @throws UnknownRunException when there is none
     * @throws InputException when it has not ended, or its process is still about to
     */
    synchronized long remove(long id) {
        if (live.containsKey(id)) {
            throw new InputException("run " + id + ": its process has not ended (expected: to remove, a run that has)");
        }
        return removal.remove(id);
    }

    /** Whether a run has a process. */
    synchronized boolean isRunning(long id) {
        return live.containsKey(id);
    }

    /** What a run waits for that has none; or empty. */
    synchronized String waitsFor(long id) {
        return waits.getOrDefault(id, "");
    }

    /** Something has changed that rows say. */
    void changed() {
        if (!threads.isShutdown()) {
            threads.execute(this::look);
        }
    }

    /** A run's tasks that devices have not done go as its priority says from now on. */
    synchronized void prioritized(long id, int priority) {
        queue.prioritize(ServersRun.owner(id), priority);
        Optional.ofNullable(live.get(id)).ifPresent(one -> one.process.tell(Orders.PRIORITY + priority));
        changed();
    }

    private void look() {
        try {
            turn();
        } catch (RuntimeException e) {
            LOG.warn("runs: {}; looking again in a moment", e.getMessage(), e);
        }
    }

    private synchronized void turn() {
        if (closed) {
            return;
        }
        Map<Long, StoredRun> active = new HashMap<>();
        runs.active().forEach(run -> active.put(run.id(), run));
        live.forEach((id, one) -> {
            if (!active.containsKey(id)) {
                stop(id, one);
            } else {
                one.run = candidate(active.get(id), one.run.device());
            }
            one.toldToEnd.filter(at -> Duration.between(at, clock.instant()).compareTo(PATIENCE) > 0).ifPresent(at -> one.process.kill());
        });
        List<Candidate> waiting = waiting(active);
        Schedule.Decision decision = schedule.decide(waiting, running(), runs.ownersTurns(), clock.instant());
        waits = new HashMap<>(decision.waits());
        decision.stops().forEach(id -> stop(id, live.get(id)));
        decision.starts().forEach(id -> start(active.get(id)));
    }

    private List<Candidate> waiting(Map<Long, StoredRun> active) {
        return active.values().stream().filter(run -> !live.containsKey(run.id())).map(run -> candidate(run, run.device())).toList();
    }

    private List<Running> running() {
        return live.values().stream().map(Live::shown).toList();
    }

    private static Candidate candidate(StoredRun run, Optional<String> device) {
        return new Candidate(run.id(), run.owner(), run.priority(), run.turn(), device);
    }

    private void stop(long id, Live one) {
        if (one.toldToEnd.isEmpty()) {
            try (Logged about = one.logged()) {
                LOG.info("run {}: is told to end", id);
            }
            one.toldToEnd = Optional.of(clock.instant());
            one.process.stop();
        }
    }

    private void start(StoredRun run) {
        try {
            if (!RunProcess.isFree(folder(run.id()))) {
                waits.put(run.id(), "waits until its earlier process has ended");
                return;
            }
            String text = runs.experiment(run.id());
            Experiment experiment = allowance.read(text);
            RunProcess process = RunProcess.start(run, text, folder(run.id()), server, limits.heap(), new RunProcess.Listener() {
                @Override
                public void said(String line) {
                    heard(run.id(), line);
                }

                @Override
                public void ended(int code) {
                    Scheduler.this.ended(run.id(), code);
                }
            });
            Live one = new Live(process, experiment.name(), candidate(run, run.device()), clock.instant());
            one.training = run.device().map(device -> clock.instant());
            live.put(run.id(), one);
            runs.started(run.id());
            try (Logged about = one.logged()) {
                LOG.info("run {}: has a process", run.id());
            }
        } catch (InputException e) {
            try (Logged about = logged(run.id(), run.name())) {
                failed(run.id(), e.getMessage());
            }
        } catch (UncheckedIOException e) {
            waits.put(run.id(), e.getMessage()); // what a disk or a system lacks it may have in a moment
        }
    }

    private synchronized void heard(long id, String line) {
        Live one = live.get(id);
        if (one == null) {
            return;
        }
        if (line.startsWith(Orders.TAKE)) {
            asked(id, one, line.substring(Orders.TAKE.length()));
        } else if (line.equals(Orders.LEAVE)) {
            one.training = Optional.empty();
            one.run = new Candidate(id, one.run.owner(), one.run.priority(), one.run.turn(), Optional.empty());
            runs.wants(id, Optional.empty());
            runs.hadItsTurn(id);
            changed();
        } else if (line.startsWith(Orders.OVER)) {
            one.over = Optional.of(line.substring(Orders.OVER.length()));
        }
    }

    /** A place that was kept for the run since it was started is its own. */
    private void asked(long id, Live one, String device) {
        boolean has = one.training.isPresent() && one.run.device().equals(Optional.of(device));
        Candidate asks = new Candidate(id, one.run.owner(), one.run.priority(), one.run.turn(), Optional.of(device));
        Map<Long, StoredRun> active = new HashMap<>();
        runs.active().forEach(run -> active.put(run.id(), run));
        boolean granted = one.toldToEnd.isEmpty() && (has || schedule.grants(asks, waiting(active), running(), runs.ownersTurns()));
        runs.wants(id, Optional.of(device));
        one.run = asks;
        if (granted) {
            one.training = Optional.of(clock.instant()); // starting a process is none of its time
        } else {
            one.training = Optional.empty();
            one.toldToEnd = one.toldToEnd.or(() -> Optional.of(clock.instant()));
        }
        one.process.tell(granted ? Orders.GO : Orders.WAIT);
    }

    private void ended(long id, int code) {
        try {
            over(id, code);
        } catch (RuntimeException e) {
            LOG.warn("run {}: ended with {}, which could not be kept: {}; it is begun again", id, code, e.getMessage(), e);
        }
        changed();
    }

    private synchronized void over(long id, int code) {
        Live one = live.get(id);
        try (Logged about = one.logged()) {
            over(id, one, code);
        } finally {
            live.remove(id);
            notifyAll();
        }
    }

    private void over(long id, Live one, int code) {
        LOG.info("run {}: its process ended with {}", id, code);
        if (one.over.isPresent()) {
            if (runs.move(id, State.UNFINISHED, State.DONE, one.over.get())) {
                LOG.info("run {}: is done", id);
            }
        } else if (one.toldToEnd.isPresent()) {
            if (one.training.isPresent()) {
                runs.hadItsTurn(id);
            }
            if (runs.get(id).state() != State.ACTIVE) {
                queue.cancelOfOwner(ServersRun.owner(id));
            }
        } else if (!closed && code >= FIRST_SIGNAL) {
            killed(id, code);
        } else if (!closed) {
            failed(id, one.process.failure(code));
        }
    }

    private void failed(long id, String why) {
        if (runs.move(id, Set.of(State.ACTIVE), State.FAILED, why)) {
            LOG.info("run {}: has failed: {}", id, why);
        }
    }

    private void killed(long id, int code) {
        int kills = runs.get(id).kills() + 1;
        runs.kills(id, kills);
        if (kills >= MOST_KILLS) {
            failed(id, "its process was killed " + kills + " times, at last by signal " + (code - FIRST_SIGNAL)
                + " (expected: enough memory for it; 'lutra resume " + id + "' goes on)");
        }
    }

    /** Has all processes keep what they are at and end, and waits for that. The runs go on in the server's next life. */
    @Override
    public synchronized void close() {
        closed = true;
        threads.shutdown();
        live.forEach(this::stop);
        try {
            for (long deadline = System.nanoTime() + PATIENCE.toNanos(); !live.isEmpty() && System.nanoTime() < deadline;) {
                wait(LOOK_MILLIS);
            }
            live.values().forEach(one -> one.process.kill());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
