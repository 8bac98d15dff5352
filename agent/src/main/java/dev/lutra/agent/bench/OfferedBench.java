package dev.lutra.agent.bench;

import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A bench that does only what its agent offers: a task for another provider fails, though the device may have it. */
public final class OfferedBench extends WrappedBench {

    private final List<String> providers;

    public OfferedBench(Bench bench, List<String> providers) {
        super(bench);
        this.providers = List.copyOf(providers);
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        requireOffered(task);
        return super.slice(task, onnx, keepOpen, abandoned);
    }

    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        requireOffered(task);
        return super.memory(task, onnx, abandoned);
    }

    private void requireOffered(Task task) {
        if (!providers.contains(task.getProvider())) {
            throw new TaskFailure("provider " + task.getProvider() + ": not offered by this agent (offered: "
                + String.join(", ", providers) + ")");
        }
    }
}
