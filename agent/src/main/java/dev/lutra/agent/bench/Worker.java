package dev.lutra.agent.bench;

import dev.lutra.agent.runtime.ExecutionProviders;
import dev.lutra.agent.runtime.OrtModel;
import dev.lutra.agent.sampling.LoadRun;
import dev.lutra.agent.sampling.Sampler;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Memory;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Slice;
import dev.lutra.proto.SliceReply;
import dev.lutra.proto.SliceRequest;
import dev.lutra.proto.Task;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.SynchronousQueue;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The agent's child process, in which models run; {@link ProcessBench} is its other side. Requests and replies go over a socket
 * of their own, so that whatever native libraries print disturbs nothing. One thread reads the socket and does nothing else
 * until a request or the end comes; the main thread runs the models.
 */
public final class Worker {

    /** Sent to everything in a terminal or a service when it is stopped; the agent then decides when its child ends. */
    private static final List<String> STOP_SIGNALS = List.of("INT", "TERM", "HUP");

    /** In bytes, a third of the young generation (see WorkerProcess): the rest holds what a slice's calls leave behind. */
    private static final long GARBAGE = 4 << 20;

    /** The first lays out the memory that the following ones use (ONNX Runtime's memory pattern). */
    private static final int RUNS_FOR_MEMORY = 3;

    /**
     * A request with its model, in native memory: ONNX Runtime takes it from there, and no copy on the heap brings collections
     * about.
     *
     * @param model its own where the session is kept, otherwise there only until the request is answered
     */
    private record Received(SliceRequest request, ByteBuffer model) {}

    private final BlockingQueue<Received> requests = new SynchronousQueue<>();
    private final Sampler sampler = new Sampler(System::nanoTime);
    private final ProcessProbe probe = new ProcessProbe();
    private final long clockOverheadNanos = sampler.clockOverheadNanos();
    private final List<Integer> pinnedCores = probe.pinnedCores();
    /** Sessions that stay, by their tasks, which name the models. */
    private final Map<Task, OrtModel> open = new HashMap<>();
    /** For one model after the other, and as large as the largest so far. */
    private ByteBuffer room = ByteBuffer.allocateDirect(1 << 20);
    private long collectedToBytes;
    private long inputBytes;

    private Worker() {}

    /** @param args the socket's path, in the child's folder; the folder around that is deleted, as far as it is to be seen, if the parent dies */
    public static void main(String[] args) throws Exception {
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        });
        STOP_SIGNALS.forEach(Worker::ignore);
        Path socket = Path.of(args[0]);
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        Worker worker = new Worker();
        Thread reader = new Thread(() -> worker.receive(channel, socket.getParent().getParent()), "requests");
        reader.setDaemon(true);
        reader.start();
        while (true) {
            SliceReply reply = worker.answer(worker.requests.take());
            Frames.write(channel, reply);
        }
    }

    private static void ignore(String signal) {
        try {
            Signal.handle(new Signal(signal), SignalHandler.SIG_IGN);
        } catch (IllegalArgumentException e) {
            // A signal that this system does not have is not sent either.
        }
    }

    /** Ends the process, whatever its other threads do, when the parent says goodbye (an empty message) or is gone. */
    private void receive(SocketChannel channel, Path folder) {
        try {
            for (byte[] message = Frames.read(channel); message != null; message = Frames.read(channel)) {
                if (message.length == 0) {
                    Runtime.getRuntime().halt(0);
                }
                SliceRequest request = SliceRequest.parseFrom(message);
                ByteBuffer model = Frames.read(channel, request.getKeepOpen() ? ByteBuffer::allocateDirect : this::room);
                if (model == null) {
                    break;
                }
                requests.put(new Received(request, model));
            }
        } catch (IOException | InterruptedException e) {
            // A parent that died in the middle of a message is gone as well.
        }
        ScratchFolder.delete(folder);
        Runtime.getRuntime().halt(0);
    }

    /** Used by the thread that reads, and while a request is being answered nothing is sent. */
    private ByteBuffer room(int bytes) {
        if (bytes > room.capacity()) {
            room = ByteBuffer.allocateDirect(bytes);
        }
        return room.clear();
    }

    private SliceReply answer(Received received) {
        try {
            if (received.request().getDescribe()) {
                return SliceReply.newBuilder().setRuntime(RuntimeOffer.newBuilder().setName(OrtModel.RUNTIME).setVersion(OrtModel.version())
                    .addAllProviders(ExecutionProviders.known())).build();
            }
            if (received.request().getMemory()) {
                return SliceReply.newBuilder().setMemory(memory(received.request().getTask(), received.model())).build();
            }
            return SliceReply.newBuilder().setSlice(slice(received.request(), received.model())).build();
        } catch (TaskFailure e) {
            return SliceReply.newBuilder().setTaskFailure(e.getMessage()).build();
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            e.printStackTrace();
            return SliceReply.newBuilder().setTaskFailure(TaskFailure.oneLine(e.toString())).build();
        }
    }

    private Slice slice(SliceRequest request, ByteBuffer onnx) {
        Task task = request.getTask();
        long start = System.nanoTime();
        if (request.getKeepOpen()) {
            OrtModel model = open.computeIfAbsent(task, first -> OrtModel.open(onnx, first));
            return slice(task, model, System.nanoTime() - start);
        }
        try (OrtModel model = OrtModel.open(onnx, task)) {
            return slice(task, model, System.nanoTime() - start);
        }
    }

    private Slice slice(Task task, OrtModel model, long sessionNanos) {
        Slice.Builder slice = Slice.newBuilder().setRuntime(model.runtime()).setSessionNanos(sessionNanos).setTiming(OrtModel.timing(task))
            .setClockOverheadNanos(clockOverheadNanos).addAllPinnedCores(pinnedCores)
            .putAllNodesByProvider(model.nodesByProvider());
        if (task.hasRules()) {
            model.kernels().ifPresent(slice::setKernels);
            measure(model, task, slice);
        }
        if (task.getReturnOutputs()) {
            slice.addAllOutputs(model.outputs());
        } else if (!task.hasRules()) {
            model.run();
        }
        return slice.build();
    }

    /** The model's file is there before and is not counted; the heap of Java has been touched and does not grow. */
    private Memory memory(Task task, ByteBuffer onnx) {
        System.gc();
        OptionalLong before = OrtModel.liesInProcess(task) ? probe.residentBytes() : OptionalLong.empty();
        if (before.isEmpty() || !probe.forgetPeak()) {
            return Memory.getDefaultInstance();
        }
        try (OrtModel model = OrtModel.open(onnx, task)) {
            long opened = probe.peakBytes() - before.getAsLong();
            boolean apart = probe.forgetPeak();
            for (int run = 0; run < RUNS_FOR_MEMORY; run++) {
                model.run();
            }
            long running = probe.peakBytes() - before.getAsLong();
            return Memory.newBuilder().setPeakBytes(Math.max(1, Math.max(opened, running)))
                .setRunningBytes(apart ? Math.max(1, running) : 0).build();
        }
    }

    /**
     * A collection comes before the warm-up, so that sampling follows the warm-up without a pause in which caches and clocks
     * cool down; the heap has room for the few hundred bytes that each call of ONNX Runtime leaves behind (see WorkerProcess).
     */
    private void measure(OrtModel model, Task task, Slice.Builder slice) {
        MeasureRules rules = task.getRules();
        Runnable run = model::run;
        collectGarbage(model);
        Sampler.WarmUp warmUp = sampler.warmUp(run, rules);
        Map<String, Long> delays = probe.runDelays();
        Sampler.Samples samples = task.hasLoad()
            ? LoadRun.sample(run, task.getLoad(), System::nanoTime, LoadRun.awake())
            : sampler.sample(run, rules);
        // More threads than cores wait for each other, which is no interference.
        boolean cramped = task.getThreads() > Runtime.getRuntime().availableProcessors();
        slice.setRunDelayNanos(cramped ? -1 : probe.runDelaySince(delays)).setSamplingNanos(samples.elapsedNanos())
            .setWarmupRuns(warmUp.runs()).setWarmupNanos(warmUp.nanos()).setSteady(warmUp.steady());
        for (long nanos : samples.nanos()) {
            slice.addSamplesNanos(nanos);
        }
    }

    /** Not in every slice, because it takes 5 ms, but before inputs of earlier ones, in native memory, come to much. */
    private void collectGarbage(OrtModel model) {
        if (usedBytes() - collectedToBytes + inputBytes > GARBAGE) {
            System.gc();
            collectedToBytes = usedBytes();
            inputBytes = 0;
        }
        inputBytes += model.inputBytes();
    }

    private static long usedBytes() {
        Runtime jvm = Runtime.getRuntime();
        return jvm.totalMemory() - jvm.freeMemory();
    }
}
