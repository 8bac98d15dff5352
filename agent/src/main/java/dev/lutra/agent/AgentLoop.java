package dev.lutra.agent;

import dev.lutra.agent.link.Backoff;
import dev.lutra.agent.link.LeaseKeeper;
import dev.lutra.agent.link.NameTakenException;
import dev.lutra.agent.link.PatientLink;
import dev.lutra.agent.link.Reports;
import dev.lutra.agent.link.ServerException;
import dev.lutra.agent.link.ServerLink;
import dev.lutra.agent.link.SessionThread;
import dev.lutra.agent.link.Supply;
import dev.lutra.agent.rounds.Rounds;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.log.Logged;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An agent's life: join, lease tasks and fetch their models ahead, measure them in rounds, report. Measuring has the calling
 * thread for itself; leasing, renewing and reporting go on beside it. Runs until stopped; an absent server, a lost session or a
 * task that fails does not end it.
 */
public final class AgentLoop {

    private static final Logger log = LoggerFactory.getLogger(AgentLoop.class);

    /** A session that lives shorter than this counts as a failed try, so that a server that loses each at once is asked ever more rarely. */
    private static final Duration SETTLED = Duration.ofMinutes(1);
    /** An agent that has to end waits for so long until the server has its outcomes. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(10);

    private final ServerLink link;
    private final Supplier<JoinRequest> self;
    private final Rounds rounds;
    private final int leaseSize;
    private final Supplier<Backoff> backoffs;
    private final Supplier<ScheduledExecutorService> timers;
    private final PatientLink patientLink;
    private final Supply supply;
    private final Reports reports;

    private volatile boolean stopping;
    private volatile Thread thread;

    /**
     * @param self what to join as, as it is now
     * @param rounds measures; for this loop alone
     * @param leaseSize most tasks to take at a time, and to measure side by side
     * @param modelBytes memory for models
     * @param backoffs waiting times for one row of tries
     * @param timers by which leases are renewed, one for every session
     */
    AgentLoop(ServerLink link, Supplier<JoinRequest> self, Rounds rounds, int leaseSize, long modelBytes, Supplier<Backoff> backoffs,
        Supplier<ScheduledExecutorService> timers) {
        this.link = link;
        this.self = self;
        this.rounds = rounds;
        this.leaseSize = leaseSize;
        this.backoffs = backoffs;
        this.timers = timers;
        this.patientLink = new PatientLink(link, backoffs, () -> stopping);
        this.supply = new Supply(patientLink, leaseSize, modelBytes);
        this.reports = new Reports(patientLink);
    }

    /**
     * Works until {@link #stop} is called.
     *
     * @param joinTimeout how long to look for a server that is not there; zero for one try
     * @throws InputException if no server answers in that time, or it refuses this agent
     * @throws NameTakenException if another agent has its name there
     */
    public void run(Duration joinTimeout) {
        thread = Thread.currentThread();
        try {
            JoinReply session = joinFirst(joinTimeout);
            Backoff rejoin = backoffs.get();
            while (!stopping) {
                long start = System.nanoTime();
                serve(session);
                if (stopping) {
                    return;
                }
                if (System.nanoTime() - start > SETTLED.toNanos()) {
                    rejoin.reset();
                }
                Thread.sleep(rejoin.nextMillis());
                session = patientLink.call(PatientLink.ANSWER, stub -> stub.join(self.get()));
                log.info("{}: joined again as {}", link.address().shown(), self.get().getDevice().getName());
            }
        } catch (InterruptedException e) {
            log.debug("stopped", e);
        } catch (ServerException e) {
            if (e.kind() == ServerException.Kind.TAKEN) {
                throw new NameTakenException(link.address().shown() + ": " + e.getMessage());
            }
            throw new InputException(link.address().shown() + ": the server refuses this agent: " + e.getMessage());
        }
    }

    /** Makes {@link #run} return soon; tasks under way are dropped and given back to the server, if it is there. For any thread. */
    public void stop() {
        stopping = true;
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }

    private JoinReply joinFirst(Duration timeout) throws InterruptedException {
        long start = System.nanoTime();
        Backoff backoff = backoffs.get();
        boolean said = false;
        while (true) {
            try {
                JoinReply reply = link.call(PatientLink.ANSWER, stub -> stub.join(self.get()));
                Device device = self.get().getDevice();
                log.info("{}: joined as {}, models run {}", link.address().shown(), device.getName(), device.getProtection());
                return reply;
            } catch (ServerException e) {
                patientLink.giveUpIfInterrupted();
                if (!e.kind().isPassing()) {
                    throw e;
                }
                long leftMillis = timeout.minusNanos(System.nanoTime() - start).toMillis();
                if (leftMillis <= 0) {
                    throw new InputException(link.address().shown() + ": " + (e.kind() == ServerException.Kind.TROUBLED
                        ? "the server cannot let anybody join now: " + e.getMessage()
                        : "no server answers there (" + e.getMessage() + ")"));
                }
                if (!said) {
                    log.info("{}: {} ({}), trying for {} s", link.address().shown(), e.kind() == ServerException.Kind.TROUBLED
                        ? "the server cannot let anybody join yet"
                        : "no server answers yet", e.getMessage(), timeout.toSeconds());
                    said = true;
                }
                Thread.sleep(Math.min(backoff.nextMillis(), leftMillis));
            }
        }
    }

    /** Does tasks until the session is lost or the agent stops. */
    private void serve(JoinReply session) throws InterruptedException {
        AtomicBoolean lost = new AtomicBoolean();
        BooleanSupplier over = () -> stopping || lost.get();
        Runnable onFailure = () -> {
            lost.set(true);
            supply.wakeUp();
        };
        try (LeaseKeeper keeper = new LeaseKeeper(link, session, timers.get(), () -> self.get().getPowerMode());
            SessionThread reporting = new SessionThread("reports",
                () -> reports.deliver(session.getSession(), keeper::release), onFailure);
            SessionThread supplying = new SessionThread("supply",
                () -> supply.run(session.getSession(), keeper, reports, over), onFailure)) {
            try {
                while (!over.getAsBoolean()) {
                    takeUp(over, keeper);
                    round(keeper);
                    keeper.underWay(rounds.underWay(), rounds.halfWidth());
                }
            } finally {
                if (stopping) {
                    keeper.giveBack();
                }
            }
            reporting.check();
            supplying.check();
        } catch (ServerException e) {
            if (e.kind() != ServerException.Kind.NOT_FOUND) {
                throw e;
            }
            log.info("{}: the server has ended this session ({})", link.address().shown(), e.getMessage());
        } finally {
            lost.set(true);
            supply.drop(whyDropped());
        }
    }

    /** What ends the agent shall not take finished figures with it. */
    private void round(LeaseKeeper keeper) throws InterruptedException {
        try {
            rounds.round((job, outcome) -> leave(job, outcome, keeper));
        } catch (RuntimeException | Error e) {
            reports.awaitDelivered(LAST_WORDS);
            throw e;
        }
    }

    private void takeUp(BooleanSupplier over, LeaseKeeper keeper) throws InterruptedException {
        long start = System.nanoTime();
        boolean idle = rounds.size() == 0;
        List<Job> jobs = supply.take(leaseSize - rounds.size(), idle, over);
        long waited = idle ? System.nanoTime() - Math.max(start, supply.leasedAtNanos()) : 0;
        for (Job job : jobs) {
            rounds.admit(job, waited);
            keeper.begin(job.lease());
            waited = 0;
        }
        rounds.waiting(supply.waiting());
    }

    private void leave(Job job, Optional<Outcome> outcome, LeaseKeeper keeper) {
        supply.release(job);
        if (outcome.isPresent() && !job.isAbandoned()) {
            reports.add(job.lease(), outcome.get());
        } else {
            try (Logged about = job.logged()) {
                log.info("task {}: dropped, {}", job.lease().getTaskId(), whyDropped());
            }
            if (!stopping) { // otherwise it is given back
                keeper.release(job.lease());
            }
        }
    }

    private String whyDropped() {
        return stopping ? "the agent stops" : "its lease is lost";
    }
}
