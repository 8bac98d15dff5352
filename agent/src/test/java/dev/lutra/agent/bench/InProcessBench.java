package dev.lutra.agent.bench;

import dev.lutra.agent.runtime.OrtModel;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.sampling.Sampler;
import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

/**
 * Runs models in this process: the real runtime without the second a process takes to start. The machine is always calm: the
 * sentinel is not run, its slices are constant.
 */
public final class InProcessBench implements Bench {

    /** A task of this label has a slice that ends when it is abandoned, and not before. */
    public static final String ENDLESS = "endless";

    /** Ids of the tasks that were given a slice, in order. */
    public final List<String> slices = new CopyOnWriteArrayList<>();
    public volatile int renewals;
    private final Sampler sampler = new Sampler(System::nanoTime);

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        if (task.getId().equals("sentinel")) {
            return sentinel(task);
        }
        slices.add(task.getId());
        while (task.getLabel().equals(ENDLESS)) {
            if (abandoned.getAsBoolean()) {
                throw new InterruptedException("abandoned");
            }
            Thread.sleep(5);
        }
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(onnx), task)) {
            return slice(task, model, () -> {
                if (abandoned.getAsBoolean() || Thread.currentThread().isInterrupted()) {
                    throw new CancellationException();
                }
                model.run();
            });
        } catch (CancellationException e) {
            throw new InterruptedException("abandoned");
        }
    }

    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) {
        return Optional.empty();
    }

    private Slice slice(Task task, OrtModel model, Runnable run) {
        Slice.Builder slice = Slice.newBuilder().setRuntime(model.runtime()).setRunDelayNanos(-1)
            .putAllNodesByProvider(model.nodesByProvider());
        if (task.hasRules()) {
            Sampler.WarmUp warmUp = sampler.warmUp(run, task.getRules());
            Sampler.Samples samples = sampler.sample(run, task.getRules());
            slice.setWarmupRuns(warmUp.runs()).setWarmupNanos(warmUp.nanos()).setSteady(warmUp.steady())
                .setSamplingNanos(samples.elapsedNanos());
            for (long nanos : samples.nanos()) {
                slice.addSamplesNanos(nanos);
            }
        }
        if (task.getReturnOutputs()) {
            slice.addAllOutputs(model.outputs());
        } else if (!task.hasRules()) {
            run.run();
        }
        return slice.build();
    }

    private static Slice sentinel(Task task) {
        Slice.Builder slice = Slice.newBuilder().setSamplingNanos(80_000_000).setRunDelayNanos(-1);
        slice.getRuntimeBuilder().setName("onnxruntime").setProvider(task.getProvider()).setThreads(task.getThreads());
        for (int i = 0; i < 20; i++) {
            slice.addSamplesNanos(4_000_000);
        }
        return slice.build();
    }

    @Override
    public void renewForMemory() {
        renew();
    }

    @Override
    public void renew() {
        renewals++;
    }

    @Override
    public void close() {}
}
