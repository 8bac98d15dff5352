package dev.lutra.agent.link;

import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Failed;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.log.Logged;
import java.time.Duration;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Outcomes on their way to the server. One leaves only when the server has answered: after a lost session it is offered once
 * more under the next, as only the server knows if it counts. Safe for use by several threads, of which one delivers.
 */
public final class Reports {

    private static final Logger log = LoggerFactory.getLogger(Reports.class);

    private static final long POLL_MILLIS = 20;

    private final PatientLink link;
    private final BlockingDeque<ReportRequest> unanswered = new LinkedBlockingDeque<>();
    /** Those and the one that is being delivered. */
    private final AtomicInteger waiting = new AtomicInteger();

    public Reports(PatientLink link) {
        this.link = link;
    }

    public void add(LeaseName lease, Outcome outcome) {
        waiting.incrementAndGet();
        unanswered.add(ReportRequest.newBuilder().setLease(lease).setOutcome(outcome).build());
    }

    /**
     * Delivers under a session, until interrupted.
     *
     * @param answered told of every lease whose report needs no further word
     * @throws ServerException if the session is lost
     */
    public void deliver(String session, Consumer<LeaseName> answered) throws InterruptedException {
        while (true) {
            ReportRequest report = unanswered.take();
            boolean done = false;
            try (Logged about = Logged.task(report.getLease().getTaskId())) {
                deliver(report.toBuilder().setSession(session).build());
                done = true;
            } finally {
                if (!done) {
                    unanswered.addFirst(report);
                }
            }
            waiting.decrementAndGet();
            answered.accept(report.getLease());
        }
    }

    /** Waits until all are delivered, but not for longer than this: for an agent that has to end. */
    public void awaitDelivered(Duration most) throws InterruptedException {
        long begin = System.nanoTime();
        while (waiting.get() > 0 && System.nanoTime() - begin < most.toNanos()) {
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void deliver(ReportRequest report) throws InterruptedException {
        try {
            if (!link.call(PatientLink.TRANSFER, stub -> stub.report(report)).getAccepted()) {
                log.info("task {}: another result is there already, this one does not count", report.getLease().getTaskId());
            }
        } catch (ServerException e) {
            if (e.kind() != ServerException.Kind.REFUSED) {
                throw e;
            }
            deliverRefusal(report, e.getMessage());
        }
    }

    /** The server does not take this outcome, say because its outputs are too large: without a word it would wait on. */
    private void deliverRefusal(ReportRequest report, String reason) throws InterruptedException {
        log.warn("task {}: the server refuses the outcome: {}", report.getLease().getTaskId(), reason);
        ReportRequest refusal = report.toBuilder().setOutcome(new TaskFailure("the server refuses the outcome: " + reason).outcome()).build();
        try {
            link.call(PatientLink.ANSWER, stub -> stub.report(refusal));
        } catch (ServerException e) {
            if (e.kind() != ServerException.Kind.REFUSED) {
                throw e;
            }
            log.warn("task {}: the server refuses every report ({})", report.getLease().getTaskId(), e.getMessage());
        }
    }
}
