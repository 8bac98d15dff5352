package dev.lutra.server.fleet;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Sharing;
import dev.lutra.proto.Standing;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.TaskState;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.StorageException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks of every device: {@code queued → leased → done}, in the order of their priority, and of one priority in the {@link Turns} of
 * their owners; those of one owner in the order of their submission.
 *
 * <p>A lease ends with a report, or is lost when it is not renewed in time or its agent joins anew. A lost task is at the
 * head of its queue again, because tasks keep their turn. An agent that was silent for a while, because it slept or its network
 * was cut, may renew what nobody has leased since, and report at any time before somebody else has: the first outcome of a task
 * stays, whichever of its leases it comes from.
 *
 * <p>A task is charged an attempt when its agent died over it: it was under way, and the agent joins anew while this server goes on,
 * or is {@link #agentDied known to have died}. An agent or a run that is stopped, a network, or a server that was away says nothing
 * about tasks, nor does a death about those that lay ready for later. After {@link #MAX_ATTEMPTS} a task fails, so that it cannot bring
 * down agents for ever, and after {@link #SUSPECT_AFTER} it is leased alone, so that what exhausts a device's memory or crashes a
 * browser does not take others with it to the last attempt.
 *
 * <p>All of this is in the database when a method returns. How long leases and silence last is told by a clock that nobody sets; it
 * begins with the server's life. Leases go on when a server is started again: they have a whole lease period from then, for nobody
 * could renew them meanwhile.
 */
public final class TaskQueue {

    private static final Logger LOG = LoggerFactory.getLogger(TaskQueue.class);

    /**
     * A lease not renewed for so long is lost. Long enough for an agent to renew three times over a bad network, short
     * enough that people do not wonder where a lost agent's tasks are.
     */
    public static final Duration DEFAULT_LEASE = Duration.ofSeconds(30);

    /** Agents that may die over a task before it fails. */
    public static final int MAX_ATTEMPTS = 5;

    /** Attempts after which a task has no company any more: two alone tell whether it is to blame. */
    static final int SUSPECT_AFTER = MAX_ATTEMPTS - 2;

    /** Tasks that an agent gets at a time, at most. */
    static final int MAX_LEASED_TOGETHER = 64;

    /** Inputs travel in tasks: the size, in bytes, beyond which a lease takes no further task. */
    private static final int LARGE_LEASE_BYTES = 3 << 20;

    /** Of the tasks that are still to be leased an agent is told so many at most; more are not counted. */
    static final int MOST_COUNTED = 1000;

    /** Waiting leases of one device; a further one ends the oldest. */
    static final int MOST_WAITING = 4;

    /** How often leases that have run out are looked for while somebody waits, as nobody announces them. */
    static final Duration RECHECK = Duration.ofSeconds(1);

    /** Those who wait for outcomes are told what comes within so long together. */
    private static final Duration GATHER = Duration.ofMillis(20);

    /** Tasks, and their bytes, that are stored in one transaction: others wait no longer than for these. */
    private static final int MOST_AT_ONCE = 256;
    private static final long MOST_BYTES_AT_ONCE = 8 << 20;

    /** How old what is stored of a device's last sign of life may be; what is told of it is not. */
    private static final long SEEN_MILLIS = 10_000;

    /** Under it those wait who wait for outcomes; no device has this name. */
    private static final String OUTCOMES = "";

    private static final long NEVER = Long.MAX_VALUE;

    private static final Outcome LOST_TOO_OFTEN = Outcome.newBuilder().setFailed(Failed.newBuilder()
        .setReason("the agent was lost " + MAX_ATTEMPTS + " times while it had this task")).build();

    private static final Outcome CANCELLED = Outcome.newBuilder().setFailed(Failed.newBuilder()
        .setReason("cancelled by an operator (run it again to have it done)")).build();

    /** A lease that its agent still has, or has let run out but may come back to. */
    private static final String OF_AN_AGENT = "state IN ('queued', 'leased') AND session IS NOT NULL";

    /** A lease, the newest or an earlier one, of a task that has no outcome yet. */
    private static final String COUNTS = "state <> 'done' AND id = :id AND :epoch > stale_epoch AND :epoch <= epoch";

    private final Database database;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final long beginNanos;
    private final long leaseMillis;

    /** When devices were last heard of in this server's life, in milliseconds since it began. */
    private final Map<String, Long> heardMillis = new ConcurrentHashMap<>();

    /** Agents whose place a newer one of their machine has taken, by device. */
    private final Map<String, Set<String>> replacedProcesses = new ConcurrentHashMap<>();

    /** What agents say of it, for people to look at: not worth keeping. */
    private final Map<String, Progress> progressByDevice = new ConcurrentHashMap<>();

    /** As of {@link #heardMillis}, what is stored. */
    private final Map<String, Long> seenMillis = new ConcurrentHashMap<>();

    private final ReportedOutcomes reported = new ReportedOutcomes();
    private final Owners owners;
    private final Waits waits;

    /** No lease runs out before. */
    private volatile long nextExpiryMillis;

    public TaskQueue(Database database, Clock clock, Duration lease) {
        this(database, clock, System::nanoTime, lease, RECHECK);
    }

    /**
     * Begins, or goes on with what an earlier life has left.
     *
     * @param clock dates what people look at
     * @param nanoTime a monotonic clock in nanoseconds, by which leases run out
     * @param recheck how often those who wait look for leases that have run out
     */
    TaskQueue(Database database, Clock clock, LongSupplier nanoTime, Duration lease, Duration recheck) {
        this.database = Objects.requireNonNull(database);
        this.clock = Objects.requireNonNull(clock);
        this.nanoTime = nanoTime;
        this.beginNanos = nanoTime.getAsLong();
        this.leaseMillis = lease.toMillis();
        this.waits = new Waits(recheck, this::lookAgain);
        this.owners = new Owners(database.patiently(Owners::waiting));
        database.patiently(handle -> {
            handle.createUpdate("UPDATE tasks SET lease_expires_millis = :expires WHERE state = 'leased'")
                .bind("expires", leaseMillis).execute();
            // who died in between, agent or server, nobody knows
            handle.execute("UPDATE tasks SET under_way = 0 WHERE under_way = 1");
            handle.createQuery("SELECT DISTINCT device FROM tasks WHERE state = 'leased'").mapTo(String.class)
                .forEach(device -> heardMillis.put(device, 0L));
            return null;
        });
    }

    /** Milliseconds since this server began. */
    private long now() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - beginNanos);
    }

    /** How long a lease lives without being renewed. */
    public Duration lease() {
        return Duration.ofMillis(leaseMillis);
    }

    /**
     * Registers a device or, under a known name, replaces its agent: the older session ends and its tasks are queued.
     *
     * @return the session
     * @throws InputException when the device has no name, or one that {@link Names#device} refuses
     * @throws NameTakenException when the name belongs to an agent of another machine that is there
     */
    public String join(JoinRequest request) {
        String device = Names.device("device", request.getDevice().getName());
        String session = UUID.randomUUID().toString();
        announce(device, transaction(handle -> {
            refuseSecond(handle, device, request);
            List<String> failed = takeBack(handle, "device = :key", device);
            progressByDevice.remove(device);
            heardMillis.put(device, now());
            handle.createUpdate("INSERT INTO devices (name, session, description, last_seen_millis)"
                + " VALUES (:name, :session, :description, :now) ON CONFLICT (name) DO UPDATE SET"
                + " session = excluded.session, description = excluded.description,"
                + " last_seen_millis = excluded.last_seen_millis")
                .bind("name", device).bind("session", session)
                .bind("description", request.toByteArray()).bind("now", clock.millis())
                .execute();
            seenMillis.put(device, now());
            return failed;
        }));
        return session;
    }

    /** How a device joined last; empty if it never did. */
    private static Optional<JoinRequest> joined(Handle handle, String device) {
        return handle.createQuery("SELECT description FROM devices WHERE name = :name").bind("name", device)
            .map((row, context) -> parse(JoinRequest.parser(), row.getBytes("description"))).findOne();
    }

    /**
     * A name belongs to the machine whose agent joined under it, until that has been silent for a lease period; whoever was not yet heard
     * of in this server's life may still be there. Of the same machine a newer agent takes the older one's place, which must not
     * take it back: two copies of one machine's state would otherwise go on like that for ever.
     */
    private void refuseSecond(Handle handle, String device, JoinRequest request) {
        Optional<JoinRequest> holder = joined(handle, device);
        if (holder.isEmpty()) {
            return;
        }
        Set<String> replaced = replacedProcesses.computeIfAbsent(device, name -> ConcurrentHashMap.newKeySet());
        boolean isAnother = !holder.get().getMachine().equals(request.getMachine()) || replaced.contains(request.getProcess());
        long silentMillis = now() - heardMillis.getOrDefault(device, 0L);
        if (isAnother && silentMillis <= leaseMillis) {
            throw new NameTakenException("device " + device + ": the name belongs to another agent, heard of " + silentMillis / 1000
                + " s ago (expected: a name of its own; this one is free when that agent has been silent for " + leaseMillis / 1000 + " s)");
        }
        replaced.remove(request.getProcess());
        if (!holder.get().getProcess().isEmpty() && !holder.get().getProcess().equals(request.getProcess())) {
            replaced.add(holder.get().getProcess());
        }
    }

    /**
     * What an agent has got.
     *
     * @param queued how many tasks of its device are still to be leased, {@link #MOST_COUNTED} at most
     */
    public record Leased(List<LeasedTask> tasks, int queued) {

        static final Leased NOTHING = new Leased(List.of(), 0);
    }

    /**
     * Leases tasks of the session's device, those at the head of its queue.
     *
     * @param max how many the agent wants, at least 1; it may get fewer
     * @throws UnknownSessionException when the agent has to join first
     */
    public List<LeasedTask> lease(String session, int max) {
        requireSome(max);
        return transaction(handle -> {
            see(handle, session);
            return take(handle, session, max);
        }).tasks();
    }

    /**
     * As {@link #lease(String, int)}, waiting for tasks where there are none. It was a sign of life when it came, and is none while the
     * agent may be gone: whoever learns that it is cancels the future, and what would have been leased is there for others.
     *
     * @return completed with nothing when the time is over, with an {@link UnknownSessionException} when the agent has to join first
     */
    public CompletableFuture<Leased> lease(String session, int max, Duration wait) {
        requireSome(max);
        Entered entered = transaction(handle -> new Entered(see(handle, session), take(handle, session, max)));
        String device = entered.device();
        if (!entered.leased().tasks().isEmpty()) {
            return CompletableFuture.completedFuture(entered.leased());
        }
        return waits.await(new Waits.Wish<>(device, anything -> true, MOST_WAITING, Duration.ZERO,
            () -> Optional.of(transaction(handle -> take(handle, session, max))).filter(leased -> !leased.tasks().isEmpty()),
            () -> Leased.NOTHING,
            unwanted -> giveBack(session, unwanted.tasks().stream().map(TaskQueue::name).toList())), wait);
    }

    private record Entered(String device, Leased leased) {}

    private static LeaseName name(LeasedTask task) {
        return LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build();
    }

    private static void requireSome(int max) {
        if (max < 1) {
            throw new InputException("max_tasks: " + max + " (expected: at least 1)");
        }
    }

    private Leased take(Handle handle, String session, int max) {
        Session known = session(handle, session);
        if (known.draining()) {
            return Leased.NOTHING;
        }
        String device = known.device();
        Held held = handle.createQuery("SELECT count(*) AS tasks, coalesce(max(attempts), 0) AS attempts FROM tasks"
            + " WHERE device = :device AND state = 'leased'").bind("device", device)
            .map((row, context) -> new Held(row.getInt("tasks"), row.getLong("attempts"))).one();
        if (held.attempts() >= SUSPECT_AFTER) {
            return Leased.NOTHING;
        }
        List<QueuedTask> next = next(head(handle, device, max), held);
        if (next.isEmpty()) {
            return Leased.NOTHING;
        }
        long expires = now() + leaseMillis;
        List<LeasedTask> leased = new ArrayList<>();
        for (QueuedTask task : next) {
            leased.add(handle.createQuery("UPDATE tasks SET state = 'leased', epoch = epoch + 1, session = :session,"
                + " under_way = :idle, lease_expires_millis = :expires WHERE position = :position RETURNING task, epoch")
                .bind("session", session).bind("idle", held.tasks() == 0).bind("expires", expires).bind("position", task.position())
                .map((row, context) -> LeasedTask.newBuilder().setTask(parse(Task.parser(), row.getBytes("task")))
                    .setEpoch(row.getLong("epoch")).build())
                .one());
        }
        nextExpiryMillis = Math.min(nextExpiryMillis, expires);
        return new Leased(leased, handle.createQuery("SELECT count(*) FROM (SELECT 1 FROM tasks WHERE device = :device"
            + " AND state = 'queued' LIMIT " + MOST_COUNTED + ")").bind("device", device).mapTo(Integer.class).one());
    }

    private record Held(int tasks, long attempts) {}

    /** @param content by which equal tasks are known of which one is enough; empty: it is needed for itself */
    private record QueuedTask(long position, long attempts, long bytes, String content) {
        boolean isSuspect() {
            return attempts >= SUSPECT_AFTER;
        }
    }

    /** Of a queue's head what a lease takes. */
    private static List<QueuedTask> next(List<QueuedTask> head, Held held) {
        List<QueuedTask> next = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        long bytes = 0;
        for (QueuedTask task : head) {
            if (!task.content().isEmpty() && !taken.add(task.content())) {
                continue;
            }
            bytes += task.bytes();
            if (!next.isEmpty() && (task.isSuspect() || bytes > LARGE_LEASE_BYTES)) {
                return next;
            }
            if (task.isSuspect()) {
                return held.tasks() == 0 ? List.of(task) : List.of();
            }
            next.add(task);
        }
        return next;
    }

    /** The tasks themselves may be large, and are read when it is known which ones go. */
    private static List<QueuedTask> head(Handle handle, String device, int max) {
        return handle.createQuery("SELECT position, attempts, length(task) AS bytes, iif(takes, content, '') AS content FROM tasks"
            + " WHERE device = :device AND state = 'queued' AND NOT (" + EqualTasks.WAITS_FOR_AN_EQUAL_ONE + ")"
            + " ORDER BY priority DESC, turn, position LIMIT :max")
            .bind("device", device).bind("max", Math.min(max, MAX_LEASED_TOGETHER))
            .map((row, context) -> new QueuedTask(row.getLong("position"), row.getLong("attempts"), row.getLong("bytes"), row.getString("content")))
            .list();
    }

    /**
     * Lets a device finish what it has and gives it nothing else, or lets it go on.
     *
     * @throws InputException when there is no such device
     */
    public void drain(String device, boolean draining) {
        announce(device, transaction(handle -> {
            if (handle.createUpdate("UPDATE devices SET draining = :draining WHERE name = :name")
                .bind("draining", draining).bind("name", device).execute() == 0) {
                throw new InputException("device " + device + ": has never joined");
            }
            return List.of();
        }));
    }

    /**
     * How far an agent has come with what it has leased.
     *
     * @param underWay how many tasks' worth of work is done
     * @param halfWidth the median over the tasks of their relative half widths so far; 0 if not known
     */
    public record Progress(double underWay, double halfWidth) {

        /** Nothing is done, or nothing told. */
        public static final Progress NONE = new Progress(0, 0);
    }

    /**
     * Gives leases another lease period from now, and notes how far the agent has come with all that it has leased. One that has run
     * out lives again, unless its task was leased since.
     *
     * @param progress of those that are not done
     * @return those of the leases that the session holds
     * @throws UnknownSessionException when the agent has to join again
     */
    public List<LeaseName> renew(String session, Collection<LeaseName> leases, Progress progress) {
        return transaction(handle -> {
            progressByDevice.put(see(handle, session), progress);
            long expires = now() + leaseMillis;
            nextExpiryMillis = Math.min(nextExpiryMillis, expires);
            return leases.stream().filter(lease -> held(handle, session, lease, "state = 'leased', lease_expires_millis = :expires")
                .bind("expires", expires).execute() == 1).toList();
        });
    }

    /**
     * Notes in which power mode a device is now.
     *
     * @throws UnknownSessionException when the agent has to join again
     */
    public void inPowerMode(String session, String mode) {
        String device = read(handle -> {
            String known = hear(handle, session);
            return joined(handle, known).filter(joined -> !joined.getPowerMode().equals(mode)).map(joined -> known).orElse(null);
        });
        if (device != null) {
            transaction(handle -> handle.createUpdate("UPDATE devices SET description = :description WHERE session = :session")
                .bind("description",
                    joined(handle, device).orElseThrow(UnknownSessionException::new).toBuilder().setPowerMode(mode).build().toByteArray())
                .bind("session", session).execute());
        }
    }

    /**
     * Notes which of its leases an agent works on. Those of an agent that had none are under way from the beginning.
     *
     * @throws UnknownSessionException when the agent has to join again
     */
    public void begin(String session, Collection<LeaseName> leases) {
        transaction(handle -> {
            see(handle, session);
            leases.forEach(lease -> held(handle, session, lease, "under_way = 1").execute());
            return null;
        });
    }

    /**
     * Takes back leases that an agent leaves undone because it stops.
     *
     * @throws UnknownSessionException when the agent has to join again
     */
    public void giveBack(String session, Collection<LeaseName> leases) {
        announce(transaction(handle -> {
            String device = see(handle, session);
            leases.forEach(lease -> held(handle, session, lease,
                "state = 'queued', session = NULL, under_way = 0, lease_expires_millis = NULL").execute());
            return device;
        }), List.of());
    }

    /** A change of the task that a lease is of, if the session has it still and it is not done. */
    private static Update held(Handle handle, String session, LeaseName lease, String change) {
        return handle.createUpdate("UPDATE tasks SET " + change
            + " WHERE state IN ('queued', 'leased') AND id = :id AND epoch = :epoch AND session = :session")
            .bind("id", lease.getTaskId()).bind("epoch", lease.getEpoch()).bind("session", session);
    }

    /** Takes back what a device's agent has, since somebody who knows says that it has died; what was under way is charged. */
    public void agentDied(String device) {
        announce(device, transaction(handle -> {
            List<String> failed = takeBack(handle, "device = :key", device);
            heardMillis.remove(device);
            progressByDevice.remove(device);
            return failed;
        }));
    }

    /**
     * What an agent was asked to do, and what it had offered.
     *
     * @param runtimes of the device, as it joined
     */
    public record Assignment(Task task, List<RuntimeOffer> runtimes) {}

    /**
     * The task of a lease whose report could count; empty if it could not.
     *
     * @throws UnknownSessionException when the agent has to join again
     */
    public Optional<Assignment> assignment(String session, LeaseName lease) {
        return read(handle -> {
            String device = hear(handle, session);
            return handle.createQuery("SELECT task, description FROM tasks JOIN devices ON devices.name = tasks.device"
                + " WHERE device = :device AND " + COUNTS)
                .bind("device", device).bind("id", lease.getTaskId()).bind("epoch", lease.getEpoch())
                .map((row, context) -> new Assignment(parse(Task.parser(), row.getBytes("task")),
                    parse(JoinRequest.parser(), row.getBytes("description")).getRuntimesList()))
                .findOne();
        });
    }

    /**
     * Ends a task with the outcome that came of one of its leases, be it late.
     *
     * @return whether an outcome of this lease is stored, now or by a report before; false when the task has another
     * @throws InputException when the outcome is neither measured nor failed
     * @throws UnknownSessionException when the agent has to join again
     */
    public boolean report(String session, LeaseName lease, Outcome outcome) {
        if (outcome.getKindCase() == Outcome.KindCase.KIND_NOT_SET) {
            throw new InputException("outcome of task " + lease.getTaskId() + ": empty (expected: measured or failed)");
        }
        List<String> ended = new ArrayList<>();
        Optional<Reported> stored = transaction(handle -> {
            ended.clear(); // of a try that storage did not take
            String reporting = see(handle, session);
            Optional<Finished> task = handle.createQuery("UPDATE tasks SET state = 'done', lease_expires_millis = NULL, session = :session,"
                + " under_way = 0, outcome = :outcome, reported_epoch = :epoch, finished_millis = :now WHERE device = :device AND " + COUNTS
                + " RETURNING task, content, owner")
                .bind("outcome", outcome.toByteArray()).bind("now", clock.millis()).bind("device", reporting)
                .bind("id", lease.getTaskId()).bind("epoch", lease.getEpoch()).bind("session", session)
                .map((row, context) -> new Finished(parse(Task.parser(), row.getBytes("task")), Optional.ofNullable(row.getString("content")),
                    row.getString("owner")))
                .findOne();
            task.ifPresent(done -> {
                if (outcome.hasMeasured()) {
                    Kinds.note(handle, reporting, done.task(), outcome.getMeasured(), clock.millis());
                }
                done.content().ifPresent(shared -> ended.addAll(EqualTasks.endOthers(handle, done.task(), shared, reporting, outcome,
                    joined(handle, reporting).orElseThrow(), clock.millis())));
            });
            boolean isStored = task.isPresent()
                || handle.createQuery("SELECT count(*) FROM tasks WHERE state = 'done' AND id = :id AND reported_epoch = :epoch")
                    .bind("id", lease.getTaskId()).bind("epoch", lease.getEpoch())
                    .mapTo(Integer.class).one() == 1;
            return isStored ? Optional.of(new Reported(reporting, task.map(Finished::owner))) : Optional.empty();
        });
        stored.ifPresent(report -> {
            report.owner().ifPresent(owner -> reported.add(report.device(), owner, lease.getTaskId(), outcome));
            ended.add(lease.getTaskId());
            announce(report.device(), ended);
        });
        return stored.isPresent();
    }

    private record Finished(Task task, Optional<String> content, String owner) {}

    /** @param owner whose task is done by it; empty where it was before */
    private record Reported(String device, Optional<String> owner) {}

    /** What devices have reported since this server began. */
    public List<ReportedOutcomes.Count> reported() {
        return reported.counts();
    }

    /** The device that has a session; empty when none has. */
    public Optional<String> device(String session) {
        return database.read(handle -> handle.createQuery("SELECT name FROM devices WHERE session = :session").bind("session", session)
            .mapTo(String.class).findOne());
    }

    /**
     * Forgets a device and fails what it has not done; what it has measured stays.
     *
     * @return how many tasks failed
     * @throws InputException when it never joined and has no tasks
     */
    public int remove(String device) {
        List<Ended> failed = transaction(handle -> {
            List<Ended> cancelled = cancel(handle, "device = :key", device);
            if (handle.createUpdate("DELETE FROM devices WHERE name = :name").bind("name", device).execute() + cancelled.size() == 0) {
                throw new InputException("device " + device + ": not known (expected: one of 'lutra devices list')");
            }
            Kinds.forget(handle, device);
            heardMillis.remove(device);
            progressByDevice.remove(device);
            replacedProcesses.remove(device);
            return cancelled;
        });
        announce(device, Ended.ids(failed));
        return failed.size();
    }

    /**
     * Fails what a device has not done.
     *
     * @return how many tasks that were
     */
    public int cancel(String device) {
        return cancelAll("device = :key", device);
    }

    /** Fails what somebody has submitted and is not done; returns how many tasks that were. */
    public int cancelOfOwner(String owner) {
        return cancelAll("owner = :key", owner);
    }

    /** Fails those of the tasks that are not done; returns how many that were. */
    public int cancel(Collection<String> ids) {
        return cancelAll("id IN (SELECT value FROM json_each(:key))", jsonArray(Set.copyOf(ids)));
    }

    private int cancelAll(String which, String key) {
        List<Ended> cancelled = transaction(handle -> cancel(handle, which, key));
        cancelled.stream().collect(Collectors.groupingBy(Ended::device, Collectors.mapping(Ended::id, Collectors.toList())))
            .forEach(this::announce);
        return cancelled.size();
    }

    /** Has devices do what they have not begun for an owner before what has a lower priority, and after what has a higher one. */
    public void prioritize(String owner, int priority) {
        transaction(handle -> handle.createUpdate("UPDATE tasks SET priority = :priority WHERE owner = :owner AND state <> 'done'")
            .bind("priority", priority).bind("owner", owner).execute());
    }

    private List<Ended> cancel(Handle handle, String which, String key) {
        return Ended.all(handle, which, Map.of("key", key), CANCELLED.toByteArray(), clock.millis());
    }

    /** @throws UnknownSessionException when the session is not that of a device */
    public void checkSession(String session) {
        read(handle -> hear(handle, session));
    }

    /** As {@link #submit(String, List, Submitter)}, for this process, which is there as long as the queue is and may have any number. */
    public void submit(String device, List<Task> tasks) {
        submit(device, tasks, Submitter.THIS_PROCESS, false);
    }

    /**
     * Adds tasks to the end of a device's queue; those whose id is known, for whatever device, stay where they are. Of one that is not
     * done the newer description holds, from its next lease on: it may have less time. One that failed, or whose figure is
     * doubtful or missing though the device tells it, is done again, as if it were new. What was submitted last by somebody is that
     * one's. One that may have the outcome of an equal task is done at once where that is there. Many tasks are stored in several steps,
     * between which others have their turn.
     *
     * @throws InputException when the owner would have more tasks that are not done than anybody may
     */
    public void submit(String device, List<Task> tasks, Submitter by) {
        submit(device, tasks, by, true);
    }

    private void submit(String device, List<Task> tasks, Submitter by, boolean isLimited) {
        owners.hear(by.owner(), now());
        for (int begin = 0; begin < tasks.size();) {
            int end = begin;
            for (long bytes = 0; end < tasks.size() && end - begin < MOST_AT_ONCE && bytes < MOST_BYTES_AT_ONCE; end++) {
                bytes += tasks.get(end).getSerializedSize();
            }
            List<Submitted> some = tasks.subList(begin, end).stream().map(task -> new Submitted(task, TaskContent.fingerprint(task))).toList();
            announce(device, transaction(handle -> {
                List<String> done = submitSome(handle, device, some, by);
                if (isLimited) {
                    Owners.requireRoom(handle, by.owner());
                }
                return done;
            }));
            begin = end;
        }
    }

    /** @param content by which it may share an outcome, worked out before others have to wait for it */
    private record Submitted(Task task, Optional<String> content) {

        boolean takes() {
            return content.isPresent() && task.getSharing() == Sharing.SHARED;
        }

        Update in(Update update, Submitter by) {
            return update.bind("id", task.getId()).bind("task", task.toByteArray()).bind("owner", by.owner()).bind("priority", by.priority())
                .bind("content", content.orElse(null)).bind("takes", takes());
        }
    }

    /** Returns those that are done. */
    private List<String> submitSome(Handle handle, String device, List<Submitted> tasks, Submitter by) {
        JoinRequest joined = joined(handle, device).orElse(JoinRequest.getDefaultInstance());
        Turns turns = Turns.of(handle, device, by);
        Map<String, String> settings = new HashMap<>();
        List<String> done = new ArrayList<>();
        for (Submitted submitted : tasks) {
            Task task = submitted.task();
            boolean isNew = submitted.in(handle.createUpdate("INSERT INTO tasks (id, device, state, epoch, task, submitted_millis, owner,"
                + " priority, turn, content, takes) VALUES (:id, :device, 'queued', 0, :task, :now, :owner, :priority, :turn, :content, :takes)"
                + " ON CONFLICT (id) DO NOTHING"), by)
                .bind("device", device).bind("now", clock.millis()).bind("turn", turns.next())
                .execute() == 1;
            if (isNew) {
                turns.take();
            }
            boolean isOpen = isNew || renewed(handle, submitted, by) || doneAgain(handle, submitted, by, joined.getDevice());
            if (isOpen && submitted.takes()) {
                String setting = settings.computeIfAbsent(task.getProvider(), provider -> EqualTasks.setting(joined, provider));
                if (EqualTasks.endWithKnown(handle, task, submitted.content().get(), device, joined.getDevice(), setting, clock.millis())) {
                    done.add(task.getId());
                }
            }
        }
        return done;
    }

    /** Gives a task that is not done its newer description; false if it is done. */
    private static boolean renewed(Handle handle, Submitted submitted, Submitter by) {
        return submitted.in(handle.createUpdate("UPDATE tasks SET task = :task, owner = :owner, priority = :priority, content = :content,"
            + " takes = :takes WHERE id = :id AND state <> 'done'"), by).execute() == 1;
    }

    /** Has a task done again whose outcome is not final; false if it is. */
    private static boolean doneAgain(Handle handle, Submitted submitted, Submitter by, Device device) {
        Outcome outcome = handle.createQuery("SELECT outcome FROM tasks WHERE id = :id").bind("id", submitted.task().getId())
            .map((row, context) -> parse(Outcome.parser(), row.getBytes("outcome"))).one();
        return !OutcomeCheck.isFinal(submitted.task(), outcome, device)
            && submitted.in(handle.createUpdate("UPDATE tasks SET state = 'queued', session = NULL, attempts = 0, task = :task, outcome = NULL,"
                + " finished_millis = NULL, reported_epoch = NULL, stale_epoch = epoch, owner = :owner, priority = :priority, content = :content,"
                + " takes = :takes, setting = NULL WHERE id = :id"), by).execute() == 1;
    }

    /**
     * How many of the tasks are done.
     *
     * @throws InputException when a task was never submitted
     */
    public int finished(Set<String> ids) {
        String idsAsJson = jsonArray(ids);
        return read(handle -> {
            handle.createQuery("SELECT value FROM json_each(:ids) WHERE value NOT IN (SELECT id FROM tasks) LIMIT 1")
                .bind("ids", idsAsJson).mapTo(String.class).findOne()
                .ifPresent(id -> {
                    throw new InputException("task " + id + ": not known (expected: submitted before)");
                });
            return handle.createQuery("SELECT count(*) FROM tasks WHERE state = 'done'"
                + " AND id IN (SELECT value FROM json_each(:ids))")
                .bind("ids", idsAsJson).mapTo(Integer.class).one();
        });
    }

    /**
     * Outcomes of those of the tasks that are done, in the order of the ids, once there are enough of them or the time is over.
     *
     * @param owner who asks; that is a sign of life
     * @return completed with an {@link InputException} when a task was never submitted
     */
    public CompletableFuture<List<TaskOutcome>> outcomes(Set<String> ids, int enough, String owner, Duration wait) {
        owners.hear(owner, now());
        return waits.await(new Waits.Wish<>(OUTCOMES, ids::contains, Integer.MAX_VALUE, GATHER,
            () -> finished(ids) >= enough ? Optional.of(outcomes(ids)) : Optional.empty(),
            () -> outcomes(ids), unwanted -> {}), wait);
    }

    /** Outcomes of those of the tasks that are done, in the order of the ids. */
    public List<TaskOutcome> outcomes(Set<String> ids) {
        return read(handle -> handle
            .createQuery("SELECT tasks.id, epoch, outcome FROM json_each(:ids) AS asked JOIN tasks ON tasks.id = asked.value"
                + " WHERE state = 'done' ORDER BY asked.key")
            .bind("ids", jsonArray(ids))
            .map((row, context) -> TaskOutcome.newBuilder()
                .setTaskId(row.getString("id"))
                .setAttempts(row.getInt("epoch"))
                .setOutcome(parse(Outcome.parser(), row.getBytes("outcome")))
                .build())
            .list());
    }

    private static String jsonArray(Set<String> ids) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        ids.forEach(array::add);
        return array.toString();
    }

    /** A place in the list of unfinished tasks: the device's name, and the position of a task of its. */
    public record Place(String device, long position) {}

    /**
     * The first of the tasks that are not done.
     *
     * @param device of this one alone; empty: of all
     * @param owner of this one alone; empty: of all
     * @param after those that come after it
     */
    public List<TaskState> unfinished(String device, String owner, Place after, int most) {
        return read(handle -> handle.createQuery("SELECT id, device, owner, priority, state, attempts, submitted_millis, position FROM tasks"
            + " WHERE state <> 'done' AND (:device = '' OR device = :device) AND (:owner = '' OR owner = :owner)"
            + " AND (device, position) > (:after_device, :after_position) ORDER BY device, position LIMIT :most")
            .bind("device", device).bind("owner", owner).bind("after_device", after.device()).bind("after_position", after.position())
            .bind("most", most)
            .map((row, context) -> TaskState.newBuilder().setId(row.getString("id")).setDevice(row.getString("device"))
                .setOwner(row.getString("owner")).setPriority(row.getInt("priority")).setLeased(row.getString("state").equals("leased"))
                .setAttempts(row.getInt("attempts")).setSubmittedMillis(row.getLong("submitted_millis")).setPosition(row.getLong("position"))
                .build())
            .list());
    }

    /** Every device that has ever joined, by name. */
    public List<AgentState> agents() {
        return agents("", Integer.MAX_VALUE);
    }

    /** The first of the devices whose names come after one. */
    public List<AgentState> agents(String after, int most) {
        return agents("name > :name ORDER BY name LIMIT :most", after, most);
    }

    /** A device; empty if it never joined. */
    public Optional<AgentState> agent(String name) {
        return agents("name = :name LIMIT :most", name, 1).stream().findFirst();
    }

    private List<AgentState> agents(String which, String name, int most) {
        return read(handle -> handle.createQuery("SELECT name, description, last_seen_millis, draining,"
            + " (SELECT count(*) FROM tasks WHERE device = name AND state = 'queued') AS queued,"
            + " (SELECT count(*) FROM tasks WHERE device = name AND state = 'leased') AS leased FROM devices WHERE " + which)
            .bind("name", name).bind("most", most)
            .map((row, context) -> state(row.getString("name"), parse(JoinRequest.parser(), row.getBytes("description")),
                row.getLong("last_seen_millis"), row.getInt("leased"), row.getInt("queued")).setDraining(row.getBoolean("draining")).build())
            .list());
    }

    private AgentState.Builder state(String name, JoinRequest joined, long lastSeenMillis, int leased, int queued) {
        Progress progress = progressByDevice.getOrDefault(name, Progress.NONE);
        Optional<Long> silence = Optional.ofNullable(heardMillis.get(name)).map(heard -> now() - heard);
        return AgentState.newBuilder()
            .setDevice(joined.getDevice())
            .addAllRuntimes(joined.getRuntimesList())
            .setAgentVersion(joined.getAgentVersion())
            .setOnline(silence.isPresent() && silence.get() <= leaseMillis)
            .setLastSeenMillisAgo(silence.orElse(Math.max(0, clock.millis() - lastSeenMillis)))
            .setLeasedTasks(leased)
            .setQueuedTasks(queued)
            .setUnderWay(Math.min(progress.underWay(), leased))
            .setHalfWidth(progress.halfWidth());
    }

    /** How devices stand beside others of their kind, by what they have measured of the same models. */
    public List<Standing> standings() {
        return read(Kinds::standings);
    }

    /** How many calls wait. */
    int waiting() {
        return waits.size();
    }

    /** Those who wait for the device's tasks, or for outcomes of these, are tried again. */
    private void announce(String device, Collection<String> finished) {
        waits.wake(device, device);
        finished.forEach(task -> waits.wake(OUTCOMES, task));
    }

    /** Every step first takes back what has run out, so that what it sees does not depend on who looked when. */
    private <R> R transaction(Function<Handle, R> step) {
        lookForWhatIsOver();
        return database.transaction(step);
    }

    private <R> R read(Function<Handle, R> step) {
        lookForWhatIsOver();
        return database.read(step);
    }

    /** For those who wait, which goes on when storage does. */
    private void lookAgain() {
        try {
            lookForWhatIsOver();
        } catch (StorageException e) {
            LOG.debug("leases that have run out are looked for later", e);
        }
    }

    private void lookForWhatIsOver() {
        if (now() >= nextExpiryMillis) {
            endLeases();
        }
        if (owners.areDue(now())) {
            giveUpForSilentOwners();
        }
    }

    private void endLeases() {
        List<String> devices = new ArrayList<>();
        List<String> failed = new ArrayList<>();
        try {
            database.transaction(handle -> {
                endLeases(handle, devices, failed);
                nextExpiryMillis = handle.createQuery("SELECT min(lease_expires_millis) FROM tasks WHERE state = 'leased'")
                    .mapTo(Long.class).findOne().orElse(NEVER);
                return null;
            });
        } catch (RuntimeException e) {
            nextExpiryMillis = 0; // nothing was taken back
            throw e;
        }
        devices.forEach(device -> announce(device, failed));
    }

    private void giveUpForSilentOwners() {
        for (String owner : owners.silent(now())) {
            List<String> givenUp;
            do {
                givenUp = database.transaction(handle -> Owners.giveUp(handle, owner, clock.millis()));
                givenUp.forEach(task -> waits.wake(OUTCOMES, task));
            } while (!givenUp.isEmpty());
            if (database.read(handle -> !Owners.haveTasks(handle, owner))) {
                owners.forget(owner);
            }
        }
    }

    private record EndedLease(long position, String device, long expiredMillis) {}

    /**
     * Queues the tasks whose leases have run out. An agent that was silent may come back to them; one that went on talking of others has
     * dropped this one, or has never got it.
     */
    private void endLeases(Handle handle, List<String> devices, List<String> failed) {
        List<EndedLease> ended = handle.createQuery("SELECT position, device, lease_expires_millis FROM tasks"
            + " WHERE state = 'leased' AND lease_expires_millis <= :now")
            .bind("now", now())
            .map((row, context) -> new EndedLease(row.getLong("position"), row.getString("device"), row.getLong("lease_expires_millis")))
            .list();
        for (EndedLease lease : ended) {
            boolean dropped = heardMillis.getOrDefault(lease.device(), 0L) > lease.expiredMillis() - leaseMillis / 2;
            handle.createUpdate("UPDATE tasks SET state = 'queued', lease_expires_millis = NULL, under_way = max(under_way, :dropped)"
                + " WHERE position = :position")
                .bind("dropped", dropped).bind("position", lease.position()).execute();
            if (dropped) {
                failed.addAll(takeBack(handle, "position = :key", lease.position()));
            }
            devices.add(lease.device());
        }
    }

    /** Queues tasks for whoever comes next; those that were under way are charged. Returns those that fail for it. */
    private List<String> takeBack(Handle handle, String which, Object key) {
        String held = OF_AN_AGENT + " AND " + which;
        handle.createUpdate("UPDATE tasks SET attempts = attempts + 1 WHERE " + held + " AND under_way = 1").bind("key", key).execute();
        List<Ended> failed = Ended.all(handle, held + " AND under_way = 1 AND attempts >= :max", Map.of("key", key, "max", MAX_ATTEMPTS),
            LOST_TOO_OFTEN.toByteArray(), clock.millis());
        handle.createUpdate("UPDATE tasks SET state = 'queued', session = NULL, lease_expires_millis = NULL, under_way = 0 WHERE " + held)
            .bind("key", key).execute();
        List<String> ids = new ArrayList<>(EqualTasks.endAll(handle, failed, LOST_TOO_OFTEN, clock.millis()));
        ids.addAll(Ended.ids(failed));
        return ids;
    }

    /** Notes a sign of life and returns the session's device. */
    private String see(Handle handle, String session) {
        String device = hear(handle, session);
        if (now() - seenMillis.getOrDefault(device, -SEEN_MILLIS) >= SEEN_MILLIS) {
            handle.createUpdate("UPDATE devices SET last_seen_millis = :now WHERE name = :name")
                .bind("now", clock.millis()).bind("name", device).execute();
            seenMillis.put(device, now());
        }
        return device;
    }

    private String hear(Handle handle, String session) {
        String device = session(handle, session).device();
        heardMillis.put(device, now());
        return device;
    }

    private record Session(String device, boolean draining) {}

    private static Session session(Handle handle, String session) {
        return handle.createQuery("SELECT name, draining FROM devices WHERE session = :session").bind("session", session)
            .map((row, context) -> new Session(row.getString("name"), row.getBoolean("draining")))
            .findOne().orElseThrow(UnknownSessionException::new);
    }

    static <M extends MessageLite> M parse(Parser<M> parser, byte[] stored) {
        try {
            return parser.parseFrom(stored);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the database holds a message that cannot be read", e);
        }
    }
}
