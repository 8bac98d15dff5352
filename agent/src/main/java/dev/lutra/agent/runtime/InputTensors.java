package dev.lutra.agent.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.platform.Fp16Conversions;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.ModelInput;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A task's inputs in native memory, in the type that the model wants: float32, or float16 converted from it. */
final class InputTensors implements AutoCloseable {

    private final Map<String, OnnxTensor> tensors = new HashMap<>();

    private InputTensors() {}

    /** Of a model that has its inputs already. */
    static InputTensors none() {
        return new InputTensors();
    }

    /**
     * @param expected the model's inputs
     * @throws TaskFailure if the given ones are not what the model takes
     */
    static InputTensors of(Map<String, NodeInfo> expected, List<ModelInput> given) {
        InputTensors inputs = new InputTensors();
        try {
            inputs.fill(expected, given);
            return inputs;
        } catch (OrtException e) {
            inputs.close();
            throw new TaskFailure("inputs: " + e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            inputs.close();
            throw e;
        }
    }

    Map<String, OnnxTensor> byName() {
        return tensors;
    }

    /** What they and the float32 values that they were made of occupy in native memory. */
    long bytes() {
        return tensors.values().stream().map(OnnxTensor::getInfo)
            .mapToLong(info -> info.getNumElements() * (info.type == OnnxJavaType.FLOAT ? Float.BYTES : Float.BYTES + info.type.size))
            .sum();
    }

    private void fill(Map<String, NodeInfo> expected, List<ModelInput> given) throws OrtException {
        for (ModelInput input : given) {
            NodeInfo info = expected.get(input.getName());
            if (info == null) {
                throw new TaskFailure("input " + input.getName() + ": not an input of the model (expected: "
                    + String.join(", ", expected.keySet()) + ")");
            }
            if (tensors.containsKey(input.getName())) {
                throw new TaskFailure("input " + input.getName() + ": given twice");
            }
            TensorInfo type = floatInfo(info);
            checkShape(input, type);
            tensors.put(input.getName(), createTensor(input, type.type));
        }
        for (NodeInfo info : expected.values()) {
            if (!tensors.containsKey(info.getName())) {
                TensorInfo type = floatInfo(info);
                throw new TaskFailure("input " + info.getName() + ": missing (expected: " + nameOf(type.type) + " of shape "
                    + Arrays.toString(type.getShape()) + ")");
            }
        }
    }

    private static String nameOf(OnnxJavaType type) {
        return type == OnnxJavaType.FLOAT ? "float32" : type.name().toLowerCase(Locale.ROOT);
    }

    private static TensorInfo floatInfo(NodeInfo info) {
        if (info.getInfo() instanceof TensorInfo tensor
            && (tensor.type == OnnxJavaType.FLOAT || tensor.type == OnnxJavaType.FLOAT16)) {
            return tensor;
        }
        throw new TaskFailure("input " + info.getName() + ": the model wants " + info.getInfo()
            + " (expected: a float32 or float16 tensor)");
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

    private static OnnxTensor createTensor(ModelInput input, OnnxJavaType type) throws OrtException {
        long[] shape = input.getShapeList().stream().mapToLong(Long::longValue).toArray();
        FloatBuffer values = InputValues.of(input);
        if (type == OnnxJavaType.FLOAT) {
            return OnnxTensor.createTensor(OrtModel.environment(), values, shape);
        }
        ShortBuffer halves = InputValues.direct(values.remaining() * Short.BYTES).asShortBuffer();
        halves.put(Fp16Conversions.convertFloatBufferToFp16Buffer(values)).flip();
        return OnnxTensor.createTensor(OrtModel.environment(), halves, shape, type);
    }

    @Override
    public void close() {
        tensors.values().forEach(OnnxTensor::close);
    }
}
