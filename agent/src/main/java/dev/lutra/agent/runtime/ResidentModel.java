package dev.lutra.agent.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.TensorInfo;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.onnx.AttributeProto;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * A model rewritten so that its inputs and outputs stay on the device: each input has its content as a default, which the runtime
 * keeps where the model runs, and of each output one number is read. ONNX Runtime's Java API cannot bind device memory, so this is
 * what keeps copies out of a figure; what remains of them is one number, which also waits until the device is done. Nothing runs over
 * whole inputs or outputs but the model itself, so large tensors pay no more than small ones; only inputs in float16 are cast, from
 * float32 defaults.
 *
 * <p>A default may be overridden from outside (ONNX, from IR version 4 on), so the runtime cannot compute anything of it beforehand,
 * as it would of a constant.
 */
final class ResidentModel {

    /** What these figures contain, for the record. */
    static final String TIMING = "wall, input kept on the device, one number of the output read";

    private static final String PREFIX = "lutra.resident/";
    private static final String FLAT = PREFIX + "flat";
    private static final String FIRST = PREFIX + "first";
    /** From this version on initializers need not be inputs, and those that are may be overridden. */
    private static final int OVERRIDABLE = 4;

    private ResidentModel() {}

    /**
     * @param inputs the model's inputs, each with its content
     * @param outputs what the model gives
     * @throws TaskFailure if an output is not a tensor of numbers, or the result is too large for an ONNX file
     */
    static byte[] rewrite(ByteBuffer onnx, Map<String, OnnxTensor> inputs, Map<String, NodeInfo> outputs) {
        try {
            ModelProto.Builder model = ModelProto.parseFrom(onnx.duplicate()).toBuilder();
            GraphProto.Builder graph = rewrite(model.getGraph(), inputs, outputs);
            if (model.getIrVersion() < OVERRIDABLE) {
                // There, weights are listed among the inputs and constants all the same.
                List<ValueInfoProto> own = graph.getInputList().stream().filter(input -> inputs.containsKey(input.getName())
                    || input.getName().startsWith(PREFIX)).toList();
                graph.clearInput().addAllInput(own);
                model.setIrVersion(OVERRIDABLE);
            }
            return model.setGraph(graph).build().toByteArray();
        } catch (InvalidProtocolBufferException e) {
            throw new TaskFailure("model: " + e.getMessage(), e);
        }
    }

    private static GraphProto.Builder rewrite(GraphProto graph, Map<String, OnnxTensor> inputs, Map<String, NodeInfo> outputs) {
        GraphProto.Builder rewritten = graph.toBuilder().clearInput().clearNode().clearOutput();
        graph.getInputList().forEach(input -> {
            OnnxTensor tensor = inputs.get(input.getName());
            if (tensor != null && tensor.getInfo().type == OnnxJavaType.FLOAT16) {
                // ONNX Runtime 1.29 crashes on a float16 default that its CPU provider casts: the default is float32.
                String wide = PREFIX + input.getName();
                rewritten.addInput(typed(wide, DataType.FLOAT_VALUE, input.getType().getTensorType().getShape()));
                rewritten.addInitializer(content(wide, tensor));
                rewritten.addNode(node("Cast", input.getName(), wide).addAttribute(AttributeProto.newBuilder()
                    .setName("to").setType(AttributeProto.AttributeType.INT).setI(DataType.FLOAT16_VALUE)));
            } else {
                rewritten.addInput(input);
            }
        });
        inputs.forEach((name, tensor) -> {
            if (tensor.getInfo().type == OnnxJavaType.FLOAT) {
                rewritten.addInitializer(content(name, tensor));
            }
        });
        rewritten.addInitializer(whole(FLAT, -1).addDims(1)).addInitializer(whole(FIRST, 0));
        rewritten.addAllNode(graph.getNodeList());
        outputs.forEach((name, info) -> {
            rewritten.addNode(node("Reshape", FLAT + " " + name, name, FLAT));
            rewritten.addNode(node("Gather", PREFIX + "first of " + name, FLAT + " " + name, FIRST));
            rewritten.addOutput(typed(PREFIX + "first of " + name, numeric(name, info), TensorShapeProto.getDefaultInstance()));
        });
        return rewritten;
    }

    private static TensorProto.Builder whole(String name, long value) {
        return TensorProto.newBuilder().setName(name).setDataType(DataType.INT64_VALUE)
            .setRawData(ByteString.copyFrom(littleEndian(1, Long.BYTES).putLong(value).flip()));
    }

    private static NodeProto.Builder node(String type, String output, String... inputs) {
        return NodeProto.newBuilder().setOpType(type).setName(PREFIX + type + " " + output).addAllInput(List.of(inputs))
            .addOutput(output);
    }

    /** In float32. */
    private static TensorProto content(String name, OnnxTensor tensor) {
        TensorProto.Builder initializer = TensorProto.newBuilder().setName(name).setDataType(DataType.FLOAT_VALUE);
        for (long dimension : tensor.getInfo().getShape()) {
            initializer.addDims(dimension);
        }
        FloatBuffer values = tensor.getFloatBuffer();
        ByteBuffer bytes = littleEndian(values.remaining(), Float.BYTES);
        bytes.asFloatBuffer().put(values);
        return initializer.setRawData(ByteString.copyFrom(bytes)).build();
    }

    private static ByteBuffer littleEndian(int values, int size) {
        return ByteBuffer.allocate(values * size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int numeric(String name, NodeInfo info) {
        if (info.getInfo() instanceof TensorInfo tensor) {
            switch (tensor.type) {
                case FLOAT :
                    return DataType.FLOAT_VALUE;
                case FLOAT16 :
                    return DataType.FLOAT16_VALUE;
                case DOUBLE :
                    return DataType.DOUBLE_VALUE;
                case INT32 :
                    return DataType.INT32_VALUE;
                case INT64 :
                    return DataType.INT64_VALUE;
                default :
                    break;
            }
        }
        throw new TaskFailure("output " + name + ": " + info.getInfo()
            + " (expected: a tensor of numbers, to be reduced on the device)");
    }

    private static ValueInfoProto typed(String name, int elementType, TensorShapeProto shape) {
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
            TypeProto.Tensor.newBuilder().setElemType(elementType).setShape(shape))).build();
    }
}
