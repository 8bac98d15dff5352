package dev.lutra.agent;

import dev.lutra.proto.LeaseName;
import dev.lutra.proto.Task;
import java.util.function.BooleanSupplier;

/**
 * A leased task with its model.
 *
 * @param abandoned true from when its outcome would no longer count
 */
record Job(LeaseName lease, Task task, byte[] onnx, BooleanSupplier abandoned) {

    boolean isAbandoned() {
        return abandoned.getAsBoolean();
    }

    Job with(byte[] model) {
        return new Job(lease, task, model, abandoned);
    }

    /** How people call it. */
    String name() {
        return task.getLabel().isEmpty() ? task.getId() : task.getLabel();
    }
}
