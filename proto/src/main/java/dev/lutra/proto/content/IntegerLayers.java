package dev.lutra.proto.content;

import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.NodeProto;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The layers of a model that are to multiply integers: convolutions and matrix products that read what DequantizeLinear gives, twice. A
 * runtime that has kernels for it makes one node of such a layer and the nodes around it, under the layer's name; one that has none, or that
 * has them for other types, multiplies real numbers between them.
 */
public final class IntegerLayers {

    private static final String DEQUANTIZE = "DequantizeLinear";
    private static final Set<String> LAYERS = Set.of("Conv", "Gemm", "MatMul");
    /** ONNX Runtime's, its own fusions among them. */
    private static final Set<String> REAL = Set.of("Conv", "FusedConv", "NhwcFusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul");
    private static final Set<String> INTEGER = Set.of("QLinearConv", "QGemm", "QLinearMatMul", "MatMulInteger", "ConvInteger");

    private IntegerLayers() {}

    /** Their names, in order of the letters. */
    public static Set<String> of(GraphProto model) {
        Set<String> dequantized = new HashSet<>();
        Set<String> layers = new TreeSet<>();
        for (NodeProto node : model.getNodeList()) { // which are in the order of what they read
            if (node.getOpType().equals(DEQUANTIZE)) {
                dequantized.addAll(node.getOutputList());
            } else if (LAYERS.contains(node.getOpType()) && dequantized.containsAll(factors(node))) {
                layers.add(node.getName());
            }
        }
        return layers;
    }

    private static List<String> factors(NodeProto layer) {
        return layer.getInputList().subList(0, Math.min(2, layer.getInputCount()));
    }

    /** Whether a node of ONNX Runtime's optimized graph multiplies real numbers. */
    public static boolean isReal(String operator) {
        return REAL.contains(operator);
    }

    /** Whether it multiplies integers. */
    public static boolean isInteger(String operator) {
        return INTEGER.contains(operator);
    }

    /** The layer that such a node was made of: its name without what the optimizer appends. */
    public static String layer(String node) {
        return node.replaceAll("(_nchwc|_token_\\d+)+$", "");
    }
}
