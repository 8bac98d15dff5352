package dev.lutra.onnx.deploy;

import com.google.protobuf.ByteString;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The convolutions that read a graph's input, where nothing else does: what multiplies the input's channels, and in front of unpadded
 * ones also what is added to them, becomes part of their weights. A sum before padded ones cannot: their zeros come after it.
 */
final class FirstConvolutions {

    private final GraphEditor editor;
    private final List<NodeProto.Builder> nodes;
    private final Map<String, TensorProto.Builder> initializers;

    private FirstConvolutions(GraphEditor editor, List<NodeProto.Builder> nodes) {
        this.editor = editor;
        this.nodes = nodes;
        initializers = editor.graph().getInitializerBuilderList().stream()
            .collect(Collectors.toMap(TensorProto.Builder::getName, Function.identity()));
    }

    static FirstConvolutions reading(GraphEditor editor, String input) {
        return new FirstConvolutions(editor,
            editor.graph().getNodeBuilderList().stream().filter(node -> node.getInputList().contains(input)).toList());
    }

    /** Whether all that reads the input are convolutions in float32 whose weights nothing else uses. */
    boolean take() {
        return !nodes.isEmpty() && nodes.stream().allMatch(node -> node.getOpType().equals("Conv")
            && node.getInputList().stream().skip(1).allMatch(this::isItsOwn));
    }

    private boolean isItsOwn(String weight) {
        TensorProto.Builder tensor = initializers.get(weight);
        return tensor != null && tensor.getDataType() == DataType.FLOAT_VALUE && !tensor.getRawData().isEmpty()
            && editor.graph().getNodeList().stream().filter(node -> node.getInputList().contains(weight)).count() == 1;
    }

    /** Whether none of them pads. */
    boolean areUnpadded() {
        return nodes.stream().allMatch(node -> node.getAttributeList().stream().allMatch(attribute -> !attribute.getName().equals("auto_pad")
            && (!attribute.getName().equals("pads") || attribute.getIntsList().stream().allMatch(pad -> pad == 0))));
    }

    /**
     * Has them compute of {@code x} what they computed of {@code (x − shift) · factor}.
     *
     * @param shift one number a channel; of padded ones all must be 0
     */
    void absorb(double[] factor, double[] shift) {
        List<Runnable> later = new ArrayList<>(); // a list of nodes that is looked through is not added to
        for (NodeProto.Builder node : nodes) {
            TensorProto.Builder weight = initializers.get(node.getInput(1));
            int outputs = (int) weight.getDims(0);
            int channels = (int) weight.getDims(1);
            float[] values = floats(weight);
            int kernel = values.length / outputs / channels;
            int groups = node.getAttributeList().stream().filter(attribute -> attribute.getName().equals("group"))
                .mapToInt(attribute -> (int) attribute.getI()).findFirst().orElse(1);
            double[] sums = new double[outputs];
            for (int i = 0; i < values.length; i++) {
                int out = i / kernel / channels;
                int in = out / (outputs / groups) * channels + i / kernel % channels;
                sums[out] -= values[i] * factor[in] * shift[in];
                values[i] = (float) (values[i] * factor[in]);
            }
            weight.setRawData(bytes(values));
            if (!areUnpadded()) {
                continue;
            }
            float[] bias = node.getInputCount() > 2 ? floats(initializers.get(node.getInput(2))) : new float[outputs];
            for (int out = 0; out < outputs; out++) {
                bias[out] = (float) (bias[out] + sums[out]);
            }
            if (node.getInputCount() > 2) {
                initializers.get(node.getInput(2)).setRawData(bytes(bias));
            } else {
                String name = editor.unique(node.getName() + ".bias");
                node.addInput(name);
                later.add(() -> editor.graph().addInitializer(GraphEditor.floats(bias).setName(name).addDims(outputs)));
            }
        }
        later.forEach(Runnable::run);
    }

    private static float[] floats(TensorProto.Builder tensor) {
        float[] values = new float[tensor.getRawData().size() / Float.BYTES];
        tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private static ByteString bytes(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return ByteString.copyFrom(bytes);
    }
}
