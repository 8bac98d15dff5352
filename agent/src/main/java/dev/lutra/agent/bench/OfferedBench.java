package dev.lutra.agent.bench;

import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The benches of an agent, by the providers that it offers: a task for another provider fails, though the device may have it. */
public final class OfferedBench implements Bench {

    private final Map<String, Bench> byProvider = new LinkedHashMap<>();

    /** Also offers providers, by a bench that runs models on them. */
    public OfferedBench with(Bench bench, List<String> providers) {
        providers.forEach(provider -> byProvider.put(provider, bench));
        return this;
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        return bench(task).slice(task, onnx, keepOpen, abandoned);
    }

    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        return bench(task).memory(task, onnx, abandoned);
    }

    @Override
    public boolean takesEveryForm(Task task) {
        return bench(task).takesEveryForm(task);
    }

    private Bench bench(Task task) {
        Bench bench = byProvider.get(task.getProvider());
        if (bench == null) {
            throw new TaskFailure("provider " + task.getProvider() + ": not offered by this agent (offered: "
                + String.join(", ", byProvider.keySet()) + ")");
        }
        return bench;
    }

    @Override
    public void renew() {
        each(Bench::renew);
    }

    @Override
    public void renewForMemory() {
        each(Bench::renewForMemory);
    }

    @Override
    public void close() {
        each(Bench::close);
    }

    private void each(Consumer<Bench> what) {
        byProvider.values().stream().distinct().forEach(what);
    }
}
