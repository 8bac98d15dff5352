package dev.lutra.server.profile;

import dev.lutra.identity.NamedValues;
import dev.lutra.proto.Task;
import dev.lutra.server.fleet.TaskContent;

/**
 * Names tasks by everything that their outcome follows from. A task that is asked for again has its old name, and so its outcome; one
 * that differs in model, shapes, rules or runtime is another.
 */
public final class TaskNames {

    private static final int DIGITS = 16;

    private TaskNames() {}

    /**
     * @param prefix run, stage and device
     * @param name of the model, for people
     * @param runtime name and version of what the device executes models with
     */
    public static Task named(String prefix, String name, Task.Builder task, String runtime) {
        String fingerprint = values(task, runtime).fingerprint("task", 1).substring(0, DIGITS);
        return task.setId(String.join("/", prefix, name, fingerprint)).build();
    }

    public static NamedValues values(Task.Builder task, String runtime) {
        NamedValues.Builder values = NamedValues.builder().putAll(TaskContent.values(task)).put("runtime", runtime);
        if (task.hasBudget()) {
            values.put("budget", task.getBudget().getBatch());
        }
        return values.build();
    }
}
