package dev.lutra.onnx.deploy;

import dev.lutra.InputException;
import dev.lutra.onnx.ForeignNodes;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.onnx.AttributeProto;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A head of the user's behind the features of a network: its graph continues the network's, whose values it reads by the names of its
 * inputs. Everything else of it gets names that the network has not; its outputs keep theirs.
 *
 * @param file the head
 * @param model what is in it
 */
record AppendedHead(Path file, ModelProto model) {

    static AppendedHead read(Path file) {
        return new AppendedHead(file, OnnxFile.read(file));
    }

    /**
     * @param features by name, as the network has them
     * @throws InputException if the head cannot continue the network
     */
    void appendTo(GraphEditor editor, Deployment form, Map<String, ValueInfoProto> features) {
        requireFits(form, features);
        GraphProto head = model.getGraph();
        Map<String, String> names = new HashMap<>();
        features.keySet().forEach(name -> names.put(name, name));
        head.getOutputList().forEach(output -> editor.free(output.getName()));
        try {
            editor.graph().addAllNode(ForeignNodes.of(model, names, editor::unique, editor.graph()::addInitializer));
        } catch (InputException e) {
            throw InputException.in(file, e.getMessage());
        }
        editor.graph().clearOutput().addAllOutput(head.getOutputList());
    }

    void requireFits(Deployment form, Map<String, ValueInfoProto> features) {
        List<ValueInfoProto> inputs = ForeignNodes.inputs(model.getGraph());
        if (inputs.isEmpty() || inputs.stream().anyMatch(input -> !features.containsKey(input.getName()))) {
            throw InputException.in(file,
                "reads " + inputs.stream().map(ValueInfoProto::getName).toList() + " (expected: of " + features.keySet() + ")");
        }
        inputs.forEach(input -> requireShape(input, features.get(input.getName()), form));
        model.getOpsetImportList().stream().filter(opset -> opset.getDomain().isEmpty() && opset.getVersion() != form.opset()).findFirst()
            .ifPresent(opset -> {
                throw InputException.in(file, "opset " + opset.getVersion() + " (expected: the deployment's, opset: " + form.opset() + ")");
            });
        boolean hasGraphs = model.getGraph().getNodeList().stream().flatMap(node -> node.getAttributeList().stream())
            .anyMatch(AppendedHead::hasGraph);
        if (hasGraphs || model.getFunctionsCount() > 0) {
            throw InputException.in(file, "has graphs within graphs, or functions of its own (expected: a plain graph, without Loop and If)");
        }
    }

    private static boolean hasGraph(AttributeProto attribute) {
        return attribute.hasG() || attribute.getGraphsCount() > 0;
    }

    private void requireShape(ValueInfoProto input, ValueInfoProto feature, Deployment form) {
        TensorShapeProto wanted = input.getType().getTensorType().getShape();
        TensorShapeProto given = feature.getType().getTensorType().getShape();
        boolean fits = wanted.getDimCount() == 0 || wanted.getDimCount() == given.getDimCount();
        for (int axis = 0; fits && axis < wanted.getDimCount(); axis++) {
            long extent = wanted.getDim(axis).getDimValue();
            fits = extent == 0 || extent == (axis == 0 ? form.batch().orElse(0) : given.getDim(axis).getDimValue());
        }
        if (!fits || input.getType().getTensorType().getElemType() != TensorProto.DataType.FLOAT_VALUE) {
            throw InputException.in(file, input.getName() + ": " + described(wanted) + " (expected: float32, " + described(given)
                + ", n being the deployment's batch)");
        }
    }

    private static String described(TensorShapeProto shape) {
        return shape.getDimList().stream().map(dim -> dim.getDimValue() > 0 ? Long.toString(dim.getDimValue()) : "n")
            .collect(Collectors.joining(", ", "[", "]"));
    }
}
