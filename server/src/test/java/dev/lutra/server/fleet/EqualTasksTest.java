package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Budget;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Load;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Sharing;
import dev.lutra.proto.SystemState;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same model on the same device is not measured twice, whoever asks; and what is not the same is. */
class EqualTasksTest extends QueueOnVirtualClock {

    private static final Submitter ANNE = new Submitter("anne", 0);
    private static final Submitter BERT = new Submitter("bert", 0);
    private static final JoinRequest BOARD = JoinRequest.newBuilder()
        .setDevice(Device.newBuilder().setName("board").setCpu("Cortex-A78").setOs("Linux 5.15").putEnergyOfModels("cpu", "ina")
            .putEnergyOfModels("cuda", "ina"))
        .setAgentVersion("1").setMachine("random").setProcess("one").setPowerMode("MAXN")
        .addRuntimes(RuntimeOffer.newBuilder().setName("onnxruntime").setVersion("1.22.0").addProviders("cpu"))
        .addRuntimes(RuntimeOffer.newBuilder().setName("trt").setVersion("10").addProviders("trt")).build();

    private static Task.Builder task(String id) {
        return Task.newBuilder().setId(id).setModelSha256("ab12").setLabel(id).setProvider("cpu").setThreads(4).setSharing(Sharing.SHARED)
            .setRules(MeasureRules.newBuilder().setMinRounds(4)).addInputs(ModelInput.newBuilder().setName("input").addShape(3).setRandomSeed(0));
    }

    private static Outcome measured(long nanos, boolean converged, String mode) {
        Measured.Builder measured = Measured.newBuilder()
            .setCircumstances(Circumstances.newBuilder().setConverged(converged).setSystem(SystemState.newBuilder().setPowerMode(mode)));
        measured.getLatencyBuilder().setP50Nanos(nanos);
        return Outcome.newBuilder().setMeasured(measured).build();
    }

    private static Outcome sound(long nanos) {
        return measured(nanos, true, "MAXN");
    }

    private void submit(Submitter by, Task.Builder task) {
        queue.submit("board", List.of(task.build()), by);
    }

    private Optional<Outcome> outcome(String id) {
        return queue.outcomes(Set.of(id)).stream().map(TaskOutcome::getOutcome).findFirst();
    }

    /** Leases the one task that there is, and reports. */
    private void doOne(String session, String id, Outcome outcome) {
        List<LeasedTask> leased = queue.lease(session, 9);
        assertThat(ids(leased)).containsExactly(id);
        assertThat(queue.report(session, name(leased.get(0)), outcome)).isTrue();
    }

    @Test
    void whoComesLaterHasTheOutcomeAtOnce() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        doOne(session, "a", sound(100));
        restart();
        CompletableFuture<List<TaskOutcome>> none = queue.outcomes(Set.of(), 0, "bert", Duration.ZERO);
        assertThat(none.join()).isEmpty();
        submit(BERT, task("b").setLabel("another").setBudget(Budget.newBuilder().setBatch("bert's").setNanos(60)));
        assertThat(outcome("b")).contains(sound(100));
        submit(BERT, task("b"));
        session = queue.join(BOARD.toBuilder().setProcess("two").build());
        submit(BERT, task("c"));
        assertThat(outcome("c")).as("the same machine, started again").contains(sound(100));
        assertThat(queue.lease(session, 9)).isEmpty();
    }

    @Test
    void whoAsksMeanwhileWaitsForTheOneThatIsUnderWay() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        submit(BERT, task("b"));
        submit(BERT, task("other").setModelSha256("cd34"));
        List<LeasedTask> leased = queue.lease(session, 9);
        assertThat(ids(leased)).as("one of two equal ones").containsExactly("a", "other");
        submit(BERT, task("c"));
        CompletableFuture<List<TaskOutcome>> waiting = queue.outcomes(Set.of("b", "c"), 2, "bert", Duration.ofMinutes(5));
        assertThat(queue.lease(session, 9)).as("while it is under way").isEmpty();
        assertThat(waiting).isNotDone();
        queue.report(session, name(leased.get(0)), sound(100));
        assertThat(waiting.join()).extracting(TaskOutcome::getOutcome).containsExactly(sound(100), sound(100));
    }

    @Test
    void theHighestPriorityOfEqualTasksCounts() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        submit(ANNE, task("before").setModelSha256("cd34"));
        submit(new Submitter("bert", 7), task("b"));
        assertThat(ids(queue.lease(session, 1))).containsExactly("b");
        assertThat(ids(queue.lease(session, 1))).containsExactly("before");
        queue.report(session, lease("b", 1), sound(100));
        assertThat(outcome("a")).contains(sound(100));
    }

    @Test
    void whatOneOwnerCancelsGoesOnForTheOther() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        submit(BERT, task("b"));
        LeaseName first = name(queue.lease(session, 9).get(0));
        queue.cancelOfOwner("anne");
        assertThat(outcome("a")).map(Outcome::hasFailed).contains(true);
        assertThat(outcome("b")).isEmpty();
        assertThat(queue.renew(session, List.of(first), TaskQueue.Progress.NONE)).isEmpty();
        doOne(session, "b", sound(100));
        assertThat(outcome("a")).as("stays cancelled").map(Outcome::hasFailed).contains(true);

        submit(ANNE, task("c").setThreads(1));
        submit(BERT, task("d").setThreads(1));
        queue.cancelOfOwner("bert");
        doOne(session, "c", sound(200));
        assertThat(outcome("d")).map(Outcome::hasFailed).contains(true);
    }

    /** An owner who has gone does not take with it what another waits for. */
    @Test
    void whatIsGivenUpForOneGoesOnForTheOther() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        submit(BERT, task("b"));
        for (Duration silent = Duration.ZERO; silent.compareTo(Owners.MOST_SILENCE) <= 0; silent = silent.plusMinutes(10)) {
            queue.outcomes(Set.of("b"), 1, "bert", Duration.ZERO).join();
            clock.advance(Duration.ofMinutes(10));
        }
        assertThat(queue.outcomes(Set.of("a", "b"), 1, "bert", Duration.ZERO).join()).as("given up").hasSize(1);
        doOne(session, "b", sound(100));
    }

    @Test
    void whoAsksForAFreshFigureGetsOne() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        doOne(session, "a", sound(100));
        submit(BERT, task("anew").setSharing(Sharing.ANEW));
        submit(BERT, task("alone").setSharing(Sharing.ALONE));
        List<LeasedTask> leased = queue.lease(session, 9);
        assertThat(ids(leased)).containsExactly("anew", "alone");
        submit(ANNE, task("waits").setThreads(1));
        submit(ANNE, task("fresh").setThreads(1).setSharing(Sharing.ANEW));
        assertThat(ids(queue.lease(session, 9))).containsExactly("waits", "fresh");
        queue.report(session, lease("waits", 1), sound(300));
        assertThat(outcome("fresh")).as("somebody else's is not fresh").isEmpty();
        clock.advance(Duration.ofSeconds(1));
        queue.report(session, lease("anew", 1), sound(120));
        queue.report(session, lease("alone", 1), sound(130));
        submit(ANNE, task("later"));
        assertThat(outcome("later")).as("the newest that others may have").contains(sound(120));
    }

    @Test
    void whatAsksForSomethingElseIsMeasured() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        doOne(session, "a", sound(100));
        List<UnaryOperator<Task.Builder>> changes = List.of(
            task -> task.setModelSha256("cd34"), task -> task.setThreads(2), task -> task.setProvider("trt"), task -> task.setEnergy(true),
            task -> task.setMemory(true), task -> task.putProviderOptions("device_id", "1"), task -> task.setReturnOutputs(true),
            task -> task.setRules(MeasureRules.newBuilder().setMinRounds(5)), Task.Builder::clearRules,
            task -> task.setInputs(0, task.getInputs(0).toBuilder().setRandomSeed(1)),
            task -> task.setLoad(Load.newBuilder().setRequestsPerSecond(1)), task -> task.setSharing(Sharing.ALONE));
        for (int i = 0; i < changes.size(); i++) {
            submit(BERT, changes.get(i).apply(task("changed" + i)));
        }
        assertThat(queue.lease(session, 64)).hasSize(changes.size());
        queue.submit("another board", List.of(task("elsewhere").build()), BERT);
        assertThat(outcome("elsewhere")).as("on another device").isEmpty();
    }

    @Test
    void aDeviceThatHasChangedIsAnother() {
        List<UnaryOperator<JoinRequest.Builder>> changes = List.of(
            board -> board.setPowerMode("MODE_15W"), board -> board.setAgentVersion("2"), board -> board.setMachine("replaced"),
            board -> board.setDevice(board.getDevice().toBuilder().setOs("Linux 6.1")),
            board -> board.setDevice(board.getDevice().toBuilder().setCpuQuota(2)),
            board -> board.setRuntimes(0, board.getRuntimes(0).toBuilder().setVersion("1.23.0")));
        submit(ANNE, task("a"));
        doOne(queue.join(BOARD), "a", sound(100));
        for (int i = 0; i < changes.size(); i++) {
            clock.advance(LEASE.plusSeconds(1)); // after which another machine may take the name
            String session = queue.join(changes.get(i).apply(BOARD.toBuilder()).build());
            submit(BERT, task("changed" + i));
            doOne(session, "changed" + i, measured(200 + i, true, i == 0 ? "MODE_15W" : "MAXN"));
        }
        clock.advance(LEASE.plusSeconds(1));
        queue.join(BOARD.toBuilder().setRuntimes(1, BOARD.getRuntimes(1).toBuilder().setVersion("11")).build());
        submit(BERT, task("back"));
        assertThat(outcome("back")).as("what the task does not use may change").contains(sound(100));
    }

    /** Boards are put into another mode while their agents run. */
    @Test
    void thePowerModeIsThatOfNow() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        doOne(session, "a", sound(100));
        queue.inPowerMode(session, "MODE_15W");
        submit(BERT, task("b"));
        doOne(session, "b", measured(300, true, "MODE_15W"));
        submit(ANNE, task("c"));
        assertThat(outcome("c")).contains(measured(300, true, "MODE_15W"));
        queue.inPowerMode(session, "MAXN");
        submit(ANNE, task("d"));
        assertThat(outcome("d")).contains(sound(100));
        submit(ANNE, task("e").setThreads(1));
        doOne(session, "e", measured(900, true, "MODE_10W"));
        submit(BERT, task("f").setThreads(1));
        assertThat(outcome("f")).as("measured in a mode that was gone before anybody told of it").isEmpty();
    }

    @Test
    void whatIsDoubtfulIsForNobodyWhoComesLater() {
        String session = queue.join(BOARD);
        submit(ANNE, task("a"));
        doOne(session, "a", measured(100, false, "MAXN"));
        submit(BERT, task("b"));
        doOne(session, "b", Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("out of memory")).build());
        submit(ANNE, task("c"));
        doOne(session, "c", sound(110));
        submit(BERT, task("b"));
        assertThat(outcome("b")).as("had failed, and is asked for again").contains(sound(110));
    }

    /** What is imprecise because there was little time is no use to who has more; who has as much waits for it. */
    @Test
    void littleTimeIsOnesOwn() {
        Budget little = Budget.newBuilder().setBatch("anne's").setNanos(60).build();
        String session = queue.join(BOARD);
        submit(ANNE, task("a").setBudget(little));
        submit(BERT, task("b"));
        doOne(session, "a", measured(100, false, "MAXN"));
        doOne(session, "b", sound(110));
        submit(ANNE, task("c").setBudget(little));
        assertThat(outcome("c")).contains(sound(110));
    }

    /** A model that crashes its agent does so whoever asks for it. */
    @Test
    void whatKillsAgentsDoesSoOnlyOnceForAll() {
        submit(ANNE, task("a"));
        submit(BERT, task("b"));
        for (int death = 0; death < TaskQueue.MAX_ATTEMPTS; death++) {
            assertThat(ids(queue.lease(queue.join(BOARD), 9))).containsExactly("a");
        }
        assertThat(queue.lease(queue.join(BOARD), 9)).isEmpty();
        assertThat(outcome("b")).map(failed -> failed.getFailed().getReason()).contains("the agent was lost 5 times while it had this task");
    }

    /** However owners come, cancel and ask again: nothing is under way twice, nothing is done more often than it has to be, all are told. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void ofAnyHistoryEachModelIsMeasuredOnce(int seed) {
        Random random = new Random(seed);
        String session = queue.join(BOARD);
        Map<String, Integer> modelOf = new LinkedHashMap<>();
        Map<Integer, Integer> measured = new HashMap<>();
        Map<String, LeasedTask> leased = new LinkedHashMap<>();
        Set<String> cancelled = new HashSet<>();
        for (int step = 0; step < 200; step++) {
            int dice = random.nextInt(10);
            if (dice < 4) {
                int model = random.nextInt(12);
                Submitter owner = new Submitter("owner" + random.nextInt(3), random.nextInt(2));
                String id = "task" + step;
                submit(owner, task(id).setThreads(1 + model));
                modelOf.put(id, model);
            } else if (dice < 7) {
                queue.lease(session, 1 + random.nextInt(3)).forEach(task -> {
                    assertThat(leased.values()).as("under way").noneMatch(other -> other.getTask().getThreads() == task.getTask().getThreads());
                    leased.put(task.getTask().getId(), task);
                });
            } else if (dice < 9 && !leased.isEmpty()) {
                LeasedTask task = leased.remove(leased.keySet().iterator().next());
                assertThat(queue.report(session, name(task), sound(task.getTask().getThreads()))).isTrue();
                measured.merge(task.getTask().getThreads() - 1, 1, Integer::sum);
            } else if (!modelOf.isEmpty()) {
                String any = List.copyOf(modelOf.keySet()).get(random.nextInt(modelOf.size()));
                if (queue.cancel(List.of(any)) == 1) {
                    cancelled.add(any);
                    leased.remove(any);
                }
            }
        }
        for (List<LeasedTask> rest = queue.lease(session, 64); !leased.isEmpty() || !rest.isEmpty(); rest = queue.lease(session, 64)) {
            rest.forEach(task -> leased.put(task.getTask().getId(), task));
            leased.values().forEach(task -> {
                queue.report(session, name(task), sound(task.getTask().getThreads()));
                measured.merge(task.getTask().getThreads() - 1, 1, Integer::sum);
            });
            leased.clear();
        }
        assertThat(measured.values()).isNotEmpty().allMatch(times -> times == 1);
        modelOf
            .forEach((id, model) -> assertThat(outcome(id)).as(id).map(got -> got.hasMeasured() ? got.getMeasured().getLatency().getP50Nanos() : -1)
                .contains(cancelled.contains(id) ? -1L : model + 1L));
    }
}
