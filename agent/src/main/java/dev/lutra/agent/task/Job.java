package dev.lutra.agent.task;

import dev.lutra.proto.LeaseName;
import dev.lutra.proto.Task;
import dev.lutra.proto.log.Logged;
import java.util.function.BooleanSupplier;

/**
 * A leased task with its model.
 *
 * @param abandoned true from when its outcome would no longer count
 */
public record Job(LeaseName lease, Task task, byte[] onnx, BooleanSupplier abandoned) {

    public boolean isAbandoned() {
        return abandoned.getAsBoolean();
    }

    public Job with(byte[] model) {
        return new Job(lease, task, model, abandoned);
    }

    /** Lines of the log are about it, until this is closed. */
    public Logged logged() {
        return Logged.task(lease.getTaskId());
    }

    /** How people call it. */
    public String name() {
        return task.getLabel().isEmpty() ? task.getId() : task.getLabel();
    }
}
