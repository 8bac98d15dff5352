package dev.lutra.agent.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.agent.sampling.LoadRun;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Kernels;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.TaskLimits;
import dev.lutra.proto.content.IntegerLayers;
import dev.lutra.proto.onnx.ModelProto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model in ONNX Runtime with its inputs in native memory, ready to run: {@link #run} copies and converts nothing. Sequential
 * execution, all graph optimizations, as many intra-op threads as the task says.
 *
 * <p>Opening it runs it once under the runtime's profiler, which tells what ran on which provider; the file costs a millisecond
 * or two. On the CPU the session goes on without the profiler; elsewhere a profiler may leave the device slower (WebGPU keeps
 * its timestamp queries), so that what is timed is a second session, which refuses to put a node on the CPU. What is timed on
 * another provider than the CPU is the {@link ResidentModel}.
 */
public final class OrtModel implements AutoCloseable {

    public static final String RUNTIME = "onnxruntime";

    /** Begins the name of the folder that a runtime's profile is written to; the process number follows. */
    static final String PROFILE_FOLDER = "lutra-profile-";

    private static final String WALL = "wall";
    private static final String REFUSE_CPU = "session.disable_cpu_ep_fallback";

    private final Task task;
    private final ByteBuffer onnx;
    private final OrtSession session;
    private final InputTensors inputs;
    private final NodePlacement placement;
    /** The layers that multiply integers where the runtime can; not looked for before they are asked for. */
    private Set<String> integerLayers;

    private OrtModel(Task task, ByteBuffer onnx, OrtSession session, InputTensors inputs, NodePlacement placement) {
        this.task = task;
        this.onnx = onnx;
        this.session = session;
        this.inputs = inputs;
        this.placement = placement;
    }

    /** The process's one environment; says what went wrong through exceptions, not on the terminal. */
    static OrtEnvironment environment() {
        return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "lutra");
    }

    /**
     * The version of the runtime that runs here.
     *
     * @throws LinkageError if it has no native library for this machine
     */
    public static String version() {
        return environment().getVersion();
    }

    /** What a task's times are of, as the circumstances of a measurement say it. */
    public static String timing(Task task) {
        String what = isOnCpu(task) ? WALL : ResidentModel.TIMING;
        return task.hasLoad() ? "load " + LoadRun.rate(task.getLoad()) + "/s, from when a request was due; " + what : what;
    }

    /**
     * Loads a task's model, creates its inputs and runs it once.
     *
     * @param onnx in native memory; looked at again only by {@link #outputs} where what is timed is another model, and once by {@link #kernels}
     * @throws TaskFailure if the model does not load or run, the task's inputs are not what it takes, or a part of it would run
     *     on the CPU though another provider was asked for
     */
    public static OrtModel open(ByteBuffer onnx, Task task) {
        Path profile = profileFolder();
        try {
            return isResident(task) ? resident(onnx, task, profile) : asGiven(onnx, task, profile);
        } catch (OrtException e) {
            throw new TaskFailure("model: " + e.getMessage(), e);
        } finally {
            // Closing a session that failed writes its profile, too.
            delete(profile);
        }
    }

    /** Whether a task's model lies in the memory of the process that runs it, and not in that of another device. */
    public static boolean liesInProcess(Task task) {
        return isOnCpu(task);
    }

    private static boolean isOnCpu(Task task) {
        return task.getProvider().equals(ExecutionProviders.CPU);
    }

    /** Times, unlike outputs, are taken of the rewritten model. */
    private static boolean isResident(Task task) {
        return task.hasRules() && !isOnCpu(task);
    }

    private static OrtModel asGiven(ByteBuffer onnx, Task task, Path profile) throws OrtException {
        OrtSession session = profiledSession(onnx, task, profile);
        InputTensors inputs = null;
        try {
            inputs = InputTensors.of(session.getInputInfo(), task.getInputsList());
            return new OrtModel(task, onnx, session, inputs, place(session, inputs, task));
        } catch (OrtException | RuntimeException | Error e) {
            close(inputs, session);
            throw e;
        }
    }

    private static OrtModel resident(ByteBuffer onnx, Task task, Path profile) throws OrtException {
        ByteBuffer rewritten = rewrite(onnx, task);
        InputTensors none = InputTensors.none();
        NodePlacement placement;
        try (OrtSession session = profiledSession(rewritten, task, profile)) {
            placement = place(session, none, task);
        }
        try (SessionOptions options = options(task)) {
            if (!ExecutionProviders.allowsCpuNodes(task)) {
                options.addConfigEntry(REFUSE_CPU, "1");
            }
            return new OrtModel(task, onnx, environment().createSession(rewritten, options), none, placement);
        }
    }

    /** The CPU's session only says what the model takes and gives. */
    private static ByteBuffer rewrite(ByteBuffer onnx, Task task) throws OrtException {
        try (SessionOptions options = new SessionOptions()) {
            options.setOptimizationLevel(OptLevel.NO_OPT);
            try (OrtSession plain = environment().createSession(onnx, options);
                InputTensors inputs = InputTensors.of(plain.getInputInfo(), task.getInputsList())) {
                byte[] rewritten = ResidentModel.rewrite(onnx, inputs.byName(), plain.getOutputInfo());
                return ByteBuffer.allocateDirect(rewritten.length).put(rewritten).flip();
            }
        }
    }

    private static SessionOptions options(Task task) throws OrtException {
        // Some providers log while they are added, which they can only once there is an environment.
        environment();
        SessionOptions options = new SessionOptions();
        try {
            options.setIntraOpNumThreads(task.getThreads());
            options.setInterOpNumThreads(1);
            options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
            options.setOptimizationLevel(OptLevel.ALL_OPT);
            ExecutionProviders.select(task, options);
            return options;
        } catch (OrtException | RuntimeException | Error e) {
            options.close();
            throw e;
        }
    }

    private static OrtSession profiledSession(ByteBuffer onnx, Task task, Path folder) throws OrtException {
        try (SessionOptions options = options(task)) {
            options.enableProfiling(folder.resolve("run").toString());
            return environment().createSession(onnx, options);
        }
    }

    private static NodePlacement place(OrtSession session, InputTensors inputs, Task task) {
        NodePlacement placement;
        try {
            session.run(inputs.byName()).close();
            placement = NodePlacement.read(Path.of(session.endProfiling()));
        } catch (OrtException e) {
            throw new TaskFailure("run: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("the runtime's profile cannot be read: " + FileTrouble.reason(e), e);
        }
        if (!ExecutionProviders.allowsCpuNodes(task)) {
            placement.requireAllOn(task.getProvider());
        }
        return placement;
    }

    private static Path profileFolder() {
        try {
            return Files.createTempDirectory(PROFILE_FOLDER + ProcessHandle.current().pid() + "-");
        } catch (IOException e) {
            throw new UncheckedIOException("the runtime's profile has no place to be written: " + FileTrouble.reason(e), e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be deleted: " + FileTrouble.reason(folder, e), e);
        }
    }

    public Runtime runtime() {
        return Runtime.newBuilder().setName(RUNTIME).setVersion(version()).setProvider(task.getProvider())
            .setThreads(task.getThreads()).putAllProviderOptions(task.getProviderOptionsMap()).build();
    }

    /** What its inputs occupy in native memory; given back some time after {@link #close}, when the garbage is collected. */
    public long inputBytes() {
        return inputs.bytes();
    }

    /** How it multiplies where it is to multiply integers; empty where it is not to. */
    public Optional<Kernels> kernels() {
        if (integerLayers == null) { // reads the whole file, which may be large
            try {
                integerLayers = IntegerLayers.of(ModelProto.parseFrom(onnx.duplicate()).getGraph());
            } catch (InvalidProtocolBufferException e) {
                throw new TaskFailure("model: " + e.getMessage(), e);
            }
        }
        return integerLayers.isEmpty() ? Optional.empty() : Optional.of(placement.kernels(integerLayers));
    }

    /** How many nodes of the optimized graph run on which provider. */
    public Map<String, Integer> nodesByProvider() {
        return placement.byProvider();
    }

    /**
     * Runs the model once and lets go of its outputs.
     *
     * @throws TaskFailure if ONNX Runtime cannot
     */
    public void run() {
        try {
            session.run(inputs.byName()).close();
        } catch (OrtException e) {
            throw new TaskFailure("run: " + e.getMessage(), e);
        }
    }

    /**
     * Runs the model once and returns its outputs, which must be float32 or float16 tensors, as float32.
     *
     * @throws TaskFailure if they are not, are too large for a message, or ONNX Runtime cannot run the model
     */
    public List<ModelOutput> outputs() {
        if (isResident(task)) {
            try (OrtModel given = open(onnx, task.toBuilder().clearRules().build())) {
                return given.outputs();
            }
        }
        try (OrtSession.Result result = session.run(inputs.byName())) {
            List<ModelOutput> outputs = new ArrayList<>();
            long bytes = 0;
            for (Map.Entry<String, OnnxValue> output : result) {
                OnnxTensor tensor = floatTensor(output.getKey(), output.getValue());
                bytes += Float.BYTES * tensor.getInfo().getNumElements();
                if (bytes > TaskLimits.MOST_OUTPUT_BYTES) {
                    throw new TaskFailure("output " + output.getKey() + ": " + bytes + " bytes so far (expected: at most "
                        + TaskLimits.MOST_OUTPUT_BYTES + " for all outputs)");
                }
                outputs.add(output(output.getKey(), tensor));
            }
            return outputs;
        } catch (OrtException e) {
            throw new TaskFailure("run: " + e.getMessage(), e);
        }
    }

    private static OnnxTensor floatTensor(String name, OnnxValue value) {
        if (!(value instanceof OnnxTensor tensor)
            || tensor.getInfo().type != OnnxJavaType.FLOAT && tensor.getInfo().type != OnnxJavaType.FLOAT16) {
            throw new TaskFailure("output " + name + ": " + value.getInfo() + " (expected: a float32 or float16 tensor)");
        }
        return tensor;
    }

    private static ModelOutput output(String name, OnnxTensor tensor) {
        FloatBuffer values = tensor.getFloatBuffer();
        ByteBuffer bytes = ByteBuffer.allocate(values.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        ModelOutput.Builder output = ModelOutput.newBuilder().setName(name).setLittleEndianFloats(ByteString.copyFrom(bytes));
        Arrays.stream(tensor.getInfo().getShape()).forEach(output::addShape);
        return output.build();
    }

    @Override
    public void close() {
        close(inputs, session);
    }

    private static void close(InputTensors inputs, OrtSession session) {
        if (inputs != null) {
            inputs.close();
        }
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime session does not close", e);
        }
    }
}
