package dev.lutra.agent;

import com.google.protobuf.ByteString;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import dev.lutra.proto.Failed;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Task;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An agent's life: join, lease tasks, fetch their models, run them one after another, report. Runs until stopped; an absent
 * server, a lost session or a task that fails does not end it.
 */
public final class AgentLoop {

    private static final Logger log = LoggerFactory.getLogger(AgentLoop.class);

    /** How long the server may hold an idle agent's question for tasks. */
    private static final Duration LEASE_WAIT = Duration.ofSeconds(20);
    /** What a reply with tasks may take beyond that; also bounds how long a dead connection goes unnoticed. */
    private static final Duration LEASE_GRACE = Duration.ofMinutes(1);
    private static final Duration ANSWER = Duration.ofSeconds(10);
    /** For calls that carry models, inputs or outputs, over slow links too. */
    private static final Duration TRANSFER = Duration.ofMinutes(5);
    /** A session that lives shorter than this counts as a failed try: two agents of one name would replace each other forever. */
    private static final Duration SETTLED = Duration.ofMinutes(1);

    private final ServerLink link;
    private final JoinRequest self;
    private final TaskRunner runner;
    private final int leaseSize;
    private final Supplier<Backoff> backoffs;
    private final ModelCache models;

    private volatile boolean stopping;
    private volatile Thread thread;
    private JoinReply session;
    /** The lease and outcome of a report that the server has not answered yet. */
    private ReportRequest unanswered;

    /**
     * @param self what to join as
     * @param leaseSize most tasks to take at a time
     * @param cacheBytes most memory for fetched models
     * @param backoffs makes the waiting times of one series of tries
     */
    public AgentLoop(ServerLink link, JoinRequest self, TaskRunner runner, int leaseSize, long cacheBytes,
            Supplier<Backoff> backoffs) {
        this.link = link;
        this.self = self;
        this.runner = runner;
        this.leaseSize = leaseSize;
        this.backoffs = backoffs;
        this.models = new ModelCache(cacheBytes, this::fetch);
    }

    /**
     * Works until {@link #stop} is called.
     *
     * @param joinTimeout how long to look for a server that is not there; zero for one try
     * @throws InputException if no server answers in that time, or it refuses this agent
     */
    public void run(Duration joinTimeout) {
        thread = Thread.currentThread();
        try {
            session = joinFirst(joinTimeout);
            Backoff rejoin = backoffs.get();
            while (!stopping) {
                long start = System.nanoTime();
                serve();
                if (System.nanoTime() - start > SETTLED.toNanos()) {
                    rejoin.reset();
                }
                Thread.sleep(rejoin.nextMillis());
                session = persistently(ANSWER, stub -> stub.join(self));
                log.info("{}: joined again as {}", link.address(), self.getDevice().getName());
            }
        } catch (InterruptedException e) {
            log.debug("stopped", e);
        } catch (ServerException e) {
            throw new InputException(link.address() + ": the server refuses this agent: " + e.getMessage());
        }
    }

    /** Makes {@link #run} return soon; a task under way is dropped, its lease runs out at the server. For any thread. */
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
                JoinReply reply = link.call(ANSWER, stub -> stub.join(self));
                log.info("{}: joined as {}", link.address(), self.getDevice().getName());
                return reply;
            } catch (ServerException e) {
                giveUpIfInterrupted();
                if (e.kind() != ServerException.Kind.UNREACHABLE) {
                    throw e;
                }
                long leftMillis = timeout.minusNanos(System.nanoTime() - start).toMillis();
                if (leftMillis <= 0) {
                    throw new InputException(link.address() + ": no server answers there (" + e.getMessage() + ")");
                }
                if (!said) {
                    log.info("{}: no server answers yet ({}), trying for {} s",
                            link.address(), e.getMessage(), timeout.toSeconds());
                    said = true;
                }
                Thread.sleep(Math.min(backoff.nextMillis(), leftMillis));
            }
        }
    }

    /** Does tasks until the session is lost or the agent stops. */
    private void serve() throws InterruptedException {
        try (LeaseKeeper keeper = new LeaseKeeper(link, session)) {
            if (unanswered != null) {
                deliver();
            }
            while (!stopping) {
                List<LeasedTask> tasks = lease();
                keeper.hold(tasks.stream().map(AgentLoop::nameOf).toList());
                for (LeasedTask task : tasks) {
                    work(task, keeper);
                }
            }
        } catch (ServerException e) {
            if (e.kind() != ServerException.Kind.NOT_FOUND) {
                throw e;
            }
            log.info("{}: the server has ended this session ({})", link.address(), e.getMessage());
        }
    }

    private List<LeasedTask> lease() throws InterruptedException {
        LeaseRequest request = LeaseRequest.newBuilder()
                .setSession(session.getSession()).setMaxTasks(leaseSize).setWaitMillis(LEASE_WAIT.toMillis()).build();
        return persistently(LEASE_WAIT.plus(LEASE_GRACE), stub -> stub.lease(request)).getTasksList();
    }

    private void work(LeasedTask leased, LeaseKeeper keeper) throws InterruptedException {
        LeaseName lease = nameOf(leased);
        BooleanSupplier abandoned = () -> stopping || !keeper.holds(lease);
        Optional<Outcome> outcome = abandoned.getAsBoolean() ? Optional.empty() : attempt(leased.getTask(), abandoned);
        if (outcome.isEmpty() || abandoned.getAsBoolean()) {
            log.info("task {}: dropped, {}", lease.getTaskId(), stopping ? "the agent stops" : "its lease is lost");
        } else {
            unanswered = ReportRequest.newBuilder().setLease(lease).setOutcome(outcome.get()).build();
            deliver();
        }
        keeper.release(lease);
    }

    private Optional<Outcome> attempt(Task task, BooleanSupplier abandoned) throws InterruptedException {
        try {
            return runner.run(task, models.get(task.getModelSha256()), abandoned);
        } catch (TaskFailure e) {
            return Optional.of(failed(e.getMessage()));
        }
    }

    /** Reports until answered; after a lost session once more under the next one, as only the server knows if it counts. */
    private void deliver() throws InterruptedException {
        ReportRequest report = unanswered.toBuilder().setSession(session.getSession()).build();
        String id = report.getLease().getTaskId();
        try {
            if (!persistently(TRANSFER, stub -> stub.report(report)).getAccepted()) {
                log.info("task {}: the lease had moved on, the result does not count", id);
            }
            unanswered = null;
        } catch (ServerException e) {
            if (e.kind() != ServerException.Kind.REFUSED) {
                throw e;
            }
            unanswered = null;
            deliverRefusal(report, e.getMessage());
        }
    }

    /** The server does not take this outcome, say because its outputs are too large: without a word it would ask again. */
    private void deliverRefusal(ReportRequest report, String reason) throws InterruptedException {
        ReportRequest refusal = report.toBuilder().setOutcome(failed("the server refuses the outcome: " + reason)).build();
        try {
            persistently(ANSWER, stub -> stub.report(refusal));
        } catch (ServerException e) {
            if (e.kind() != ServerException.Kind.REFUSED) {
                throw e;
            }
            log.warn("task {}: the server refuses every report ({})", report.getLease().getTaskId(), e.getMessage());
        }
    }

    private byte[] fetch(String sha256) throws InterruptedException {
        FetchModelRequest request = FetchModelRequest.newBuilder().setSession(session.getSession()).setSha256(sha256).build();
        try {
            return persistently(TRANSFER, stub -> collect(stub, request)).toByteArray();
        } catch (ServerException e) {
            if (e.kind() == ServerException.Kind.NOT_FOUND) {
                // The session or the model? An empty renewal tells: it throws if the session is lost.
                RenewRequest renewal = RenewRequest.newBuilder().setSession(session.getSession()).build();
                persistently(ANSWER, stub -> stub.renew(renewal));
            }
            throw new TaskFailure("model " + sha256 + ": " + e.getMessage(), e);
        }
    }

    private static ByteString collect(AgentServiceBlockingStub stub, FetchModelRequest request) {
        ByteString content = ByteString.EMPTY;
        for (Iterator<ModelChunk> chunks = stub.fetchModel(request); chunks.hasNext();) {
            content = content.concat(chunks.next().getData());
        }
        return content;
    }

    /** Repeats a call until the server answers it. */
    private <T> T persistently(Duration deadline, Function<AgentServiceBlockingStub, T> call) throws InterruptedException {
        Backoff backoff = backoffs.get();
        while (true) {
            try {
                return link.call(deadline, call);
            } catch (ServerException e) {
                giveUpIfInterrupted();
                if (e.kind() != ServerException.Kind.UNREACHABLE) {
                    throw e;
                }
                Thread.sleep(backoff.nextMillis());
            }
        }
    }

    private void giveUpIfInterrupted() throws InterruptedException {
        if (stopping || Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private static LeaseName nameOf(LeasedTask task) {
        return LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build();
    }

    private static Outcome failed(String reason) {
        return Outcome.newBuilder().setFailed(Failed.newBuilder().setReason(reason)).build();
    }
}
