package dev.lutra.server.fleet;

import dev.lutra.proto.AgentState;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.SystemState;
import dev.lutra.proto.Task;
import dev.lutra.server.store.Database;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** What every device of a fleet does, and how it was when it measured last; for people who look. Safe for use by several threads. */
public final class FleetState {

    /** Those that measure side by side are few; of more nobody reads the names. */
    private static final int MOST_NAMED = 400;
    /** Outcomes that are looked through at a time for what devices said of themselves. */
    private static final int LATEST = 200;

    private final Database database;
    private final TaskQueue queue;

    /** As devices said last, of the outcomes up to {@link #newestMillis}. */
    private final Map<String, SystemState> systems = new HashMap<>();
    private long newestMillis = Long.MIN_VALUE;

    public FleetState(Database database, TaskQueue queue) {
        this.database = database;
        this.queue = queue;
    }

    /**
     * A device.
     *
     * @param measuring labels of the tasks that it works on
     * @param system as it was during the last of its measurements; empty where none that was looked at is its
     */
    public record DeviceNow(AgentState state, List<String> measuring, Optional<SystemState> system) {

        public DeviceNow {
            measuring = List.copyOf(measuring);
        }
    }

    /** All of them, by name. */
    public List<DeviceNow> devices() {
        Map<String, List<String>> measuring = database.read(FleetState::measuring);
        Map<String, SystemState> told = systems();
        return queue.agents().stream().map(state -> new DeviceNow(state, measuring.getOrDefault(state.getDevice().getName(), List.of()),
            Optional.ofNullable(told.get(state.getDevice().getName())))).toList();
    }

    private static Map<String, List<String>> measuring(Handle handle) {
        return handle.createQuery("SELECT device, task FROM tasks WHERE state = 'leased' AND under_way = 1 LIMIT :most").bind("most", MOST_NAMED)
            .map((row, context) -> {
                Task task = TaskQueue.parse(Task.parser(), row.getBytes("task"));
                return Map.entry(row.getString("device"), task.getLabel().isEmpty() ? task.getId() : task.getLabel());
            })
            .collect(Collectors.groupingBy(Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
    }

    /** Outcomes may be of megabytes, and are asked for again and again: what is known of them stays, they do not. */
    private synchronized Map<String, SystemState> systems() {
        List<Finished> newest = database.read(handle -> finishedSince(handle, newestMillis));
        if (!newest.isEmpty()) {
            newestMillis = newest.get(0).millis();
        }
        for (int i = newest.size() - 1; i >= 0; i--) {
            Finished finished = newest.get(i);
            finished.system().ifPresent(system -> systems.put(finished.device(), system));
        }
        return Map.copyOf(systems);
    }

    private record Finished(String device, long millis, Optional<SystemState> system) {}

    /** The newest first. Those of that millisecond are among them: not all may have been there yet. */
    private static List<Finished> finishedSince(Handle handle, long millis) {
        return handle.createQuery("SELECT device, finished_millis, outcome FROM tasks WHERE state = 'done' AND finished_millis >= :since"
            + " ORDER BY finished_millis DESC LIMIT :latest").bind("since", millis).bind("latest", LATEST)
            .map((row, context) -> {
                Circumstances told = TaskQueue.parse(Outcome.parser(), row.getBytes("outcome")).getMeasured().getCircumstances();
                return new Finished(row.getString("device"), row.getLong("finished_millis"),
                    told.hasSystem() ? Optional.of(told.getSystem()) : Optional.empty());
            }).list();
    }
}
