package dev.lutra.server.run;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * A device that computes as ONNX Runtime does and takes as long as a law says, within half a percent that follows from the model: what is
 * true of it is known, and it is the same whenever it is asked. Speaks as agents do, to a server inside the run.
 */
public final class SimulatedDevice implements FleetAccess {

    private static final double NOISE = 0.005;
    private static final int SAMPLES = 400;
    private static final int FEWEST_FOR_P99 = 368;
    private static final double CALL_NANOS = 2000;
    private static final long PROCESS_BYTES = 100_000;
    private static final long WEIGHT_COPIES = 3;

    private final Map<String, ToDoubleFunction<GraphProto>> laws = new LinkedHashMap<>();
    private final List<Task> measured = new CopyOnWriteArrayList<>();
    private boolean tellsMemory = true;
    private double nanojoulesANano;
    private Optional<String> timerOnly = Optional.empty();
    private double tail = 1;
    private boolean countsSamples;
    private Optional<Path> server = Optional.empty();
    private volatile Runnable beforeReport = () -> {};

    /** @param law nanoseconds that a model takes on the device */
    public SimulatedDevice and(String device, ToDoubleFunction<GraphProto> law) {
        laws.put(device, law);
        return this;
    }

    /** 2 µs a call, then for every image so much an op and a weight. */
    public static ToDoubleFunction<GraphProto> law(double nanosAnOp, double nanosAWeight) {
        return graph -> CALL_NANOS + nanosAnOp * graph.getNodeCount() + nanosAWeight * weights(graph);
    }

    private static long weights(GraphProto graph) {
        return graph.getInitializerList().stream().mapToLong(weight -> weight.getDimsList().stream().reduce(1L, Math::multiplyExact)).sum();
    }

    /** Takes so many watts more while it computes than when it is idle, and tells. */
    public SimulatedDevice taking(double watts) {
        nanojoulesANano = watts;
        return this;
    }

    /** Says, as some systems do, that it does not tell what models take. */
    public SimulatedDevice withoutMemory() {
        tellsMemory = false;
        return this;
    }

    /** Has a runtime of its owner's beside ONNX Runtime, which times models and tells no outputs. */
    public SimulatedDevice withTimerOnly(String name) {
        timerOnly = Optional.of(name);
        return this;
    }

    /**
     * One call in a hundred takes so many times the median. As a real device it takes no more samples than the rules ask for, and of too
     * few it tells no p99.
     */
    public SimulatedDevice withTail(double times) {
        tail = times;
        countsSamples = true;
        return this;
    }

    /** Joins a server with a folder of its own, that several runs may use one after the other. */
    public SimulatedDevice at(Path serversFolder) {
        server = Optional.of(serversFolder);
        return this;
    }

    /** What was timed so far, in order. */
    public List<Task> measured() {
        return measured;
    }

    /** Called ahead of every outcome; what it throws ends the device, as a kill would. */
    public void beforeReport(Runnable action) {
        beforeReport = action;
    }

    @Override
    public RunFleet open(List<Experiment.Target> targets, RunFolder folder, Database database, Progress progress) {
        List<AutoCloseable> open = new ArrayList<>();
        Database queues = server.map(of -> Database.open(of.resolve("lutra.db"))).orElse(database);
        server.ifPresent(of -> open.add(queues::close));
        TaskQueue queue = new TaskQueue(queues, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
        ModelStore models = new ModelStore(server.map(of -> of.resolve("models")).orElse(folder.models()));
        AgentCalls calls = new AgentCalls(queue, models);
        laws.forEach((name, law) -> {
            boolean[] stopped = {false};
            Thread thread = new Thread(() -> serve(calls, name, law, stopped), name);
            thread.setDaemon(true);
            thread.start();
            open.add(() -> {
                stopped[0] = true;
                thread.join();
            });
        });
        return new RunFleet(new LocalFleet(queue, models), progress, open, Map.of(), "lutra agent");
    }

    private void serve(AgentCalls calls, String name, ToDoubleFunction<GraphProto> law, boolean[] stopped) {
        RuntimeOffer offer = RuntimeOffer.newBuilder().setName("onnxruntime").setVersion("1").addProviders("cpu").build();
        String session = calls.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(name)
            .setMemoryOfModels(tellsMemory ? "told" : "not told: it is made so")
            .putEnergyOfModels("cpu", nanojoulesANano > 0 ? "simulated" : "not told: it is made so")).addRuntimes(offer)
            .addAllRuntimes(timerOnly.map(timer -> RuntimeOffer.newBuilder().setName(timer).setVersion("8").addProviders(timer)
                .setWithoutOutputs(true).build()).stream().toList())
            .build()).getSession();
        while (!stopped[0]) {
            for (LeasedTask leased : calls.lease(LeaseRequest.newBuilder().setSession(session).setMaxTasks(64).setWaitMillis(50).build())
                .join().getTasksList()) {
                Task task = leased.getTask();
                Path model = calls.model(FetchModelRequest.newBuilder().setSession(session).setSha256(task.getModelSha256()).build());
                Measured outcome = task.hasRules() ? timed(task, OnnxFile.read(model).getGraph(), law) : run(task, model);
                beforeReport.run();
                calls.report(ReportRequest.newBuilder().setSession(session)
                    .setLease(LeaseName.newBuilder().setTaskId(task.getId()).setEpoch(leased.getEpoch()))
                    .setOutcome(Outcome.newBuilder().setMeasured(outcome)).build());
            }
        }
    }

    private Measured timed(Task task, GraphProto graph, ToDoubleFunction<GraphProto> law) {
        measured.add(task);
        double noise = 1 + NOISE * (2 * ((task.getModelSha256().hashCode() >>> 1) / (double) Integer.MAX_VALUE) - 1);
        long images = task.getInputs(0).getShape(0);
        long nanos = Math.round((CALL_NANOS + images * (law.applyAsDouble(graph) - CALL_NANOS)) * noise);
        int samples = countsSamples ? task.getRules().getMinSamples() * ((task.getRules().getMinRounds() + 1) / 2) : SAMPLES;
        long p99 = samples >= FEWEST_FOR_P99 ? Math.round(tail * nanos) : 0;
        Histogram histogram = new Histogram(3);
        histogram.recordValueWithCount(nanos, samples);
        ByteBuffer encoded = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        histogram.encodeIntoCompressedByteBuffer(encoded);
        Measured.Builder measured = Measured.newBuilder();
        if (task.getMemory() && tellsMemory) {
            measured.getMemoryBuilder().setPeakBytes(PROCESS_BYTES + WEIGHT_COPIES * Float.BYTES * weights(graph))
                .setRunningBytes(PROCESS_BYTES + Float.BYTES * weights(graph));
        }
        if (task.getEnergy() && nanojoulesANano > 0) {
            measured.getEnergyBuilder().setNanojoules(nanojoulesANano * nanos).setHalfWidthNanojoules(0.01 * nanojoulesANano * nanos)
                .setIdleWatts(3).setWindows(5).setSource("simulated");
        }
        return measured.setRuntime(runtime(task))
            .setLatency(Distribution.newBuilder().setSamples(samples).setMinNanos(nanos).setP50Nanos(nanos).setP90Nanos(nanos).setP99Nanos(p99)
                .setMaxNanos(Math.max(nanos, p99)).setMeanNanos(nanos).setRelativeHalfWidth(NOISE).setHistogram(ByteString.copyFrom(encoded.flip())))
            .setCircumstances(Circumstances.newBuilder().setRules(task.getRules()).setRounds(task.getRules().getMinRounds()).setConverged(true))
            .build();
    }

    private Runtime runtime(Task task) {
        boolean isTimer = timerOnly.filter(task.getProvider()::equals).isPresent();
        return Runtime.newBuilder().setName(isTimer ? task.getProvider() : "onnxruntime").setVersion(isTimer ? "8" : "1")
            .setProvider(task.getProvider()).setThreads(task.getThreads()).build();
    }

    private Measured run(Task task, Path model) {
        if (timerOnly.filter(task.getProvider()::equals).isPresent()) {
            throw new IllegalStateException(task.getProvider() + " was asked for outputs");
        }
        ModelInput input = task.getInputs(0);
        FloatBuffer values = input.getLittleEndianFloats().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        long[] shape = input.getShapeList().stream().mapToLong(Long::longValue).toArray();
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(model.toString());
            OnnxTensor tensor = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), values, shape);
            OrtSession.Result result = session.run(Map.of(input.getName(), tensor))) {
            OnnxTensor output = (OnnxTensor) result.get(0);
            ByteBuffer bytes = ByteBuffer.allocate(output.getFloatBuffer().remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(output.getFloatBuffer());
            ModelOutput.Builder named = ModelOutput.newBuilder().setName(session.getOutputNames().iterator().next())
                .setLittleEndianFloats(ByteString.copyFrom(bytes));
            for (long size : output.getInfo().getShape()) {
                named.addShape(size);
            }
            return Measured.newBuilder().setRuntime(runtime(task)).addOutputs(named).build();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
