package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Budget;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Memory;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TaskQueueTest extends QueueOnVirtualClock {

    private static final Duration ALMOST = LEASE.minusMillis(1);
    private static final Duration TICK = Duration.ofMillis(1);

    @Test
    void leasesInTheOrderOfSubmission() {
        String session = join("pi");
        submit("pi", "c", "a");
        submit("pi", "b");
        assertThat(ids(queue.lease(session, 2))).containsExactly("c", "a");
        assertThat(ids(queue.lease(session, 2))).containsExactly("b");
        assertThat(queue.lease(session, 2)).isEmpty();
    }

    @Test
    void handsOutTheTaskAsSubmitted() {
        Task task = Task.newBuilder().setId("t").setLabel("layer7 k5").setThreads(2).setProvider("cpu").build();
        queue.submit("pi", List.of(task));
        assertThat(queue.lease(join("pi"), 1)).containsExactly(LeasedTask.newBuilder().setTask(task).setEpoch(1).build());
    }

    /** As the time left to a task is another after its run was killed. */
    @Test
    void ofATaskThatIsNotDoneTheNewerDescriptionHolds() {
        Task first = Task.newBuilder().setId("t").setBudget(Budget.newBuilder().setNanos(60)).build();
        Task second = Task.newBuilder().setId("t").setBudget(Budget.newBuilder().setNanos(20)).build();
        Task third = Task.newBuilder().setId("t").setBudget(Budget.newBuilder().setNanos(10)).build();
        submit("pi", "before");
        queue.submit("pi", List.of(first));
        submit("pi", "after");
        queue.submit("pi", List.of(second));
        List<LeasedTask> leased = queue.lease(join("pi"), 3);
        assertThat(ids(leased)).containsExactly("before", "t", "after");
        assertThat(leased.get(1).getTask()).isEqualTo(second);
        queue.submit("pi", List.of(third));
        assertThat(queue.lease(join("pi"), 3)).extracting(LeasedTask::getTask).contains(third);
    }

    @Test
    void submittingAgainChangesNothing() {
        String session = join("pi");
        submit("pi", "a", "b");
        LeaseName a = name(queue.lease(session, 1).get(0));
        submit("pi", "a", "b", "c");
        assertThat(ids(queue.lease(session, 9))).containsExactly("b", "c");
        Outcome measured = Outcome.newBuilder().setMeasured(Measured.getDefaultInstance()).build();
        queue.report(session, a, measured);
        submit("pi", "a");
        assertThat(queue.lease(session, 9)).isEmpty();
        assertThat(queue.outcomes(Set.of("a"))).extracting(TaskOutcome::getOutcome).containsExactly(measured);
    }

    /** A failure may have had a reason that is gone by the next run, and a figure that did not converge is none to keep for ever. */
    @Test
    void whatFailedOrIsDoubtfulIsDoneAgainWhenItIsAskedForAgain() {
        String session = join("pi");
        Task failing = task("failed");
        Task measured = task("doubtful").toBuilder().setRules(MeasureRules.getDefaultInstance()).build();
        Task inTime = measured.toBuilder().setId("in time").setBudget(Budget.newBuilder().setNanos(60)).build();
        Outcome doubtful = Outcome.newBuilder().setMeasured(Measured.newBuilder().setCircumstances(Circumstances.newBuilder().setRounds(2))).build();
        Outcome sound = Outcome.newBuilder().setMeasured(Measured.newBuilder().setCircumstances(Circumstances.newBuilder().setConverged(true)))
            .build();
        List<Task> tasks = List.of(failing, measured, inTime);
        queue.submit("pi", tasks);
        List<LeaseName> first = names(queue.lease(session, 9));
        queue.report(session, first.get(0), outcome("out of memory"));
        queue.report(session, first.get(1), doubtful);
        queue.report(session, first.get(2), doubtful);
        assertThat(queue.outcomes(Set.of("failed", "doubtful", "in time"))).as("for this run").hasSize(3);

        queue.submit("pi", tasks);
        assertThat(queue.outcomes(Set.of("failed", "doubtful"))).isEmpty();
        assertThat(queue.outcomes(Set.of("in time"))).as("all that its time gave").hasSize(1);
        List<LeaseName> second = names(queue.lease(session, 9));
        assertThat(second).extracting(LeaseName::getTaskId).containsExactly("failed", "doubtful");
        assertThat(queue.report(session, first.get(1), doubtful)).as("a repeated report of what is not to stay").isFalse();
        assertThat(queue.report(session, second.get(1), sound)).isTrue();
        queue.submit("pi", tasks);
        assertThat(queue.outcomes(Set.of("doubtful"))).extracting(TaskOutcome::getOutcome).containsExactly(sound);
    }

    /** An older agent leaves out what it does not know; one that cannot tell it is not asked for ever. */
    @Test
    void whatIsMissingIsMeasuredAnewOnceTheDeviceTellsIt() {
        Task rules = task("neither").toBuilder().setRules(MeasureRules.getDefaultInstance()).setProvider("cpu").build();
        List<Task> tasks = List.of(rules, rules.toBuilder().setId("memory").setMemory(true).build(),
            rules.toBuilder().setId("energy").setEnergy(true).build(),
            rules.toBuilder().setId("elsewhere").setProvider("cuda").setMemory(true).setEnergy(true).build());
        Outcome bare = Outcome.newBuilder().setMeasured(Measured.newBuilder().setCircumstances(Circumstances.newBuilder().setConverged(true)))
            .build();
        String older = join("pi");
        queue.submit("pi", tasks);
        names(queue.lease(older, 9)).forEach(lease -> queue.report(older, lease, bare));
        queue.submit("pi", tasks);
        assertThat(queue.lease(older, 9)).as("it says nothing of either").isEmpty();

        Device.Builder pi = Device.newBuilder().setName("pi").setMemoryOfModels("not told: no").putEnergyOfModels("cpu", "not told: no");
        String unable = queue.join(JoinRequest.newBuilder().setDevice(pi).build());
        queue.submit("pi", tasks);
        assertThat(queue.lease(unable, 9)).isEmpty();

        String newer = queue.join(JoinRequest.newBuilder().setDevice(pi.setMemoryOfModels("told").putEnergyOfModels("cpu", "RAPL")).build());
        queue.submit("pi", tasks);
        List<LeaseName> leased = names(queue.lease(newer, 9));
        assertThat(leased).extracting(LeaseName::getTaskId).containsExactly("memory", "energy");
        Outcome whole = bare.toBuilder().setMeasured(bare.getMeasured().toBuilder().setMemory(Memory.newBuilder().setPeakBytes(1))).build();
        queue.report(newer, leased.get(0), whole);
        queue.submit("pi", tasks);
        assertThat(queue.outcomes(Set.of("memory"))).extracting(TaskOutcome::getOutcome).containsExactly(whole);
    }

    @Test
    void devicesDoNotSeeEachOthersTasks() {
        String pi = join("pi");
        String phone = join("phone");
        submit("pi", "a");
        submit("phone", "b");
        assertThat(ids(queue.lease(phone, 9))).containsExactly("b");
        assertThat(ids(queue.lease(pi, 9))).containsExactly("a");
    }

    @Test
    void aLeaseLivesExactlyItsPeriod() {
        String session = join("pi");
        submit("pi", "a");
        LeasedTask first = queue.lease(session, 1).get(0);
        clock.advance(ALMOST);
        assertThat(queue.lease(session, 1)).isEmpty();
        clock.advance(TICK);
        LeasedTask second = queue.lease(session, 1).get(0);
        assertThat(second.getTask()).isEqualTo(first.getTask());
        assertThat(second.getEpoch()).isGreaterThan(first.getEpoch());
    }

    @Test
    void aRenewedLeaseLivesOn() {
        String session = join("pi");
        submit("pi", "a", "b");
        List<LeaseName> both = names(queue.lease(session, 2));
        for (int i = 0; i < 10; i++) {
            clock.advance(ALMOST);
            assertThat(queue.renew(session, both, TaskQueue.Progress.NONE)).isEqualTo(both);
        }
        clock.advance(ALMOST);
        assertThat(queue.renew(session, both.subList(1, 2), TaskQueue.Progress.NONE)).containsExactly(both.get(1));
        clock.advance(TICK);
        assertThat(ids(queue.lease(session, 9))).containsExactly("a");
        assertThat(queue.renew(session, both, TaskQueue.Progress.NONE)).containsExactly(both.get(1));
        assertThat(queue.report(session, both.get(1), outcome("in time"))).isTrue();
    }

    /** The lid of a laptop, a stopped process, a network that was cut. */
    @Test
    void anAgentThatWasSilentGoesOnWhereNobodyElseHas() {
        String session = join("pi");
        submit("pi", "a", "b");
        List<LeaseName> both = names(queue.lease(session, 2));
        clock.advance(LEASE.multipliedBy(9));
        assertThat(queue.agents().get(0).getQueuedTasks()).isEqualTo(2);
        assertThat(queue.renew(session, both, TaskQueue.Progress.NONE)).isEqualTo(both);
        assertThat(queue.lease(session, 9)).isEmpty();
        clock.advance(LEASE.multipliedBy(9));
        assertThat(queue.report(session, both.get(0), outcome("late"))).isTrue();
        assertThat(ids(queue.lease(session, 9))).as("asks for work before it renews").containsExactly("b");
        assertThat(queue.report(session, both.get(1), outcome("very late"))).isTrue();
        assertThat(queue.outcomes(Set.of("a", "b"))).extracting(TaskOutcome::getOutcome)
            .containsExactlyInAnyOrder(outcome("late"), outcome("very late"));
    }

    @Test
    void whoeverSetsTheClockChangesNothing() {
        String session = join("pi");
        submit("pi", "a", "b");
        List<LeaseName> both = names(queue.lease(session, 2));
        clock.jump(Duration.ofHours(1));
        assertThat(queue.agents().get(0).getLeasedTasks()).isEqualTo(2);
        assertThat(queue.agents().get(0)).extracting(AgentState::getOnline, AgentState::getLastSeenMillisAgo).containsExactly(true, 0L);
        clock.jump(Duration.ofHours(-7));
        clock.advance(ALMOST);
        assertThat(queue.renew(session, both.subList(0, 1), TaskQueue.Progress.NONE)).hasSize(1);
        clock.advance(TICK);
        assertThat(queue.agents().get(0).getLeasedTasks()).isEqualTo(1);
        clock.jump(Duration.ofHours(-7));
        restart();
        assertThat(queue.agents().get(0).getLastSeenMillisAgo()).isNotNegative();
        clock.advance(LEASE);
        assertThat(ids(queue.lease(session, 9))).as("a lease of another life ends as well").containsExactly("a", "b");
    }

    @Test
    void anExpiredTaskIsAtTheHeadAgain() {
        String session = join("pi");
        submit("pi", "a", "b");
        queue.lease(session, 1);
        submit("pi", "c");
        clock.advance(LEASE);
        assertThat(ids(queue.lease(session, 1))).containsExactly("a");
    }

    @Test
    void theFirstOutcomeStays() {
        String session = join("pi");
        submit("pi", "a");
        LeaseName old = name(queue.lease(session, 1).get(0));
        clock.advance(LEASE);
        LeaseName current = name(queue.lease(session, 1).get(0));
        assertThat(queue.report(session, current, outcome("current"))).isTrue();
        assertThat(queue.report(session, old, outcome("old"))).isFalse();
        assertThat(queue.outcomes(Set.of("a"))).containsExactly(
            TaskOutcome.newBuilder().setTaskId("a").setAttempts(2).setOutcome(outcome("current")).build());
    }

    @Test
    void aRepeatedReportIsAcceptedAndStoredOnce() {
        String session = join("pi");
        submit("pi", "a");
        LeaseName lease = name(queue.lease(session, 1).get(0));
        assertThat(queue.report(session, lease, outcome("first"))).isTrue();
        clock.advance(LEASE.multipliedBy(9));
        assertThat(queue.report(session, lease, outcome("second"))).isTrue();
        assertThat(queue.report(join("pi"), lease, outcome("third"))).isTrue();
        assertThat(queue.outcomes(Set.of("a"))).extracting(TaskOutcome::getOutcome).containsExactly(outcome("first"));
    }

    @Test
    void aReportOfWhatWasNeverLeasedIsRefused() {
        String session = join("pi");
        submit("pi", "a");
        assertThat(queue.report(session, lease("a", 0), outcome("x"))).isFalse();
        assertThat(queue.report(session, lease("a", 1), outcome("x"))).isFalse();
        assertThat(queue.report(session, lease("nothing", 1), outcome("x"))).isFalse();
        assertThat(queue.finished(Set.of("a"))).isZero();
    }

    @Test
    void anotherDeviceCannotReportOrRenewALease() {
        String pi = join("pi");
        String phone = join("phone");
        submit("pi", "a");
        LeaseName lease = name(queue.lease(pi, 1).get(0));
        assertThat(queue.renew(phone, List.of(lease), TaskQueue.Progress.NONE)).isEmpty();
        assertThat(queue.report(phone, lease, outcome("x"))).isFalse();
        assertThat(queue.report(pi, lease, outcome("y"))).isTrue();
    }

    @Test
    void joiningAgainReturnsTheOlderLeasesAtOnce() {
        String older = join("pi");
        submit("pi", "a", "b");
        LeaseName a = name(queue.lease(older, 1).get(0));
        String newer = join("pi");
        assertThat(ids(queue.lease(newer, 1))).containsExactly("a");
        assertThatThrownBy(() -> queue.lease(older, 1)).isInstanceOf(UnknownSessionException.class);
        assertThatThrownBy(() -> queue.renew(older, List.of(a), TaskQueue.Progress.NONE)).isInstanceOf(UnknownSessionException.class);
        assertThatThrownBy(() -> queue.report(older, a, outcome("x"))).isInstanceOf(UnknownSessionException.class);
        assertThatThrownBy(() -> queue.checkSession(older)).isInstanceOf(UnknownSessionException.class);
        assertThat(queue.report(newer, a, outcome("measured before it had to join anew"))).isTrue();
    }

    @Test
    void joiningLeavesOtherDevicesAlone() {
        String phone = join("phone");
        submit("phone", "a");
        LeaseName lease = name(queue.lease(phone, 1).get(0));
        join("pi");
        assertThat(queue.renew(phone, List.of(lease), TaskQueue.Progress.NONE)).containsExactly(lease);
    }

    @Test
    void aTaskThatAlwaysLosesItsAgentFails() {
        submit("pi", "poison", "good");
        String session = join("pi");
        for (int attempt = 1; attempt <= TaskQueue.MAX_ATTEMPTS; attempt++) {
            assertThat(ids(queue.lease(session, 1))).containsExactly("poison");
            if (attempt % 2 == 0) {
                clock.advance(LEASE);
            }
            session = join("pi");
        }
        assertThat(ids(queue.lease(session, 1))).containsExactly("good");
        TaskOutcome outcome = queue.outcomes(Set.of("poison")).get(0);
        assertThat(outcome.getAttempts()).isEqualTo(TaskQueue.MAX_ATTEMPTS);
        assertThat(outcome.getOutcome().getFailed().getReason()).isEqualTo("the agent was lost 5 times while it had this task");
        assertThat(queue.report(session, lease("poison", 5), outcome("too late"))).isFalse();
    }

    @Test
    void aTaskThatLosesItsAgentTakesNoOtherWithIt() {
        submit("pi", "poison", "b", "c", "d");
        for (int life = 0; life < 20; life++) {
            String session = join("pi");
            for (List<LeasedTask> leased = queue.lease(session, 4); !leased.isEmpty(); leased = queue.lease(session, 4)) {
                if (ids(leased).contains("poison")) {
                    break; // the agent dies of it, whatever else it has
                }
                leased.forEach(task -> queue.report(session, name(task), outcome("well")));
            }
        }
        assertThat(queue.outcomes(new LinkedHashSet<>(List.of("poison", "b", "c", "d"))))
            .extracting(outcome -> outcome.getOutcome().getFailed().getReason(), TaskOutcome::getAttempts)
            .containsExactly(
                tuple("the agent was lost 5 times while it had this task", 5),
                tuple("well", 4),
                tuple("well", 4),
                tuple("well", 4));
    }

    @Test
    void tasksLostTogetherComeTogetherAgain() {
        submit("pi", "a", "b", "c");
        String session = join("pi");
        for (int lost = 0; lost < TaskQueue.SUSPECT_AFTER; lost++) {
            assertThat(ids(queue.lease(session, 9))).containsExactly("a", "b", "c");
            session = join("pi");
        }
        assertThat(ids(queue.lease(session, 9))).containsExactly("a");
    }

    /** Whatever ends an agent, a run or a connection without having to do with a task. */
    @Test
    void aTaskIsChargedForNothingButADeathOverIt() {
        submit("pi", "a", "b", "c");
        String session = join("pi");
        for (int i = 0; i <= TaskQueue.MAX_ATTEMPTS; i++) {
            assertThat(ids(queue.lease(session, 9))).as("with its run, after " + i).containsExactly("a", "b", "c");
            restart();
            session = join("pi");
            assertThat(ids(queue.lease(session, 9))).as("silence, after " + i).containsExactly("a", "b", "c");
            clock.advance(LEASE);
            List<LeasedTask> leased = queue.lease(session, 9);
            assertThat(ids(leased)).as("a stop, after " + i).containsExactly("a", "b", "c");
            queue.giveBack(session, names(leased));
            session = join("pi");
            assertThat(ids(queue.lease(session, 9))).as("another stop, after " + i).containsExactly("a", "b", "c");
            restart();
            queue.agentDied("pi");
            session = join("pi");
        }
    }

    @Test
    void whatLayReadyWhenAnAgentDiedIsNotCharged() {
        String session = join("pi");
        submit("pi", "a", "b", "c");
        for (int life = 0; life < TaskQueue.MAX_ATTEMPTS; life++) {
            assertThat(ids(queue.lease(session, 1))).containsExactly("a");
            if (life < TaskQueue.SUSPECT_AFTER) {
                List<LeaseName> ahead = names(queue.lease(session, 2));
                assertThat(ahead).hasSize(2);
                queue.begin(session, ahead.subList(0, life == 0 ? 1 : 0));
            }
            queue.agentDied("pi");
        }
        assertThat(queue.outcomes(Set.of("a"))).hasSize(1);
        for (int life = 0; life < TaskQueue.MAX_ATTEMPTS - 1; life++) {
            assertThat(queue.outcomes(Set.of("b", "c"))).as("b is charged once, c never").isEmpty();
            queue.lease(session, 1);
            queue.agentDied("pi");
        }
        assertThat(queue.outcomes(Set.of("b", "c"))).extracting(TaskOutcome::getTaskId).containsExactly("b");
    }

    /** As when the reply with it is too large to be read. */
    @Test
    void aTaskThatItsAgentNeverRenewsFailsInTheEnd() {
        String session = join("pi");
        submit("pi", "unread");
        for (int lost = 0; lost < TaskQueue.MAX_ATTEMPTS; lost++) {
            assertThat(ids(queue.lease(session, 1))).containsExactly("unread");
            clock.advance(ALMOST);
            queue.renew(session, List.of(), TaskQueue.Progress.NONE);
            clock.advance(TICK);
        }
        assertThat(queue.lease(session, 1)).isEmpty();
        assertThat(queue.outcomes(Set.of("unread"))).hasSize(1);
    }

    @Test
    void aSuspectWaitsUntilItCanBeAlone() {
        String session = join("pi");
        submit("pi", "a", "b", "c");
        for (int lost = 1; lost < TaskQueue.SUSPECT_AFTER; lost++) {
            queue.lease(session, 1);
            session = join("pi");
        }
        queue.lease(session, 1);
        clock.advance(ALMOST);
        LeaseName b = name(queue.lease(session, 1).get(0));
        clock.advance(TICK);
        assertThat(queue.renew(session, List.of(b), TaskQueue.Progress.NONE)).containsExactly(b);
        assertThat(queue.lease(session, 9)).isEmpty();
        queue.report(session, b, outcome("done"));
        List<LeasedTask> alone = queue.lease(session, 9);
        assertThat(ids(alone)).containsExactly("a");
        assertThat(queue.lease(session, 9)).isEmpty();
        queue.report(session, name(alone.get(0)), outcome("done"));
        assertThat(ids(queue.lease(session, 9))).containsExactly("c");
    }

    @Test
    void aLeaseTakesFewTasksWhenTheyAreLarge() {
        ModelInput large = ModelInput.newBuilder().setLittleEndianFloats(ByteString.copyFrom(new byte[2 << 20])).build();
        queue.submit("pi", List.of(
            task("a").toBuilder().addInputs(large).addInputs(large).build(),
            task("b").toBuilder().addInputs(large).build(),
            task("c"),
            task("d").toBuilder().addInputs(large).build()));
        String session = join("pi");
        assertThat(ids(queue.lease(session, 9))).containsExactly("a");
        assertThat(ids(queue.lease(session, 9))).containsExactly("b", "c");
        assertThat(ids(queue.lease(session, 9))).containsExactly("d");
    }

    @Test
    void leasesAndSessionsSurviveARestart() {
        String session = join("pi");
        submit("pi", "a", "b", "c");
        List<LeaseName> leases = names(queue.lease(session, 2));
        queue.report(session, leases.get(0), outcome("before"));
        clock.advance(ALMOST);
        restart();
        assertThat(queue.report(session, leases.get(0), outcome("again"))).isTrue();
        assertThat(queue.renew(session, leases, TaskQueue.Progress.NONE)).containsExactly(leases.get(1));
        assertThat(ids(queue.lease(session, 9))).containsExactly("c");
        assertThat(queue.report(session, leases.get(1), outcome("after"))).isTrue();
        assertThat(queue.outcomes(Set.of("a"))).extracting(TaskOutcome::getOutcome).containsExactly(outcome("before"));
    }

    @Test
    void aServerThatWasAwayGivesItsAgentsTime() {
        String session = join("pi");
        submit("pi", "a", "b");
        List<LeaseName> leases = names(queue.lease(session, 2));
        close();
        clock.advance(LEASE.multipliedBy(100));
        open();
        clock.advance(ALMOST);
        assertThat(queue.renew(session, leases.subList(0, 1), TaskQueue.Progress.NONE)).hasSize(1);
        clock.advance(TICK);
        assertThat(queue.renew(session, leases, TaskQueue.Progress.NONE)).containsExactly(leases.get(0));
    }

    @Test
    void whatIsUnderWayIsWhatTheAgentLastSaidOfItsLeases() {
        String session = join("pi");
        submit("pi", "a", "b", "c");
        List<LeaseName> leases = names(queue.lease(session, 2));
        assertThat(queue.agents().get(0).getUnderWay()).isZero();
        queue.renew(session, leases, new TaskQueue.Progress(1.5, 0.03));
        assertThat(queue.agents().get(0).getUnderWay()).isEqualTo(1.5);
        queue.report(session, leases.get(0), outcome("done"));
        assertThat(queue.agents().get(0).getUnderWay()).isEqualTo(1);
        String later = join("pi");
        queue.lease(later, 2);
        assertThat(queue.agents().get(0).getUnderWay()).isZero();
        assertThatThrownBy(() -> queue.renew(session, leases, new TaskQueue.Progress(1, 0.03))).isInstanceOf(UnknownSessionException.class);
    }

    @Test
    void anAgentThatIsSilentForALeaseIsOffline() {
        RuntimeOffer runtime = RuntimeOffer.newBuilder().setName("onnxruntime").setVersion("1").addProviders("cpu").build();
        String session = queue.join(JoinRequest.newBuilder().setAgentVersion("0.1.0").addRuntimes(runtime)
            .setDevice(Device.newBuilder().setName("pi").setCpu("Cortex-A76")).build());
        join("android");
        submit("pi", "a", "b", "c");
        queue.lease(session, 1);
        clock.advance(TICK);
        queue.renew(session, List.of(), TaskQueue.Progress.NONE);
        clock.advance(LEASE);
        AgentState expected = AgentState.newBuilder().setAgentVersion("0.1.0").addRuntimes(runtime)
            .setDevice(Device.newBuilder().setName("pi").setCpu("Cortex-A76"))
            .setOnline(true).setLastSeenMillisAgo(30_000).setLeasedTasks(0).setQueuedTasks(3).build();
        assertThat(queue.agents()).extracting(agent -> agent.getDevice().getName()).containsExactly("android", "pi");
        assertThat(queue.agents().get(1)).isEqualTo(expected);
        assertThat(queue.agents().get(0).getOnline()).isFalse();
        clock.advance(TICK);
        assertThat(queue.agents().get(1).getOnline()).isFalse();
        queue.lease(session, 1);
        assertThat(queue.agents().get(1)).extracting(
            AgentState::getOnline, AgentState::getLeasedTasks, AgentState::getQueuedTasks)
            .containsExactly(true, 1, 2);
    }

    @Test
    void tellsOutcomesInTheOrderAsked() {
        String session = join("pi");
        submit("pi", "a", "b", "c");
        for (LeasedTask task : queue.lease(session, 2)) {
            queue.report(session, name(task), outcome(task.getTask().getId()));
        }
        Set<String> asked = new LinkedHashSet<>(List.of("c", "b", "a"));
        assertThat(queue.finished(asked)).isEqualTo(2);
        assertThat(queue.outcomes(asked)).extracting(TaskOutcome::getTaskId).containsExactly("b", "a");
    }

    @Test
    void refusesWhatMakesNoSense() {
        String session = join("pi");
        submit("pi", "a");
        assertThatThrownBy(() -> join(" ")).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> queue.lease(session, 0)).isInstanceOf(InputException.class).hasMessageContaining("max_tasks: 0");
        assertThatThrownBy(() -> queue.finished(Set.of("a", "what"))).isInstanceOf(InputException.class)
            .hasMessage("task what: not known (expected: submitted before)");
        LeaseName lease = name(queue.lease(session, 1).get(0));
        assertThatThrownBy(() -> queue.report(session, lease, Outcome.getDefaultInstance())).isInstanceOf(InputException.class);
        assertThat(queue.report(session, lease, outcome("sound"))).isTrue();
    }

    /** In a queue whose waiters do not look by themselves within the time that this test has. */
    @Test
    @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void waitersAreWokenByWhatOthersDo() {
        queue = new TaskQueue(database, clock, clock::nanoTime, LEASE, Duration.ofHours(1));
        String pi = join("pi");
        CompletableFuture<TaskQueue.Leased> waiting = queue.lease(pi, 1, Duration.ofHours(1));
        CompletableFuture<TaskQueue.Leased> another = queue.lease(join("phone"), 1, Duration.ofHours(1));
        assertThat(waiting).isNotDone();
        submit("pi", "a");
        assertThat(ids(waiting.join().tasks())).containsExactly("a");
        CompletableFuture<List<TaskOutcome>> outcomes = queue.outcomes(Set.of("a"), 1, "", Duration.ofHours(1));
        assertThat(outcomes).isNotDone();
        queue.report(pi, name(waiting.join().tasks().get(0)), outcome("done"));
        assertThat(outcomes.join()).extracting(TaskOutcome::getTaskId).containsExactly("a");
        assertThat(another).as("one whom it does not concern").isNotDone();
        assertThat(queue.waiting()).isEqualTo(1);
    }

    @Test
    void waitersNoticeLeasesThatRunOut() {
        String session = join("pi");
        submit("pi", "a");
        queue.lease(session, 1);
        clock.advance(LEASE);
        assertThat(ids(queue.lease(session, 1, Duration.ZERO).join().tasks())).containsExactly("a");
        assertThat(queue.lease(session, 1, Duration.ZERO).join().tasks()).isEmpty();
        CompletableFuture<TaskQueue.Leased> waiting = queue.lease(session, 1, Duration.ofMinutes(5));
        clock.advance(LEASE);
        assertThat(ids(waiting.join().tasks())).containsExactly("a");
    }

    @Test
    void whoeverIsGoneTakesNothing() {
        String session = join("pi");
        CompletableFuture<TaskQueue.Leased> gone = queue.lease(session, 1, Duration.ofMinutes(5));
        gone.cancel(false);
        assertThat(queue.waiting()).isZero();
        submit("pi", "a");
        assertThat(queue.lease(session, 1)).extracting(LeasedTask::getEpoch).containsExactly(1L);
    }

    /** One that leases again and again without waiting for the answers holds no more than a few of them. */
    @Test
    void aDeviceHasFewWaitingCalls() {
        String session = join("pi");
        List<CompletableFuture<TaskQueue.Leased>> calls = IntStream.range(0, 100)
            .mapToObj(i -> queue.lease(session, 1, Duration.ofMinutes(5))).toList();
        assertThat(queue.waiting()).isEqualTo(TaskQueue.MOST_WAITING);
        assertThat(calls.get(0).join().tasks()).isEmpty();
        assertThat(calls.get(99)).isNotDone();
    }

    private String join(String device, String machine, String process) {
        return queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).setMachine(machine).setProcess(process).build());
    }

    /** What it was is looked up first, and what it is now is written when others have had their turns. */
    @Test
    void aDeviceThatIsRemovedWhileItTellsItsPowerModeHasToJoinAgain() {
        String session = join("pi");
        CompletableFuture<Void> told = new CompletableFuture<>();
        database.transaction(handle -> {
            handle.execute("DELETE FROM devices");
            Thread agent = new Thread(() -> {
                try {
                    queue.inPowerMode(session, "MAXN");
                    told.complete(null);
                } catch (RuntimeException e) {
                    told.completeExceptionally(e);
                }
            });
            agent.start();
            while (agent.getState() != Thread.State.WAITING && !told.isDone()) {
                Thread.onSpinWait();
            }
            return null;
        });
        assertThatThrownBy(told::join).hasCauseInstanceOf(UnknownSessionException.class);
    }

    private void assertTaken(String machine, String process, long silentSeconds) {
        assertThatThrownBy(() -> join("pi", machine, process)).isInstanceOf(NameTakenException.class)
            .hasMessage("device pi: the name belongs to another agent, heard of " + silentSeconds + " s ago (expected: a name of its own;"
                + " this one is free when that agent has been silent for 30 s)");
    }

    @Test
    void aNameBelongsToOneMachineAtATime() {
        String session = join("pi", "a", "1");
        submit("pi", "t");
        assertThat(ids(queue.lease(session, 1))).containsExactly("t");
        clock.advance(Duration.ofSeconds(3));
        assertTaken("b", "2", 3);
        assertThat(queue.renew(session, List.of(), TaskQueue.Progress.NONE)).as("the first goes on").isEmpty();
        assertThat(join("pi", "a", "1")).as("reconnects").isNotEqualTo(session);
        join("other", "b", "2");

        restart();
        clock.advance(ALMOST);
        assertTaken("b", "2", 29);
        clock.advance(TICK.plus(TICK));
        join("pi", "b", "2");
        assertTaken("a", "1", 0);
    }

    /** A restarted agent takes the place of its former self; two of one machine do not take turns. */
    @Test
    void ofOneMachineTheNewerAgentHasTheName() {
        join("pi", "a", "1");
        join("pi", "a", "2");
        assertTaken("a", "1", 0);
        join("pi", "a", "3");
        assertTaken("a", "2", 0);
        clock.advance(LEASE.plus(TICK));
        join("pi", "a", "1");
        assertTaken("a", "3", 0);
    }

    private void submit(String device, String... ids) {
        queue.submit(device, Arrays.stream(ids).map(TaskQueueTest::task).toList());
    }

    private static Task task(String id) {
        return Task.newBuilder().setId(id).build();
    }

    private static Outcome outcome(String reason) {
        return Outcome.newBuilder().setFailed(Failed.newBuilder().setReason(reason)).build();
    }

    private static List<LeaseName> names(List<LeasedTask> tasks) {
        return tasks.stream().map(TaskQueueTest::name).toList();
    }
}
