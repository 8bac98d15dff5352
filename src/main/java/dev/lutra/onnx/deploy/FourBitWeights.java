package dev.lutra.onnx.deploy;

import com.google.protobuf.ByteString;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Weights on grids of 4 bits and fewer, which {@link OnnxExporter} stores in bytes, stored in four bits each (opset 21). */
final class FourBitWeights {

    /** The first version with such a type. */
    static final int OPSET = 21;

    private static final int MOST_BITS = 4;
    private static final int NIBBLE = 0xF;

    private final GraphEditor editor;
    private final Map<String, NodeProto.Builder> giving = new HashMap<>();
    private final Map<String, TensorProto.Builder> stored = new HashMap<>();

    private FourBitWeights(GraphEditor editor) {
        this.editor = editor;
        editor.graph().getNodeBuilderList().forEach(node -> giving.put(node.getOutput(0), node));
        editor.graph().getInitializerBuilderList().forEach(tensor -> stored.put(tensor.getName(), tensor));
    }

    /** @param network that the graph was written from, whose layers have its nodes' names */
    static void pack(GraphEditor editor, Network network) {
        FourBitWeights weights = new FourBitWeights(editor);
        for (Op op : network.ops()) {
            if (op instanceof Op.Conv conv) {
                weights.pack(op.name(), conv.bits());
            } else if (op instanceof Op.Linear linear) {
                weights.pack(op.name(), linear.bits());
            }
        }
    }

    private void pack(String layer, Bits bits) {
        if (bits.weights() > MOST_BITS) {
            return;
        }
        NodeProto.Builder node = editor.graph().getNodeBuilderList().stream().filter(each -> each.getName().equals(layer)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException(layer + ": no such node"));
        NodeProto.Builder dequantize = giving.get(node.getInput(1));
        TensorProto.Builder weights = stored.get(dequantize.getInput(0));
        int bytesPerStep = bits.bytesPerStep();
        weights.setDataType(DataType.INT4_VALUE).setRawData(packed(weights.getRawData(), bytesPerStep));
        TensorProto.Builder scales = stored.get(dequantize.getInput(1));
        scales.setRawData(times(scales.getRawData(), bytesPerStep));
        List<String> withoutZeros = List.of(dequantize.getInput(0), dequantize.getInput(1));
        dequantize.clearInput().addAllInput(withoutZeros);
    }

    /** Two to a byte, the first in the lower half. */
    private static ByteString packed(ByteString bytes, int bytesPerStep) {
        byte[] packed = new byte[(bytes.size() + 1) / 2];
        for (int i = 0; i < bytes.size(); i++) {
            packed[i / 2] |= (byte) ((bytes.byteAt(i) / bytesPerStep & NIBBLE) << 4 * (i % 2));
        }
        return ByteString.copyFrom(packed);
    }

    private static ByteString times(ByteString floats, int factor) {
        ByteBuffer from = floats.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer to = ByteBuffer.allocate(floats.size()).order(ByteOrder.LITTLE_ENDIAN);
        while (from.hasRemaining()) {
            to.putFloat(from.getFloat() * factor);
        }
        return ByteString.copyFrom(to.flip());
    }
}
