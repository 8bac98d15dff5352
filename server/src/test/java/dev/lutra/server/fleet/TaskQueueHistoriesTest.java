package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.store.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of submissions, agents that come, go, die, renew, report, repeat themselves and come back late, time that
 * passes, servers that restart, operators who cancel and drain. After every step the queue's answer is checked against what a lease is by definition:
 * a promise to one session until a time, which may be renewed until somebody else has the task. At the end no task is lost and none
 * has two outcomes.
 */
class TaskQueueHistoriesTest {

    private static final List<String> DEVICES = List.of("pi", "phone");
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final int STEPS = 250;

    /** A lease as the agent that got it remembers it. */
    private record Grant(String device, LeaseName name) {}

    /** A task as the queue is to have it. */
    private static final class Expected {
        final String device;
        long epoch;
        long staleEpoch;
        int attempts;
        /** Of the newest lease, until its task is free for anybody. */
        String session;
        boolean leased;
        long expires;
        boolean underWay;
        Outcome outcome;
        long reportedEpoch;

        Expected(String device) {
            this.device = device;
        }

        void takeBack() {
            if (session != null && outcome == null) {
                attempts += underWay ? 1 : 0;
                if (underWay && attempts == TaskQueue.MAX_ATTEMPTS) {
                    outcome = GIVEN_UP;
                }
                free();
            }
        }

        void free() {
            session = null;
            leased = false;
            underWay = false;
        }
    }

    private static final Outcome GIVEN_UP = Outcome.newBuilder()
        .setFailed(Failed.newBuilder().setReason("the agent was lost 5 times while it had this task")).build();
    private static final Outcome CANCELLED = Outcome.newBuilder()
        .setFailed(Failed.newBuilder().setReason("cancelled by an operator (run it again to have it done)")).build();

    @TempDir
    Path folder;
    private final VirtualClock clock = new VirtualClock();
    private Random random;
    private Database database;
    private TaskQueue queue;

    /** Every task, in the order of submission. */
    private final Map<String, Expected> tasks = new LinkedHashMap<>();
    private final Map<String, String> sessions = new HashMap<>();
    private final Map<String, Long> heard = new HashMap<>();
    private final List<Grant> grants = new ArrayList<>();
    private final Set<String> draining = new HashSet<>();
    private int reports;

    static IntStream seeds() {
        return IntStream.range(0, 15);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void noTaskIsLostAndNoneIsDoneTwice(int seed) {
        random = new Random(seed);
        open();
        try {
            DEVICES.forEach(this::join);
            for (int step = 0; step < STEPS; step++) {
                step();
                checkOutcomes();
            }
            finish();
        } finally {
            database.close();
        }
    }

    private void open() {
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, clock, clock::nanoTime, LEASE, TaskQueue.RECHECK);
    }

    private void step() {
        int dice = random.nextInt(105);
        if (dice < 15) {
            submit();
        } else if (dice < 40) {
            lease(anyDevice(), 1 + random.nextInt(4));
        } else if (dice < 54) {
            renew();
        } else if (dice < 58) {
            begin();
        } else if (dice < 61) {
            giveBack();
        } else if (dice < 77) {
            if (!grants.isEmpty()) {
                report(anyGrant());
            }
        } else if (dice < 86) {
            clock.advance(Duration.ofMillis(random.nextInt((int) LEASE.toMillis())));
        } else if (dice < 90) {
            clock.advance(LEASE);
        } else if (dice < 92) {
            clock.jump(Duration.ofMinutes(random.nextInt(-600, 600)));
        } else if (dice < 95) {
            join(anyDevice());
        } else if (dice < 97) {
            agentDied(anyDevice());
        } else if (dice < 100) {
            cancel();
        } else if (dice < 102) {
            drain(anyDevice());
        } else {
            restart();
        }
    }

    /** By the clock that measures how long things last. */
    private long now() {
        return clock.nanoTime() / 1_000_000;
    }

    private String anyDevice() {
        return DEVICES.get(random.nextInt(DEVICES.size()));
    }

    /** Mostly of the newest, but any lease ever given may come back. */
    private Grant anyGrant() {
        int newest = Math.min(grants.size(), random.nextInt(10) == 0 ? grants.size() : 6);
        return grants.get(grants.size() - 1 - random.nextInt(newest));
    }

    private List<Grant> someGrants(String device) {
        return grants.stream().filter(grant -> grant.device().equals(device) && random.nextBoolean()).toList();
    }

    private static List<LeaseName> names(List<Grant> grants) {
        return grants.stream().map(Grant::name).toList();
    }

    /** What the queue does ahead of every step. */
    private void endLeases() {
        tasks.values().stream().filter(task -> task.leased && task.expires <= now()).forEach(task -> {
            task.leased = false;
            if (heard.getOrDefault(task.device, Long.MIN_VALUE) > task.expires - LEASE.toMillis() / 2) {
                task.underWay = true;
                task.takeBack();
            }
        });
    }

    private void hear(String device) {
        endLeases();
        heard.put(device, now());
    }

    private void submit() {
        endLeases();
        List<Task> submitted = new ArrayList<>();
        String device = anyDevice();
        for (int i = random.nextInt(5); i >= 0; i--) {
            String id = "task" + random.nextInt(120);
            Expected task = tasks.computeIfAbsent(id, first -> new Expected(device));
            if (task.outcome != null && task.outcome.hasFailed()) {
                task.outcome = null;
                task.attempts = 0;
                task.staleEpoch = task.epoch;
                task.free();
            }
            submitted.add(Task.newBuilder().setId(id).build());
        }
        queue.submit(device, submitted);
    }

    private void join(String device) {
        endLeases();
        tasks.values().stream().filter(task -> task.device.equals(device)).forEach(Expected::takeBack);
        sessions.put(device, queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build()));
        heard.put(device, now());
    }

    private void agentDied(String device) {
        endLeases();
        tasks.values().stream().filter(task -> task.device.equals(device)).forEach(Expected::takeBack);
        queue.agentDied(device);
        heard.remove(device);
    }

    private void cancel() {
        endLeases();
        List<String> some = tasks.keySet().stream().filter(id -> random.nextInt(20) == 0).toList();
        List<Expected> open = some.stream().map(tasks::get).filter(task -> task.outcome == null).toList();
        assertThat(queue.cancel(some)).isEqualTo(open.size());
        open.forEach(task -> {
            task.outcome = CANCELLED;
            task.staleEpoch = task.epoch;
            task.free();
        });
    }

    private void drain(String device) {
        endLeases();
        boolean begins = draining.add(device) || !draining.remove(device);
        queue.drain(device, begins);
    }

    private void restart() {
        database.close();
        clock.advance(Duration.ofMillis(random.nextInt(3 * (int) LEASE.toMillis())));
        open();
        heard.clear();
        tasks.values().forEach(task -> {
            task.underWay = false;
            if (task.leased) {
                task.expires = now() + LEASE.toMillis();
                heard.put(task.device, now());
            }
        });
    }

    private void lease(String device, int max) {
        hear(device);
        List<Expected> heldBefore = tasks.values().stream().filter(task -> task.leased && task.device.equals(device)).toList();
        List<String> available = tasks.keySet().stream()
            .filter(id -> tasks.get(id).device.equals(device) && !tasks.get(id).leased && tasks.get(id).outcome == null).toList();

        List<LeasedTask> leased = queue.lease(sessions.get(device), max);

        if (draining.contains(device)) {
            assertThat(leased).as("while it is drained").isEmpty();
            return;
        }
        assertThat(leased.stream().map(task -> task.getTask().getId())).as("head of the queue")
            .isEqualTo(available.subList(0, leased.size())).hasSizeLessThanOrEqualTo(max);
        boolean suspect = leased.stream().anyMatch(task -> tasks.get(task.getTask().getId()).attempts >= TaskQueue.SUSPECT_AFTER);
        assertThat(suspect && leased.size() + heldBefore.size() > 1).as("a suspect in company").isFalse();
        assertThat(leased.isEmpty() && heldBefore.isEmpty() && !available.isEmpty()).as("an idle agent gets nothing").isFalse();
        for (LeasedTask given : leased) {
            Expected task = tasks.get(given.getTask().getId());
            assertThat(given.getEpoch()).isEqualTo(++task.epoch);
            task.session = sessions.get(device);
            task.leased = true;
            task.underWay = heldBefore.isEmpty();
            task.expires = now() + LEASE.toMillis();
            grants.add(new Grant(device, LeaseName.newBuilder().setTaskId(given.getTask().getId()).setEpoch(given.getEpoch()).build()));
        }
    }

    /** Whether a lease is its task's newest, and nobody else may have the task. */
    private boolean isOwn(Grant grant) {
        Expected task = tasks.get(grant.name().getTaskId());
        return task.outcome == null && grant.name().getEpoch() == task.epoch && sessions.get(grant.device()).equals(task.session);
    }

    private void renew() {
        String device = anyDevice();
        hear(device);
        List<Grant> some = someGrants(device);
        List<Grant> own = some.stream().filter(this::isOwn).toList();

        assertThat(queue.renew(sessions.get(device), names(some), TaskQueue.Progress.NONE)).isEqualTo(names(own));

        own.forEach(grant -> {
            tasks.get(grant.name().getTaskId()).leased = true;
            tasks.get(grant.name().getTaskId()).expires = now() + LEASE.toMillis();
        });
    }

    private void begin() {
        String device = anyDevice();
        hear(device);
        List<Grant> some = someGrants(device);
        queue.begin(sessions.get(device), names(some));
        some.stream().filter(this::isOwn).forEach(grant -> tasks.get(grant.name().getTaskId()).underWay = true);
    }

    private void giveBack() {
        String device = anyDevice();
        hear(device);
        List<Grant> some = someGrants(device);
        queue.giveBack(sessions.get(device), names(some));
        some.stream().filter(this::isOwn).forEach(grant -> tasks.get(grant.name().getTaskId()).free());
    }

    private void report(Grant grant) {
        hear(grant.device());
        Expected task = tasks.get(grant.name().getTaskId());
        long epoch = grant.name().getEpoch();
        boolean counts = task.outcome == null && epoch > task.staleEpoch;
        Outcome.Builder outcome = Outcome.newBuilder();
        if (random.nextInt(4) == 0) {
            outcome.setFailed(Failed.newBuilder().setReason("report " + reports++));
        } else {
            outcome.setMeasured(Measured.newBuilder().setCircumstances(Circumstances.newBuilder().setAgentVersion("report " + reports++)));
        }

        assertThat(queue.report(sessions.get(grant.device()), grant.name(), outcome.build()))
            .isEqualTo(counts || task.outcome != null && task.outcome != GIVEN_UP && task.outcome != CANCELLED && task.reportedEpoch == epoch);

        if (counts) {
            task.outcome = outcome.build();
            task.reportedEpoch = epoch;
            task.free();
        }
    }

    private void checkOutcomes() {
        endLeases();
        Map<String, Outcome> stored = new HashMap<>();
        for (TaskOutcome outcome : queue.outcomes(new LinkedHashSet<>(tasks.keySet()))) {
            assertThat(outcome.getAttempts()).isEqualTo((int) tasks.get(outcome.getTaskId()).epoch);
            stored.put(outcome.getTaskId(), outcome.getOutcome());
        }
        Map<String, Outcome> expected = new HashMap<>();
        tasks.forEach((id, task) -> {
            if (task.outcome != null) {
                expected.put(id, task.outcome);
            }
        });
        assertThat(stored).isEqualTo(expected);
    }

    /** Agents that do their work to the end leave nothing undone. */
    private void finish() {
        for (String device : DEVICES) {
            join(device);
            if (draining.contains(device)) {
                drain(device);
            }
            for (int before = -1; before < grants.size();) {
                before = grants.size();
                lease(device, 64);
                List.copyOf(grants.subList(before, grants.size())).forEach(this::report);
            }
        }
        checkOutcomes();
        assertThat(tasks.values()).allMatch(task -> task.outcome != null);
    }
}
