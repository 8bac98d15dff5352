package dev.lutra.server.fleet;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.SystemState;
import dev.lutra.proto.Task;
import dev.lutra.server.store.Database;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** What every device of a fleet does, and how it was when it measured last; for people who look. */
public final class FleetState {

    /** Those that measure side by side are few; of more nobody reads the names. */
    private static final int MOST_NAMED = 400;
    /** Outcomes that are looked through for what devices said of themselves. */
    private static final int LATEST = 200;

    private final Database database;
    private final TaskQueue queue;

    public FleetState(Database database, TaskQueue queue) {
        this.database = database;
        this.queue = queue;
    }

    /**
     * A device.
     *
     * @param measuring labels of the tasks that it works on
     * @param system as it was during the last of its measurements; empty where none of the latest is its
     */
    public record DeviceNow(AgentState state, List<String> measuring, Optional<SystemState> system) {

        public DeviceNow {
            measuring = List.copyOf(measuring);
        }
    }

    /** All of them, by name. */
    public List<DeviceNow> devices() {
        Map<String, List<String>> measuring = new HashMap<>();
        Map<String, SystemState> systems = new HashMap<>();
        database.read(handle -> {
            readTasks(handle, measuring);
            readOutcomes(handle, systems);
            return null;
        });
        return queue.agents().stream().map(state -> new DeviceNow(state, measuring.getOrDefault(state.getDevice().getName(), List.of()),
            Optional.ofNullable(systems.get(state.getDevice().getName())))).toList();
    }

    private static void readTasks(Handle handle, Map<String, List<String>> measuring) {
        handle.createQuery("SELECT device, task FROM tasks WHERE state = 'leased' AND under_way = 1 LIMIT :most").bind("most", MOST_NAMED)
            .map((row, context) -> {
                Task task = parsed(() -> Task.parseFrom(row.getBytes("task")));
                return measuring.computeIfAbsent(row.getString("device"), name -> new ArrayList<>())
                    .add(task.getLabel().isEmpty() ? task.getId() : task.getLabel());
            }).list();
    }

    private static void readOutcomes(Handle handle, Map<String, SystemState> systems) {
        handle.createQuery("SELECT device, outcome FROM tasks WHERE state = 'done' ORDER BY finished_millis DESC LIMIT :latest")
            .bind("latest", LATEST).map((row, context) -> {
                Outcome outcome = parsed(() -> Outcome.parseFrom(row.getBytes("outcome")));
                if (outcome.getMeasured().getCircumstances().hasSystem()) {
                    systems.putIfAbsent(row.getString("device"), outcome.getMeasured().getCircumstances().getSystem());
                }
                return outcome;
            }).list();
    }

    /** A message that was stored here. */
    private interface Stored<M> {
        M parse() throws InvalidProtocolBufferException, SQLException;
    }

    private static <M> M parsed(Stored<M> stored) {
        try {
            return stored.parse();
        } catch (InvalidProtocolBufferException | SQLException e) {
            throw new IllegalStateException("a task of the queue cannot be read", e);
        }
    }
}
