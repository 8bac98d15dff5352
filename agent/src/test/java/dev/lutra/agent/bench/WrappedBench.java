package dev.lutra.agent.bench;

import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A bench that does what another does, but for what is overridden. */
public abstract class WrappedBench implements Bench {

    private final Bench bench;

    protected WrappedBench(Bench bench) {
        this.bench = bench;
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        return bench.slice(task, onnx, keepOpen, abandoned);
    }

    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        return bench.memory(task, onnx, abandoned);
    }

    @Override
    public void renewForMemory() {
        bench.renewForMemory();
    }

    @Override
    public void renew() {
        bench.renew();
    }

    @Override
    public void close() {
        bench.close();
    }
}
