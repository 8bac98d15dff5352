package dev.lutra.onnx.deploy;

import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.network.ForeignGraph;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.onnx.ForeignNodes;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A head of the user's that every network of a space has behind its features, so that what is timed, bounded and verified is both together.
 *
 * @param file the head
 * @param model what is in it
 * @param strides whose features it reads, in the order of its inputs
 * @param graph the same as a network has it
 */
public record DetectorHead(Path file, ModelProto model, List<Integer> strides, ForeignGraph graph) {

    /** What the form of files is called that have it, and the segment that it is in networks. */
    public static final String NAME = "head";

    private static final String SEGMENT = "detector-head";
    private static final Pattern FEATURE = Pattern.compile("feature([1-9]\\d{0,3})");

    /**
     * Reads a head.
     *
     * @throws InputException if it is no ONNX file, or does not read features by their names
     */
    public static DetectorHead read(Path file) {
        ModelProto model = OnnxFile.read(file);
        List<String> inputs = ForeignNodes.inputs(model.getGraph()).stream().map(ValueInfoProto::getName).toList();
        List<Integer> strides = new ArrayList<>();
        for (String input : inputs) {
            Matcher feature = FEATURE.matcher(input);
            if (!feature.matches()) {
                throw InputException.in(file, "reads " + input + " (expected: features by their strides, such as feature8, feature16, feature32)");
            }
            strides.add(Integer.parseInt(feature.group(1)));
        }
        if (strides.isEmpty()) {
            throw InputException.in(file, "reads nothing (expected: features by their strides, such as feature8, feature16, feature32)");
        }
        return new DetectorHead(file, model, strides, new ForeignGraph(inputs, model));
    }

    /** Images of a call that its inputs ask for; empty for any. */
    public OptionalInt batch() {
        return model.getGraph().getInputList().stream().map(input -> input.getType().getTensorType().getShape())
            .filter(shape -> shape.getDimCount() > 0).mapToInt(shape -> Math.toIntExact(shape.getDim(0).getDimValue())).filter(images -> images > 0)
            .findFirst();
    }

    /** Files that have it behind a network in float32. */
    public Deployment form() {
        return new Deployment(batch(), OnnxExporter.OPSET, false, false, false, Precision.FLOAT32, false, "input", "output", strides,
            Optional.of(file));
    }

    /**
     * A network with the head behind it.
     *
     * @throws InputException if the network has not the features that it reads
     */
    public Network behind(Network network) {
        Map<Integer, Value> features = Features.values(network, strides);
        int free = network.ops().stream().mapToInt(op -> op.output().id()).max().orElse(network.input().id()) + 1;
        Value given = new Value(free, Shape.vector(1), 1);
        return network.with(new Op.Head(SEGMENT, strides.stream().map(features::get).toList(), given, graph));
    }

    /**
     * Makes sure that it can stand behind a network.
     *
     * @throws InputException naming the input that does not fit
     */
    public void requireFits(Network network) {
        Map<String, ValueInfoProto> features = new LinkedHashMap<>();
        Features.values(network, strides).forEach((stride, value) -> {
            TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
            for (long extent : value.shape().withBatch(0)) {
                shape.addDim(Dimension.newBuilder().setDimValue(extent));
            }
            features.put(Deployment.feature(stride), GraphEditor.typed(Deployment.feature(stride), TensorProto.DataType.FLOAT_VALUE, shape.build()));
        });
        new AppendedHead(file, model).requireFits(form(), features);
    }
}
