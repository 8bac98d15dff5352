package dev.lutra.agent.link;

import com.google.protobuf.ByteString;
import dev.lutra.agent.task.Job;
import dev.lutra.agent.task.ModelCache;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.border.SelfContainedModel;
import dev.lutra.proto.border.TaskLimits;
import dev.lutra.proto.log.Logged;
import io.grpc.Context;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leases tasks ahead and fetches their models, so that measuring need not wait for either: while one batch is measured, the next
 * lies ready. Models in hand and ready are kept within a limit of memory; tasks leased beyond it wait for their models.
 */
public final class Supply {

    /** How long the server may hold an idle agent's question for tasks. */
    private static final Duration LEASE_WAIT = Duration.ofSeconds(20);
    /** What a reply with tasks may take beyond that; also bounds how long a dead connection goes unnoticed. */
    private static final Duration LEASE_GRACE = Duration.ofMinutes(1);
    /** Tasks leased together come together, unless some of their models take longer than this. */
    private static final Duration TOGETHER = Duration.ofSeconds(2);

    private static final byte[] NOTHING = {};
    /**
     * A model is there twice while its parts are put together, and other things need memory as well: where it runs out is not for us to
     * choose.
     */
    private static final long LARGEST_MODEL = Runtime.getRuntime().maxMemory() / 3;

    private static final Logger log = LoggerFactory.getLogger(Supply.class);

    private final PatientLink link;
    private final int leaseSize;
    private final long modelBytes;
    private final ModelCache models;
    private final Queue<Job> ready = new ArrayDeque<>();
    private String session;
    private volatile long leasedAtNanos;
    private long bytesOut;
    private int leasedAhead;
    private int queued;

    /**
     * @param leaseSize most tasks to take at a time
     * @param modelBytes memory for models; half of it for those that may be asked for again
     */
    public Supply(PatientLink link, int leaseSize, long modelBytes) {
        this.link = link;
        this.leaseSize = leaseSize;
        this.modelBytes = modelBytes / 2;
        this.models = new ModelCache(modelBytes / 2, this::fetch);
    }

    /**
     * Leases and fetches under a session, until interrupted. What was ready under an earlier session is dropped.
     *
     * @param over whether the session has ended, or the agent stops
     * @throws ServerException if the session is lost
     */
    public void run(String session, LeaseKeeper keeper, Reports reports, BooleanSupplier over) throws InterruptedException {
        this.session = session;
        LeaseRequest request = LeaseRequest.newBuilder()
            .setSession(session).setMaxTasks(leaseSize).setWaitMillis(LEASE_WAIT.toMillis()).build();
        while (true) {
            LeaseReply reply = link.call(LEASE_WAIT.plus(LEASE_GRACE), stub -> stub.lease(request));
            List<LeasedTask> leased = reply.getTasksList();
            ahead(leased.size(), reply.getQueued());
            keeper.hold(leased.stream().map(Supply::nameOf).toList());
            leasedAtNanos = System.nanoTime();
            fetchAll(leased, keeper, reports, over);
            awaitTaken();
        }
    }

    private void fetchAll(List<LeasedTask> leased, LeaseKeeper keeper, Reports reports, BooleanSupplier over)
        throws InterruptedException {
        List<Job> together = new ArrayList<>();
        try {
            long start = System.nanoTime();
            for (LeasedTask task : leased) {
                if (!together.isEmpty() && (isFull() || System.nanoTime() - start > TOGETHER.toNanos())) {
                    offer(together);
                    start = System.nanoTime();
                }
                awaitMemory();
                LeaseName lease = nameOf(task);
                BooleanSupplier abandoned = () -> over.getAsBoolean() || !keeper.holds(lease);
                if (abandoned.getAsBoolean()) {
                    tellDropped(lease, "its lease is lost");
                    lost();
                } else {
                    fetch(new Job(lease, task.getTask(), NOTHING, abandoned), reports).ifPresentOrElse(together::add, this::lost);
                }
            }
            offer(together);
        } finally {
            together.forEach(this::release);
        }
    }

    private Optional<Job> fetch(Job job, Reports reports) throws InterruptedException {
        try {
            refuse(TaskLimits.problem(job.task()));
            Job fetched = job.with(models.get(job.task().getModelSha256()));
            refuse(SelfContainedModel.problem(ByteBuffer.wrap(fetched.onnx())).map(problem -> "model: " + problem));
            bytes(fetched.onnx().length);
            return Optional.of(fetched);
        } catch (TaskFailure e) {
            return failed(job, e, reports);
        } catch (OutOfMemoryError e) {
            return failed(job, new TaskFailure("model " + job.task().getModelSha256() + ": too large for the agent's memory ("
                + e.getMessage() + ")"), reports);
        }
    }

    /** The server has looked already, but a device trusts nobody with its files and memory. */
    private static void refuse(Optional<String> problem) {
        problem.ifPresent(line -> {
            throw new TaskFailure(line);
        });
    }

    private synchronized void ahead(int leased, int leftInQueue) {
        leasedAhead = leased;
        queued = leftInQueue;
    }

    /** One that was leased ahead does not come. */
    private synchronized void lost() {
        leasedAhead--;
    }

    private static void tellDropped(LeaseName lease, String why) {
        try (Logged about = Logged.task(lease.getTaskId())) {
            log.info("task {}: dropped, {}", lease.getTaskId(), why);
        }
    }

    private static Optional<Job> failed(Job job, TaskFailure failure, Reports reports) {
        try (Logged about = job.logged()) {
            log.warn("{}: failed: {}", job.name(), failure.getMessage());
        }
        reports.add(job.lease(), failure.outcome());
        return Optional.empty();
    }

    private synchronized void offer(List<Job> together) {
        ready.addAll(together);
        together.clear();
        notifyAll();
    }

    private synchronized boolean isFull() {
        return bytesOut >= modelBytes;
    }

    private synchronized void awaitMemory() throws InterruptedException {
        while (bytesOut >= modelBytes) {
            wait();
        }
    }

    private synchronized void awaitTaken() throws InterruptedException {
        while (!ready.isEmpty()) {
            wait();
        }
    }

    private synchronized void bytes(long change) {
        bytesOut += change;
        notifyAll();
    }

    /**
     * Tasks to measure next.
     *
     * @param most how many at most
     * @param wait whether to wait for at least one; ends without any when {@link #wakeUp woken} with the session over
     */
    public synchronized List<Job> take(int most, boolean wait, BooleanSupplier over) throws InterruptedException {
        while (wait && ready.isEmpty() && !over.getAsBoolean()) {
            wait();
        }
        List<Job> taken = new ArrayList<>();
        while (taken.size() < most && !ready.isEmpty()) {
            taken.add(ready.remove());
        }
        leasedAhead -= taken.size();
        notifyAll();
        return taken;
    }

    /** How many tasks are known to come: leased ahead, or still in the server's queue when it was last asked. */
    public synchronized int waiting() {
        return leasedAhead + queued;
    }

    /** When the latest tasks were leased, by {@link System#nanoTime}: whoever waits from then on waits for models. */
    public long leasedAtNanos() {
        return leasedAtNanos;
    }

    /** A task that was taken has left: its model's memory is free. */
    public void release(Job job) {
        bytes(-job.onnx().length);
    }

    /** Lets {@link #take} see that the session is over. */
    public synchronized void wakeUp() {
        notifyAll();
    }

    /** Drops what lies ready, as the session is over. */
    public synchronized void drop(String reason) {
        ready.forEach(job -> {
            tellDropped(job.lease(), reason);
            release(job);
        });
        ready.clear();
        ahead(0, 0);
    }

    private byte[] fetch(String sha256) throws InterruptedException {
        FetchModelRequest request = FetchModelRequest.newBuilder().setSession(session).setSha256(sha256).build();
        try {
            return link.call(PatientLink.TRANSFER, stub -> collect(stub, request)).toByteArray();
        } catch (ServerException e) {
            if (e.kind() == ServerException.Kind.NOT_FOUND) {
                // The session or the model? An empty renewal tells: it throws if the session is lost.
                RenewRequest renewal = RenewRequest.newBuilder().setSession(session).build();
                link.call(PatientLink.ANSWER, stub -> stub.renew(renewal));
            }
            throw new TaskFailure("model " + sha256 + ": " + e.getMessage(), e);
        }
    }

    private static ByteString collect(AgentServiceBlockingStub stub, FetchModelRequest request) {
        // ends the call also where its rest is not wanted
        try (Context.CancellableContext call = Context.current().withCancellation()) {
            Context before = call.attach();
            try {
                ByteString content = ByteString.EMPTY;
                for (Iterator<ModelChunk> chunks = stub.fetchModel(request); chunks.hasNext();) {
                    content = content.concat(chunks.next().getData());
                    if (content.size() > LARGEST_MODEL) {
                        throw new TaskFailure("model " + request.getSha256() + ": too large for the agent's memory (expected: at most "
                            + (LARGEST_MODEL >> 20) + " MiB, a third of its Java heap)");
                    }
                }
                return content;
            } finally {
                call.detach(before);
            }
        }
    }

    private static LeaseName nameOf(LeasedTask task) {
        return LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build();
    }
}
