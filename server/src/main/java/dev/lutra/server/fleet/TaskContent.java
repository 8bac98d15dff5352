package dev.lutra.server.fleet;

import dev.lutra.identity.NamedValues;
import dev.lutra.latency.MeasuringRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Sharing;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOrBuilder;
import dev.lutra.proto.content.Sha256;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a task asks a device for: all that its outcome follows from, but for the device, its runtime, and how much time it has. */
public final class TaskContent {

    private TaskContent() {}

    public static NamedValues values(TaskOrBuilder task) {
        NamedValues.Builder values = NamedValues.builder()
            .put("model", task.getModelSha256())
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
        return values.build();
    }

    private static String described(ModelInput input) {
        String shape = input.getShapeList().stream().map(String::valueOf).collect(Collectors.joining("x"));
        return shape + (input.hasRandomSeed()
            ? " seed " + input.getRandomSeed()
            : " sha256 " + Sha256.of(input.getLittleEndianFloats().toByteArray()));
    }

    /** By which equal tasks find each other; empty: this one's outcome is its own. At an offered load none is equal to another. */
    static Optional<String> fingerprint(Task task) {
        return task.getSharing() == Sharing.ALONE || task.getSharing() == Sharing.UNRECOGNIZED || task.hasLoad()
            ? Optional.empty()
            : Optional.of(values(task).fingerprint("task-content", 1));
    }
}
