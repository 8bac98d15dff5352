package dev.lutra.server.profile;

import dev.lutra.identity.NamedValues;
import dev.lutra.proto.content.Sha256;
import dev.lutra.latency.MeasuringRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import java.util.stream.Collectors;

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
        NamedValues.Builder values = NamedValues.builder()
            .put("model", task.getModelSha256())
            .put("runtime", runtime)
            .put("provider", task.getProvider())
            .put("threads", task.getThreads())
            .put("returns-outputs", task.getReturnOutputs());
        task.getProviderOptionsMap().forEach((option, value) -> values.put("options." + option, value));
        task.getInputsList().forEach(input -> values.put("input." + input.getName(), described(input)));
        if (task.hasRules()) {
            values.putAll(MeasuringRules.values(task.getRules()));
        }
        // What is not asked for is not named, so that tasks from before it could be asked for keep their names.
        if (task.getMemory()) {
            values.put("memory", true);
        }
        if (task.getEnergy()) {
            values.put("energy", true);
        }
        if (task.hasBudget()) {
            values.put("budget", task.getBudget().getBatch());
        }
        return values.build();
    }

    private static String described(ModelInput input) {
        String shape = input.getShapeList().stream().map(String::valueOf).collect(Collectors.joining("x"));
        return shape + (input.hasRandomSeed()
            ? " seed " + input.getRandomSeed()
            : " sha256 " + Sha256.of(input.getLittleEndianFloats().toByteArray()));
    }
}
