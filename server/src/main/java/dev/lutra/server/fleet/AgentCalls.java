package dev.lutra.server.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.server.store.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What the calls of an agent do, whatever carries them: gRPC for programs, HTTP for pages. */
public final class AgentCalls {

    /** A call that waits for work or outcomes returns after so long, whatever the caller asks for. */
    private static final Duration MAX_WAIT = Duration.ofSeconds(30);

    /** In a call that says of leases what has become of them: while it is looked at, others wait. */
    static final int MOST_LEASES_NAMED = 1024;

    /** Of a device with all its runtimes, and of what has come of a task. */
    private static final TextLimits DESCRIPTION = new TextLimits(500, 64);
    private static final TextLimits OUTCOME = new TextLimits(4000, 1024);

    private final TaskQueue queue;
    private final ModelStore models;

    public AgentCalls(TaskQueue queue, ModelStore models) {
        this.queue = Objects.requireNonNull(queue);
        this.models = Objects.requireNonNull(models);
    }

    /** The device that has a session; empty when none has. */
    public Optional<String> device(String session) {
        return queue.device(session);
    }

    /** What a call may wait that asks for so many milliseconds. */
    public static Duration allowedWait(long askedMillis) {
        return Duration.ofMillis(Math.max(0, Math.min(askedMillis, MAX_WAIT.toMillis())));
    }

    /** See {@link TaskQueue#join}. */
    public JoinReply join(JoinRequest request) {
        DESCRIPTION.check(request);
        return JoinReply.newBuilder().setSession(queue.join(request)).setLeaseMillis(queue.lease().toMillis()).build();
    }

    /**
     * Leases tasks, waiting for some if there are none.
     *
     * @return to be cancelled when the caller is no longer there to take a task; completed with an {@link UnknownSessionException} when
     *     the agent has to join first
     */
    public CompletableFuture<LeaseReply> lease(LeaseRequest request) {
        CompletableFuture<TaskQueue.Leased> leased = queue.lease(request.getSession(), request.getMaxTasks(), allowedWait(request.getWaitMillis()));
        CompletableFuture<LeaseReply> reply = leased
            .thenApply(got -> LeaseReply.newBuilder().addAllTasks(got.tasks()).setQueued(got.queued()).build());
        reply.whenComplete((answer, problem) -> leased.cancel(false)); // does nothing to one that is complete
        return reply;
    }

    /** See {@link TaskQueue#renew}, {@link TaskQueue#begin}, {@link TaskQueue#giveBack} and {@link TaskQueue#inPowerMode}. */
    public RenewReply renew(RenewRequest request) {
        int named = request.getLeasesCount() + request.getBegunCount() + request.getReturnedCount();
        if (named > MOST_LEASES_NAMED) {
            throw new InputException("leases: " + named + " (expected: at most " + MOST_LEASES_NAMED + " in a call)");
        }
        if (!request.getPowerMode().isEmpty()) {
            DESCRIPTION.check(JoinRequest.newBuilder().setPowerMode(request.getPowerMode()).build());
            queue.inPowerMode(request.getSession(), request.getPowerMode());
        }
        if (request.getReturnedCount() > 0) {
            queue.giveBack(request.getSession(), request.getReturnedList());
        }
        if (request.getBegunCount() > 0) {
            queue.begin(request.getSession(), request.getBegunList());
        }
        List<LeaseName> held = queue.renew(request.getSession(), request.getLeasesList(),
            new TaskQueue.Progress(request.getUnderWay(), request.getHalfWidth()));
        return RenewReply.newBuilder().addAllHeld(held).build();
    }

    /**
     * The file of a model.
     *
     * @throws InputException when it is not stored
     * @throws UnknownSessionException when the agent has to join first
     */
    public Path model(FetchModelRequest request) {
        queue.checkSession(request.getSession());
        return models.find(request.getSha256())
            .orElseThrow(() -> new InputException("model " + request.getSha256() + " is not stored"));
    }

    /**
     * See {@link TaskQueue#report}.
     *
     * @throws InputException when it cannot be the outcome of that task
     */
    public ReportReply report(ReportRequest request) {
        OUTCOME.check(request.getOutcome());
        queue.assignment(request.getSession(), request.getLease())
            .ifPresent(asked -> new OutcomeCheck(asked.task(), asked.runtimes(), models).check(request.getOutcome()));
        boolean accepted = queue.report(request.getSession(), request.getLease(), request.getOutcome());
        return ReportReply.newBuilder().setAccepted(accepted).build();
    }
}
