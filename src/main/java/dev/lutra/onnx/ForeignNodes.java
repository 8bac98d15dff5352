package dev.lutra.onnx;

import dev.lutra.InputException;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Puts the nodes of somebody else's graph into another. Its outputs keep their names, everything else gets names that the other has not. */
public final class ForeignNodes {

    private static final String PREFIX = "head/";

    private ForeignNodes() {}

    /** What a graph has to be given: of its inputs those that no initializer gives, which may stand among them. */
    public static List<ValueInfoProto> inputs(GraphProto graph) {
        Set<String> given = graph.getInitializerList().stream().map(TensorProto::getName).collect(Collectors.toSet());
        return graph.getInputList().stream().filter(input -> !given.contains(input.getName())).toList();
    }

    /**
     * The nodes, renamed.
     *
     * @param inputs what the other graph calls what it reads
     * @param unique makes a name that nothing has yet of a wanted one
     * @param initializers takes its constants
     * @throws InputException if a node reads what no earlier one gives
     */
    public static List<NodeProto> of(ModelProto model, Map<String, String> inputs, UnaryOperator<String> unique,
        Consumer<TensorProto> initializers) {
        GraphProto graph = model.getGraph();
        Map<String, String> names = new HashMap<>(inputs);
        names.put("", "");
        for (ValueInfoProto output : graph.getOutputList()) {
            names.put(output.getName(), output.getName());
        }
        for (TensorProto tensor : graph.getInitializerList()) {
            names.put(tensor.getName(), unique.apply(PREFIX + tensor.getName()));
            initializers.accept(tensor.toBuilder().setName(names.get(tensor.getName())).build());
        }
        graph.getNodeList().forEach(node -> node.getOutputList()
            .forEach(output -> names.computeIfAbsent(output, name -> unique.apply(PREFIX + name))));
        List<NodeProto> nodes = new ArrayList<>();
        for (NodeProto node : graph.getNodeList()) {
            NodeProto.Builder renamed = node.toBuilder().clearInput().clearOutput();
            node.getInputList().forEach(input -> renamed.addInput(known(names, input)));
            node.getOutputList().forEach(output -> renamed.addOutput(names.get(output)));
            nodes.add((node.getName().isEmpty() ? renamed : renamed.setName(unique.apply(PREFIX + node.getName()))).build());
        }
        return nodes;
    }

    private static String known(Map<String, String> names, String input) {
        if (!names.containsKey(input)) {
            throw new InputException(input + ": read before anything gives it (expected: nodes in execution order)");
        }
        return names.get(input);
    }
}
