package dev.lutra.agent;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.google.protobuf.ByteString;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A model in ONNX Runtime with its inputs in native memory, ready to run: {@link #run} copies and converts nothing. Sequential
 * execution, all graph optimizations, as many intra-op threads as the task says.
 */
final class OrtModel implements AutoCloseable {

    static final String RUNTIME = "onnxruntime";

    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final Runtime runtime;

    private OrtModel(OrtSession session, Runtime runtime) {
        this.session = session;
        this.runtime = runtime;
    }

    /** The process's one environment; says what went wrong through exceptions, not on the terminal. */
    static OrtEnvironment environment() {
        return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "lutra");
    }

    /**
     * Loads a task's model and creates its inputs.
     *
     * @throws TaskFailure if the model does not load, or the task's inputs are not what it takes
     */
    static OrtModel open(byte[] onnx, Task task) {
        OrtModel model = new OrtModel(createSession(onnx, task), Runtime.newBuilder()
                .setName(RUNTIME).setVersion(environment().getVersion())
                .setProvider(task.getProvider()).setThreads(task.getThreads()).build());
        try {
            model.createInputs(task.getInputsList());
            return model;
        } catch (OrtException e) {
            model.close();
            throw new TaskFailure("inputs: " + e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static OrtSession createSession(byte[] onnx, Task task) {
        if (task.getThreads() < 1) {
            throw new TaskFailure("threads: " + task.getThreads() + " (expected: 1 or more)");
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(task.getThreads());
            options.setInterOpNumThreads(1);
            options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            ExecutionProviders.select(task.getProvider(), options);
            return environment().createSession(onnx, options);
        } catch (OrtException e) {
            throw new TaskFailure("model: " + e.getMessage(), e);
        }
    }

    private void createInputs(List<ModelInput> given) throws OrtException {
        Map<String, NodeInfo> expected = session.getInputInfo();
        for (ModelInput input : given) {
            NodeInfo info = expected.get(input.getName());
            if (info == null) {
                throw new TaskFailure("input " + input.getName() + ": not an input of the model (expected: "
                        + String.join(", ", expected.keySet()) + ")");
            }
            if (inputs.containsKey(input.getName())) {
                throw new TaskFailure("input " + input.getName() + ": given twice");
            }
            checkShape(input, floatInfo(info));
            inputs.put(input.getName(), createTensor(input));
        }
        for (NodeInfo info : expected.values()) {
            if (!inputs.containsKey(info.getName())) {
                throw new TaskFailure("input " + info.getName() + ": missing (expected: float32 of shape "
                        + Arrays.toString(floatInfo(info).getShape()) + ")");
            }
        }
    }

    private static TensorInfo floatInfo(NodeInfo info) {
        if (info.getInfo() instanceof TensorInfo tensor && tensor.type == OnnxJavaType.FLOAT) {
            return tensor;
        }
        throw new TaskFailure("input " + info.getName() + ": the model wants " + info.getInfo()
                + " (expected: a float32 tensor)");
    }

    /** The model's shape has -1 where any size will do. */
    private static void checkShape(ModelInput input, TensorInfo expected) {
        long[] dimensions = expected.getShape();
        boolean fits = input.getShapeCount() == dimensions.length;
        for (int i = 0; fits && i < dimensions.length; i++) {
            fits = input.getShape(i) > 0 && (dimensions[i] < 0 || dimensions[i] == input.getShape(i));
        }
        if (!fits) {
            throw new TaskFailure("input " + input.getName() + ": shape " + input.getShapeList() + " (expected: "
                    + Arrays.toString(dimensions) + ", -1 is any size)");
        }
    }

    private static OnnxTensor createTensor(ModelInput input) throws OrtException {
        long[] shape = input.getShapeList().stream().mapToLong(Long::longValue).toArray();
        int bytes;
        try {
            bytes = Math.toIntExact(Arrays.stream(shape).reduce(Float.BYTES, Math::multiplyExact));
        } catch (ArithmeticException e) {
            throw new TaskFailure("input " + input.getName() + ": shape " + input.getShapeList()
                    + " (expected: less than 2 GiB)", e);
        }
        int given = input.getLittleEndianFloats().size();
        if (input.hasLittleEndianFloats() && given != bytes) {
            throw new TaskFailure("input " + input.getName() + ": " + given + " bytes (expected: " + bytes + " for shape "
                    + input.getShapeList() + ")");
        }
        FloatBuffer values = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
        switch (input.getContentCase()) {
            case LITTLE_ENDIAN_FLOATS -> values.put(floats(input.getLittleEndianFloats()));
            case RANDOM_SEED -> {
                Random random = new Random(input.getRandomSeed());
                while (values.hasRemaining()) {
                    values.put((float) random.nextGaussian());
                }
            }
            case CONTENT_NOT_SET ->
                throw new TaskFailure("input " + input.getName() + ": no content (expected: values or a seed)");
        }
        return OnnxTensor.createTensor(environment(), values.flip(), shape);
    }

    private static FloatBuffer floats(ByteString littleEndian) {
        return littleEndian.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }

    Runtime runtime() {
        return runtime;
    }

    /**
     * Runs the model once and lets go of its outputs.
     *
     * @throws TaskFailure if ONNX Runtime cannot
     */
    void run() {
        try {
            session.run(inputs).close();
        } catch (OrtException e) {
            throw new TaskFailure("run: " + e.getMessage(), e);
        }
    }

    /**
     * Runs the model once and returns its outputs, which must be float32 tensors.
     *
     * @throws TaskFailure if they are not, or ONNX Runtime cannot run the model
     */
    List<ModelOutput> outputs() {
        try (OrtSession.Result result = session.run(inputs)) {
            List<ModelOutput> outputs = new ArrayList<>();
            for (Map.Entry<String, OnnxValue> output : result) {
                outputs.add(output(output.getKey(), output.getValue()));
            }
            return outputs;
        } catch (OrtException e) {
            throw new TaskFailure("run: " + e.getMessage(), e);
        }
    }

    private static ModelOutput output(String name, OnnxValue value) {
        if (!(value instanceof OnnxTensor tensor) || tensor.getInfo().type != OnnxJavaType.FLOAT) {
            throw new TaskFailure("output " + name + ": " + value.getInfo() + " (expected: a float32 tensor)");
        }
        FloatBuffer values = tensor.getFloatBuffer();
        ByteBuffer bytes = ByteBuffer.allocate(values.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        ModelOutput.Builder output = ModelOutput.newBuilder().setName(name).setLittleEndianFloats(ByteString.copyFrom(bytes));
        Arrays.stream(tensor.getInfo().getShape()).forEach(output::addShape);
        return output.build();
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime session does not close", e);
        }
    }
}
