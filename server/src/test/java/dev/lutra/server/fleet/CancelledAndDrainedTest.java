package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.lutra.InputException;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What operators take from devices, and what they keep devices from. */
class CancelledAndDrainedTest extends QueueOnVirtualClock {

    private static final Outcome MEASURED = Outcome.newBuilder().setMeasured(Measured.getDefaultInstance()).build();
    private static final String CANCELLED = "cancelled by an operator (run it again to have it done)";

    private void submit(String device, String owner, String... ids) {
        queue.submit(device, List.of(ids).stream().map(id -> Task.newBuilder().setId(id).build()).toList(), new Submitter(owner, 0));
    }

    private String failure(String id) {
        return queue.outcomes(Set.of(id)).get(0).getOutcome().getFailed().getReason();
    }

    @Test
    void whoWaitsForACancelledTaskIsToldAtOnce() {
        submit("pi", "anne", "a", "b");
        CompletableFuture<List<TaskOutcome>> waiting = queue.outcomes(Set.of("a"), 1, "anne", Duration.ofMinutes(5));
        assertThat(waiting).isNotDone();
        assertThat(queue.cancel(List.of("a", "unknown"))).isEqualTo(1);
        assertThat(waiting.join()).singleElement().extracting(outcome -> outcome.getOutcome().getFailed().getReason()).isEqualTo(CANCELLED);
        assertThat(queue.cancel(List.of("a"))).as("done already").isZero();
        assertThat(ids(queue.lease(join("pi"), 9))).containsExactly("b");
    }

    @Test
    void theAgentHearsOfItAtItsNextRenewalAndItsReportDoesNotCount() {
        String session = join("pi");
        submit("pi", "anne", "a", "b");
        List<LeaseName> leases = queue.lease(session, 9).stream().map(QueueOnVirtualClock::name).toList();
        queue.cancel(List.of("a"));
        clock.advance(LEASE.dividedBy(3));
        assertThat(queue.renew(session, leases, TaskQueue.Progress.NONE)).containsExactly(leases.get(1));
        assertThat(queue.report(session, leases.get(0), MEASURED)).isFalse();
        assertThat(failure("a")).isEqualTo(CANCELLED);
        assertThat(queue.report(session, leases.get(1), MEASURED)).isTrue();

        submit("pi", "anne", "a");
        LeasedTask again = queue.lease(session, 9).get(0);
        assertThat(queue.report(session, leases.get(0), MEASURED)).as("of before it was cancelled").isFalse();
        assertThat(queue.report(session, name(again), MEASURED)).isTrue();
    }

    /** A task that has killed agents is alone on the device: what waited for it comes when it is cancelled. */
    @Test
    void whatWaitedForACancelledTaskGoesOn() {
        submit("pi", "anne", "suspect");
        for (int death = 0; death < TaskQueue.SUSPECT_AFTER; death++) {
            queue.lease(join("pi"), 1);
        }
        String session = join("pi");
        submit("pi", "bert", "next");
        assertThat(ids(queue.lease(session, 9))).containsExactly("suspect");
        CompletableFuture<TaskQueue.Leased> waiting = queue.lease(session, 9, Duration.ofMinutes(5));
        assertThat(waiting).isNotDone();
        queue.cancel(List.of("suspect"));
        assertThat(ids(waiting.join().tasks())).containsExactly("next");
    }

    @Test
    void allOfADeviceOrAnOwnerAreCancelled() {
        submit("pi", "anne", "a1", "a2");
        submit("phone", "anne", "a3");
        submit("pi", "bert", "b1");
        submit("phone", "bert", "b2");
        queue.lease(join("pi"), 1);
        assertThat(queue.cancelOfOwner("anne")).isEqualTo(3);
        assertThat(queue.unfinished("", "", new TaskQueue.Place("", 0), 9)).extracting(TaskState::getId).containsExactly("b2", "b1");
        assertThat(queue.cancel("phone")).isEqualTo(1);
        assertThat(queue.outcomes(Set.of("b2"))).hasSize(1);
        assertThat(queue.outcomes(Set.of("b1"))).isEmpty();
    }

    @Test
    void tellsWhatIsNotDone() {
        IntStream.range(0, 5).forEach(i -> {
            submit("pi", "anne", "pi" + i);
            submit("box", "bert", "box" + i);
        });
        LeasedTask first = queue.lease(join("pi"), 1).get(0);
        List<TaskState> all = queue.unfinished("", "", new TaskQueue.Place("", 0), 100);
        assertThat(all).extracting(TaskState::getId)
            .containsExactly("box0", "box1", "box2", "box3", "box4", "pi0", "pi1", "pi2", "pi3", "pi4");
        TaskState fourth = all.get(3);
        assertThat(queue.unfinished("", "", new TaskQueue.Place(fourth.getDevice(), fourth.getPosition()), 3)).extracting(TaskState::getId)
            .as("a page").containsExactly("box4", "pi0", "pi1");
        assertThat(queue.unfinished("pi", "anne", new TaskQueue.Place("", 0), 2))
            .extracting(TaskState::getId, TaskState::getLeased, TaskState::getOwner, TaskState::getDevice, TaskState::getSubmittedMillis)
            .containsExactly(tuple(first.getTask().getId(), true, "anne", "pi", clock.millis()), tuple("pi1", false, "anne", "pi", clock.millis()));
        assertThat(queue.unfinished("pi", "bert", new TaskQueue.Place("", 0), 9)).isEmpty();
    }

    @Test
    void aDeviceThatIsDrainedFinishesWhatItHas() {
        String session = join("pi");
        submit("pi", "anne", "a", "b");
        LeasedTask first = queue.lease(session, 1).get(0);
        queue.drain("pi", true);
        assertThat(queue.agent("pi")).map(AgentState::getDraining).contains(true);
        assertThat(queue.lease(session, 1)).isEmpty();
        restart();
        assertThat(queue.renew(session, List.of(name(first)), TaskQueue.Progress.NONE)).hasSize(1);
        assertThat(queue.report(session, name(first), MEASURED)).isTrue();
        session = join("pi");
        CompletableFuture<TaskQueue.Leased> waiting = queue.lease(session, 1, Duration.ofMinutes(5));
        assertThat(waiting).as("also after a restart of the server and of the agent").isNotDone();
        queue.drain("pi", false);
        assertThat(ids(waiting.join().tasks())).containsExactly("b");
        assertThat(queue.agent("pi")).map(AgentState::getDraining).contains(false);
        assertThatThrownBy(() -> queue.drain("nobody", true)).isInstanceOf(InputException.class)
            .hasMessage("device nobody: has never joined");
    }

    /** Whose lease runs out meanwhile is not given it again, though it may come back to it. */
    @Test
    void aDrainedDeviceThatFallsSilentMayComeBackToWhatItHad() {
        String session = join("pi");
        submit("pi", "anne", "a");
        LeasedTask first = queue.lease(session, 1).get(0);
        queue.drain("pi", true);
        clock.advance(LEASE.multipliedBy(3));
        assertThat(queue.lease(session, 1)).isEmpty();
        assertThat(queue.renew(session, List.of(name(first)), TaskQueue.Progress.NONE)).hasSize(1);
        assertThat(queue.report(session, name(first), MEASURED)).isTrue();
    }
}
