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
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A model rewritten so that its inputs and outputs stay on the device: each input is an initializer plus one number that comes
 * from outside, each output is reduced to its largest value. ONNX Runtime's Java API cannot bind device memory, so this is what
 * keeps copies out of a figure; what remains of them is one number each way, which also waits until the device is done.
 *
 * <p>The number is zero, but the runtime does not know that: with a constant input it would compute the whole network beforehand.
 */
final class ResidentModel {

    /** What these figures contain, for the record. */
    static final String TIMING = "wall, input made on the device, output reduced there";

    private static final String PREFIX = "lutra.resident/";
    /** The one number that a rewritten model takes, for all inputs: a float32 tensor without axes. */
    static final String INPUT = PREFIX + "number";

    private ResidentModel() {}

    /**
     * @param inputs the model's inputs, each with its content
     * @param outputs what the model gives
     * @throws TaskFailure if an output is not a tensor of numbers, or the result is too large for an ONNX file
     */
    static byte[] rewrite(ByteBuffer onnx, Map<String, OnnxTensor> inputs, Map<String, NodeInfo> outputs) {
        try {
            ModelProto.Builder model = ModelProto.parseFrom(onnx.duplicate()).toBuilder();
            model.setGraph(rewrite(model.getGraph(), inputs, outputs));
            return model.build().toByteArray();
        } catch (InvalidProtocolBufferException e) {
            throw new TaskFailure("model: " + e.getMessage(), e);
        }
    }

    private static GraphProto rewrite(GraphProto graph, Map<String, OnnxTensor> inputs, Map<String, NodeInfo> outputs) {
        List<NodeProto> before = new ArrayList<>();
        List<NodeProto> after = new ArrayList<>();
        GraphProto.Builder rewritten = graph.toBuilder().clearNode().clearInput().clearOutput();
        rewritten.addInput(scalar(INPUT, DataType.FLOAT_VALUE));
        // Old files list their weights among the inputs.
        graph.getInputList().stream().filter(input -> !inputs.containsKey(input.getName())).forEach(rewritten::addInput);
        inputs.forEach((name, tensor) -> {
            String number = INPUT;
            if (tensor.getInfo().type == OnnxJavaType.FLOAT16) {
                number = PREFIX + "number of " + name;
                before.add(node("Cast", number, INPUT).addAttribute(AttributeProto.newBuilder()
                    .setName("to").setType(AttributeProto.AttributeType.INT).setI(DataType.FLOAT16_VALUE)).build());
            }
            rewritten.addInitializer(content(PREFIX + name, tensor));
            before.add(node("Add", name, PREFIX + name, number).build());
        });
        outputs.forEach((name, info) -> {
            after.add(node("ReduceMax", PREFIX + name, name).addAttribute(AttributeProto.newBuilder()
                .setName("keepdims").setType(AttributeProto.AttributeType.INT).setI(0)).build());
            rewritten.addOutput(scalar(PREFIX + name, numeric(name, info)));
        });
        return rewritten.addAllNode(before).addAllNode(graph.getNodeList()).addAllNode(after).build();
    }

    private static NodeProto.Builder node(String type, String output, String... inputs) {
        return NodeProto.newBuilder().setOpType(type).setName(PREFIX + type + " " + output).addAllInput(List.of(inputs))
            .addOutput(output);
    }

    private static TensorProto content(String name, OnnxTensor tensor) {
        TensorProto.Builder initializer = TensorProto.newBuilder().setName(name);
        for (long dimension : tensor.getInfo().getShape()) {
            initializer.addDims(dimension);
        }
        if (tensor.getInfo().type == OnnxJavaType.FLOAT) {
            FloatBuffer values = tensor.getFloatBuffer();
            ByteBuffer bytes = littleEndian(values.remaining(), Float.BYTES);
            bytes.asFloatBuffer().put(values);
            return initializer.setDataType(DataType.FLOAT_VALUE).setRawData(ByteString.copyFrom(bytes)).build();
        }
        ShortBuffer values = tensor.getShortBuffer();
        ByteBuffer bytes = littleEndian(values.remaining(), Short.BYTES);
        bytes.asShortBuffer().put(values);
        return initializer.setDataType(DataType.FLOAT16_VALUE).setRawData(ByteString.copyFrom(bytes)).build();
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

    private static ValueInfoProto scalar(String name, int elementType) {
        TypeProto.Tensor.Builder type = TypeProto.Tensor.newBuilder()
            .setElemType(elementType).setShape(TensorShapeProto.getDefaultInstance());
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(type)).build();
    }
}
