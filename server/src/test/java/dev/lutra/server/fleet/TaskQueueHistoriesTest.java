package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.store.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of submissions, agents that come, go, renew, report, repeat themselves and come back late, time that
 * passes and servers that restart. After every step the queue's answer is checked against what a lease is by definition:
 * a promise to one session until a time. At the end no task is lost and none was done twice.
 */
class TaskQueueHistoriesTest {

    private static final List<String> DEVICES = List.of("pi", "phone");
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final int STEPS = 200;

    /** A lease as the agent that got it remembers it. */
    private static final class Grant {
        final String device;
        final String session;
        final LeaseName name;
        long expires;

        Grant(String device, String session, LeaseName name, long expires) {
            this.device = device;
            this.session = session;
            this.name = name;
            this.expires = expires;
        }
    }

    @TempDir
    Path folder;
    private final VirtualClock clock = new VirtualClock();
    private Random random;
    private Database database;
    private TaskQueue queue;

    /** Device of every submitted task, in the order of submission. */
    private final Map<String, String> submitted = new LinkedHashMap<>();
    private final Map<String, String> sessions = new HashMap<>();
    private final List<Grant> grants = new ArrayList<>();
    private final Map<String, Long> newestEpoch = new HashMap<>();
    /** The one outcome of each task that was accepted, by task. */
    private final Map<String, Outcome> accepted = new HashMap<>();
    private final Map<LeaseName, Outcome> acceptedOf = new HashMap<>();
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
        queue = new TaskQueue(database, clock, LEASE);
    }

    private void step() {
        int dice = random.nextInt(100);
        if (dice < 15) {
            submit();
        } else if (dice < 45) {
            lease(anyDevice(), 1 + random.nextInt(4));
        } else if (dice < 60) {
            renew();
        } else if (dice < 80) {
            if (!grants.isEmpty()) {
                report(anyGrant());
            }
        } else if (dice < 90) {
            clock.advance(Duration.ofMillis(random.nextInt((int) LEASE.toMillis())));
        } else if (dice < 94) {
            clock.advance(LEASE);
        } else if (dice < 97) {
            join(anyDevice());
        } else {
            restart();
        }
    }

    private String anyDevice() {
        return DEVICES.get(random.nextInt(DEVICES.size()));
    }

    /** Mostly of the newest, but any lease ever given may come back. */
    private Grant anyGrant() {
        int newest = Math.min(grants.size(), random.nextInt(10) == 0 ? grants.size() : 6);
        return grants.get(grants.size() - 1 - random.nextInt(newest));
    }

    private void submit() {
        List<Task> tasks = new ArrayList<>();
        String device = anyDevice();
        for (int i = random.nextInt(5); i >= 0; i--) {
            String id = "task" + random.nextInt(120);
            submitted.putIfAbsent(id, device);
            tasks.add(Task.newBuilder().setId(id).build());
        }
        queue.submit(device, tasks);
    }

    private void join(String device) {
        sessions.put(device, queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build()));
    }

    private void restart() {
        database.close();
        clock.advance(Duration.ofMillis(random.nextInt(3 * (int) LEASE.toMillis())));
        long before = clock.millis();
        open();
        grants.stream().filter(this::isNewest).filter(grant -> grant.expires > lastSeenRunning)
            .forEach(grant -> grant.expires = Math.max(grant.expires, before + LEASE.toMillis()));
    }

    private long lastSeenRunning;

    private void lease(String device, int max) {
        List<String> heldBefore = submitted.keySet().stream()
            .filter(id -> isHeld(id) && submitted.get(id).equals(device)).toList();
        List<String> available = submitted.keySet().stream()
            .filter(id -> submitted.get(id).equals(device) && !isHeld(id) && !isDone(id)).toList();

        List<LeasedTask> leased = queue.lease(sessions.get(device), max);

        assertThat(leased.stream().map(task -> task.getTask().getId())).as("head of the queue")
            .isEqualTo(available.subList(0, leased.size())).hasSizeLessThanOrEqualTo(max);
        boolean suspect = leased.stream().anyMatch(task -> task.getEpoch() > TaskQueue.SUSPECT_AFTER);
        assertThat(suspect && leased.size() + heldBefore.size() > 1).as("a suspect in company").isFalse();
        assertThat(leased.isEmpty() && heldBefore.isEmpty() && !available.isEmpty()).as("an idle agent gets nothing").isFalse();
        for (LeasedTask task : leased) {
            String id = task.getTask().getId();
            assertThat(task.getEpoch()).isEqualTo(newestEpoch.getOrDefault(id, 0L) + 1);
            newestEpoch.put(id, task.getEpoch());
            grants.add(new Grant(device, sessions.get(device),
                LeaseName.newBuilder().setTaskId(id).setEpoch(task.getEpoch()).build(),
                clock.millis() + LEASE.toMillis()));
        }
    }

    private void renew() {
        String device = anyDevice();
        List<Grant> some = grants.stream().filter(grant -> grant.device.equals(device) && random.nextBoolean()).toList();
        List<LeaseName> expected = some.stream().filter(this::isHeld).map(grant -> grant.name).toList();

        assertThat(queue.renew(sessions.get(device), some.stream().map(grant -> grant.name).toList(), TaskQueue.Progress.NONE)).isEqualTo(expected);

        some.stream().filter(this::isHeld).forEach(grant -> grant.expires = clock.millis() + LEASE.toMillis());
    }

    private void report(Grant grant) {
        Outcome outcome = Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("report " + reports++)).build();
        boolean expected = isHeld(grant) || acceptedOf.containsKey(grant.name);

        assertThat(queue.report(sessions.get(grant.device), grant.name, outcome)).isEqualTo(expected);

        if (expected) {
            acceptedOf.putIfAbsent(grant.name, outcome);
            accepted.putIfAbsent(grant.name.getTaskId(), outcome);
        }
    }

    private boolean isNewest(Grant grant) {
        return grant.session.equals(sessions.get(grant.device))
            && grant.name.getEpoch() == newestEpoch.get(grant.name.getTaskId());
    }

    private boolean isHeld(Grant grant) {
        return isNewest(grant) && clock.millis() < grant.expires && !accepted.containsKey(grant.name.getTaskId());
    }

    private boolean isHeld(String id) {
        return grants.stream().anyMatch(grant -> grant.name.getTaskId().equals(id) && isHeld(grant));
    }

    private boolean isDone(String id) {
        return accepted.containsKey(id) || isPoison(id);
    }

    private boolean isPoison(String id) {
        return newestEpoch.getOrDefault(id, 0L) == TaskQueue.MAX_ATTEMPTS && !isHeld(id) && !accepted.containsKey(id);
    }

    private void checkOutcomes() {
        Map<String, Outcome> stored = new HashMap<>();
        for (TaskOutcome outcome : queue.outcomes(new LinkedHashSet<>(submitted.keySet()))) {
            assertThat(outcome.getAttempts()).isEqualTo(newestEpoch.get(outcome.getTaskId()).intValue());
            stored.put(outcome.getTaskId(), outcome.getOutcome());
        }
        for (String id : submitted.keySet()) {
            if (isPoison(id)) {
                assertThat(stored.remove(id).getFailed().getReason()).startsWith("the agent was lost 5 times");
            }
        }
        assertThat(stored).isEqualTo(accepted);
        lastSeenRunning = clock.millis();
    }

    /** Agents that do their work to the end leave nothing undone. */
    private void finish() {
        for (String device : DEVICES) {
            join(device);
            for (int before = -1; before < grants.size();) {
                before = grants.size();
                lease(device, 64);
                grants.subList(before, grants.size()).forEach(this::report);
            }
        }
        checkOutcomes();
        assertThat(submitted.keySet()).allMatch(this::isDone);
    }
}
