package dev.lutra.onnx.deploy;

import com.google.protobuf.ByteString;
import dev.lutra.proto.onnx.AttributeProto;
import dev.lutra.proto.onnx.AttributeProto.AttributeType;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** A graph that is changed. Values, initializers and nodes share one set of names; graphs within graphs are not looked into. */
final class GraphEditor {

    private final GraphProto.Builder graph;
    private final Set<String> taken = new HashSet<>();

    GraphEditor(GraphProto graph) {
        this.graph = graph.toBuilder();
        graph.getInputList().forEach(value -> taken.add(value.getName()));
        graph.getInitializerList().forEach(tensor -> taken.add(tensor.getName()));
        graph.getNodeList().forEach(node -> {
            taken.add(node.getName());
            taken.addAll(node.getOutputList());
        });
    }

    GraphProto.Builder graph() {
        return graph;
    }

    /** A name that nothing has yet. */
    String unique(String wanted) {
        String name = wanted;
        for (int i = 2; !taken.add(name); i++) {
            name = wanted + "_" + i;
        }
        return name;
    }

    /** Gives a value another name wherever it stands. */
    void rename(String from, String to) {
        Stream.of(graph.getInputBuilderList(), graph.getOutputBuilderList()).flatMap(List::stream)
            .filter(value -> value.getName().equals(from)).forEach(value -> value.setName(to));
        graph.getInitializerBuilderList().stream().filter(tensor -> tensor.getName().equals(from)).forEach(tensor -> tensor.setName(to));
        for (NodeProto.Builder node : graph.getNodeBuilderList()) {
            for (int i = 0; i < node.getInputCount(); i++) {
                if (node.getInput(i).equals(from)) {
                    node.setInput(i, to);
                }
            }
            for (int i = 0; i < node.getOutputCount(); i++) {
                if (node.getOutput(i).equals(from)) {
                    node.setOutput(i, to);
                }
            }
        }
    }

    /** Makes a name free for a value from outside: what is called so within the graph is called otherwise from now on. */
    void free(String name) {
        if (!taken.add(name)) {
            rename(name, unique(name));
        }
    }

    /** Leaves out what no output follows from. */
    void prune() {
        Set<String> read = new HashSet<>();
        graph.getOutputList().forEach(output -> read.add(output.getName()));
        List<NodeProto> kept = new ArrayList<>();
        for (int i = graph.getNodeCount() - 1; i >= 0; i--) {
            NodeProto node = graph.getNode(i);
            if (node.getOutputList().stream().anyMatch(read::contains)) {
                kept.add(0, node);
                read.addAll(node.getInputList());
            }
        }
        List<TensorProto> initializers = graph.getInitializerList().stream().filter(tensor -> read.contains(tensor.getName())).toList();
        graph.clearNode().addAllNode(kept).clearInitializer().addAllInitializer(initializers);
    }

    /** Puts nodes before all others. */
    void prepend(List<NodeProto> nodes) {
        List<NodeProto> all = new ArrayList<>(nodes);
        all.addAll(graph.getNodeList());
        graph.clearNode().addAllNode(all);
    }

    static NodeProto.Builder node(String type, String name, List<String> inputs, String output) {
        return NodeProto.newBuilder().setOpType(type).setName(name).addAllInput(inputs).addOutput(output);
    }

    static NodeProto.Builder cast(String name, String input, int type, String output) {
        return node("Cast", name, List.of(input), output).addAttribute(integer("to", type));
    }

    static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value).build();
    }

    static AttributeProto real(String name, float value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.FLOAT).setF(value).build();
    }

    static AttributeProto integers(String name, long... values) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
        LongStream.of(values).forEach(attribute::addInts);
        return attribute.build();
    }

    /** A node that gives numbers, one a channel of images {@code [n, channels, height, width]}. */
    static NodeProto perChannel(String name, float[] values) {
        return node("Constant", name, List.of(), name).addAttribute(AttributeProto.newBuilder().setName("value").setType(AttributeType.TENSOR)
            .setT(floats(values).addDims(1).addDims(values.length).addDims(1).addDims(1))).build();
    }

    /** float32, without extents. */
    static TensorProto.Builder floats(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return TensorProto.newBuilder().setDataType(DataType.FLOAT_VALUE).setRawData(ByteString.copyFrom(bytes));
    }

    static ValueInfoProto typed(String name, int elementType, TensorShapeProto shape) {
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
            TypeProto.Tensor.newBuilder().setElemType(elementType).setShape(shape))).build();
    }
}
