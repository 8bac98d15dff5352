package dev.lutra.server.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.store.ModelStore;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** The fleet of a server in this process. */
public final class LocalFleet implements Fleet {

    private final TaskQueue queue;
    private final ModelStore models;

    public LocalFleet(TaskQueue queue, ModelStore models) {
        this.queue = Objects.requireNonNull(queue);
        this.models = Objects.requireNonNull(models);
    }

    @Override
    public List<AgentState> agents() {
        return queue.agents();
    }

    @Override
    public String putModel(byte[] onnx) {
        return models.put(onnx);
    }

    @Override
    public void submit(String device, List<Task> tasks) {
        for (Task task : tasks) {
            if (task.getId().isEmpty()) {
                throw new InputException("task '" + task.getLabel() + "': no id");
            }
            if (models.find(task.getModelSha256()).isEmpty()) {
                throw new InputException("task " + task.getId() + ": model " + task.getModelSha256() + " is not stored");
            }
        }
        queue.submit(device, tasks);
    }

    @Override
    public List<TaskOutcome> outcomes(Collection<String> ids, int knownDone, Duration wait) {
        Set<String> distinct = new LinkedHashSet<>(ids);
        int enough = Math.min(knownDone + 1, distinct.size());
        queue.await(wait, () -> queue.finished(distinct) >= enough);
        return queue.outcomes(distinct);
    }
}
