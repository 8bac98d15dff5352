package dev.lutra.onnx.deploy;

import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An exported network as a {@link Deployment} wants it: rewritten at its borders, and computing the same. What preparing an image takes
 * becomes part of the file: in float32 the division by the deviation goes into the first convolutions' weights, and the mean too where
 * they do not pad. In float16 both are computed before, in float32, since weights so small lose bits.
 */
public final class DeployedModel {

    private static final double BRIGHTEST = 255;
    private static final int HARD_SWISH_OPSET = 14;
    private static final double SIXTH = 1 / 6.0;
    private static final double HALF = 0.5;

    private final ModelProto model;
    private final Deployment form;
    private final GraphEditor editor;
    private final Network network;

    private DeployedModel(ModelProto model, Deployment form, Network network) {
        this.model = model;
        this.network = network;
        this.form = form;
        editor = new GraphEditor(model.getGraph());
    }

    /**
     * @param model as {@link dev.lutra.onnx.OnnxExporter} writes a whole network, in the deployment's precision; where the deployment
     *     takes pixels, with what is subtracted and divided by in its metadata
     * @param network that it was written from
     * @throws InputException if the metadata does not say that, the network has not the features that are wanted, or a head does not fit them
     */
    public static ModelProto of(ModelProto model, Deployment form, Network network) {
        return new DeployedModel(model, form, network).rewritten();
    }

    private ModelProto rewritten() {
        Optional<AppendedHead> head = form.head().map(AppendedHead::read);
        if (form.int4()) {
            FourBitWeights.pack(editor, network);
        }
        if (form.opset() < HARD_SWISH_OPSET) {
            spellOutHardSwish();
        }
        takeInput();
        if (form.features().isEmpty()) {
            giveOutput();
        } else {
            Map<String, ValueInfoProto> features = giveFeatures();
            head.ifPresent(appended -> appended.appendTo(editor, form, features));
            editor.prune();
        }
        editor.graph().getInputBuilderList().forEach(this::fixBatch);
        if (form.head().isEmpty()) {
            editor.graph().getOutputBuilderList().forEach(this::fixBatch);
        }
        ModelProto.Builder deployed = model.toBuilder().setGraph(editor.graph()).setIrVersion(fileVersion(form.opset()));
        deployed.getOpsetImportBuilder(0).setVersion(form.opset());
        head.ifPresent(appended -> appended.model().getOpsetImportList().stream().filter(opset -> !opset.getDomain().isEmpty())
            .forEach(deployed::addOpsetImport));
        return deployed.clearMetadataProps().addAllMetadataProps(metadata()).build();
    }

    /** The file format's version that came with a version of the operators. */
    private static int fileVersion(int opset) {
        if (opset >= 21) {
            return 10;
        }
        if (opset >= 19) {
            return 9;
        }
        return opset >= 15 ? 8 : 7;
    }

    private void spellOutHardSwish() {
        List<NodeProto> nodes = new ArrayList<>();
        for (NodeProto node : editor.graph().getNodeList()) {
            if (node.getOpType().equals("HardSwish")) {
                String gate = editor.unique(node.getName() + ".gate");
                nodes.add(GraphEditor.node("HardSigmoid", gate, node.getInputList(), gate)
                    .addAttribute(GraphEditor.real("alpha", (float) SIXTH)).addAttribute(GraphEditor.real("beta", (float) HALF)).build());
                nodes.add(GraphEditor.node("Mul", node.getName(), List.of(node.getInput(0), gate), node.getOutput(0)).build());
            } else {
                nodes.add(node);
            }
        }
        editor.graph().clearNode().addAllNode(nodes);
    }

    private void takeInput() {
        ValueInfoProto before = editor.graph().getInput(0);
        TensorShapeProto shape = before.getType().getTensorType().getShape();
        boolean isNetworks = form.precision() == Precision.FLOAT32 && !form.pixels();
        String value = isNetworks ? form.input() : editor.unique("prepared");
        if (!before.getName().equals(form.input())) {
            editor.free(form.input());
        }
        editor.rename(before.getName(), value);
        List<NodeProto> nodes = new ArrayList<>();
        if (form.pixels()) {
            String planes = editor.unique("planes");
            nodes.add(GraphEditor.node("Transpose", planes, List.of(form.input()), planes).addAttribute(GraphEditor.integers("perm", 0, 3, 1, 2))
                .build());
            String wide = editor.unique("pixels");
            nodes.add(GraphEditor.cast(wide, planes, DataType.FLOAT_VALUE, wide).build());
            prepare(nodes, wide, value);
            shape = TensorShapeProto.newBuilder().addDim(shape.getDim(0)).addDim(shape.getDim(2)).addDim(shape.getDim(3)).addDim(shape.getDim(1))
                .build();
        } else if (!isNetworks) {
            nodes.add(GraphEditor.cast(value, form.input(), DataType.FLOAT16_VALUE, value).build());
        }
        editor.prepend(nodes);
        editor.graph().setInput(0, GraphEditor.typed(form.input(), form.pixels() ? DataType.UINT8_VALUE : DataType.FLOAT_VALUE, shape));
    }

    /** Adds what makes the network's input of pixels from 0 to 255, as far as it does not go into weights. */
    private void prepare(List<NodeProto> nodes, String pixels, String last) {
        double[] mean = perChannel(OnnxMetadata.DATA_MEAN);
        double[] factor = perChannel(OnnxMetadata.DATA_DEVIATION);
        for (int channel = 0; channel < mean.length; channel++) {
            mean[channel] *= BRIGHTEST;
            factor[channel] = 1 / (BRIGHTEST * factor[channel]);
        }
        FirstConvolutions first = FirstConvolutions.reading(editor, last);
        boolean goesIntoWeights = form.precision() == Precision.FLOAT32 && first.take();
        String value = pixels;
        if (goesIntoWeights) {
            boolean isWhole = first.areUnpadded();
            first.absorb(factor, isWhole ? mean : new double[mean.length]);
            if (isWhole) {
                editor.rename(last, pixels); // nothing is left to be done before them
                return;
            }
        }
        value = step(nodes, "Sub", "mean", mean, value, goesIntoWeights ? last : editor.unique("centred"));
        if (!goesIntoWeights) {
            boolean isWide = form.precision() == Precision.FLOAT32;
            value = step(nodes, "Mul", "factor", factor, value, isWide ? last : editor.unique("normalised"));
            if (!isWide) {
                nodes.add(GraphEditor.cast(last, value, DataType.FLOAT16_VALUE, last).build());
            }
        }
    }

    private String step(List<NodeProto> nodes, String type, String name, double[] values, String input, String output) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        String constant = editor.unique(name);
        nodes.add(GraphEditor.perChannel(constant, floats));
        nodes.add(GraphEditor.node(type, output, List.of(input, constant), output).build());
        return output;
    }

    private double[] perChannel(String key) {
        String text = model.getMetadataPropsList().stream().filter(entry -> entry.getKey().equals(key)).map(StringStringEntryProto::getValue)
            .findFirst().orElse("missing");
        if (!text.matches("[0-9.eE+-]+(,[0-9.eE+-]+)*")) {
            throw new InputException(key + " in the file's metadata: " + text + " (expected: a number a channel, to take pixels)");
        }
        return Arrays.stream(text.split(",")).mapToDouble(Double::parseDouble).toArray();
    }

    private void giveOutput() {
        ValueInfoProto before = editor.graph().getOutput(0);
        boolean isNetworks = form.precision() == Precision.FLOAT32 && form.ending().isEmpty();
        String value = isNetworks ? form.output() : editor.unique("logits");
        if (!before.getName().equals(form.output())) {
            editor.free(form.output());
        }
        editor.rename(before.getName(), value);
        if (form.precision() == Precision.FLOAT16) {
            String wide = form.ending().isPresent() ? editor.unique("wide") : form.output();
            editor.graph().addNode(GraphEditor.cast(wide, value, DataType.FLOAT_VALUE, wide));
            value = wide;
        }
        if (form.ending().isPresent()) {
            NodeProto.Builder ending = GraphEditor.node(form.ending().get(), form.output(), List.of(value), form.output());
            editor.graph().addNode(form.softmax() ? ending.addAttribute(GraphEditor.integer("axis", 1)) : ending);
        }
        editor.graph().setOutput(0, GraphEditor.typed(form.output(), DataType.FLOAT_VALUE, before.getType().getTensorType().getShape()));
    }

    /** Outputs, one a stride, in the place of the classes. */
    private Map<String, ValueInfoProto> giveFeatures() {
        Map<String, ValueInfoProto> features = new LinkedHashMap<>();
        editor.graph().clearOutput();
        Features.names(network, form.features()).forEach((stride, value) -> {
            String name = Deployment.feature(stride);
            editor.free(name);
            if (form.precision() == Precision.FLOAT16) {
                editor.graph().addNode(GraphEditor.cast(name, value, DataType.FLOAT_VALUE, name));
            } else {
                editor.rename(value, name);
            }
            TensorShapeProto.Builder shape = TensorShapeProto.newBuilder().addDim(model.getGraph().getInput(0).getType().getTensorType().getShape()
                .getDim(0));
            long[] dims = Features.shape(network, value).withBatch(0);
            for (int axis = 1; axis < dims.length; axis++) {
                shape.addDim(Dimension.newBuilder().setDimValue(dims[axis]));
            }
            ValueInfoProto feature = GraphEditor.typed(name, DataType.FLOAT_VALUE, shape.build());
            features.put(name, feature);
            editor.graph().addOutput(feature);
        });
        return features;
    }

    private void fixBatch(ValueInfoProto.Builder value) {
        form.batch().ifPresent(images -> value.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder()
            .setDim(0, Dimension.newBuilder().setDimValue(images)));
    }

    /** Whoever reads that a mean is to be subtracted would do it twice. */
    private List<StringStringEntryProto> metadata() {
        TreeMap<String, String> metadata = new TreeMap<>();
        model.getMetadataPropsList().forEach(entry -> metadata.put(entry.getKey(), entry.getValue()));
        if (form.pixels()) {
            metadata.remove(OnnxMetadata.DATA_MEAN);
            metadata.remove(OnnxMetadata.DATA_DEVIATION);
        }
        form.values().shown().forEach((name, value) -> metadata.put(OnnxMetadata.DEPLOYMENT + name, value));
        return metadata.entrySet().stream()
            .map(entry -> StringStringEntryProto.newBuilder().setKey(entry.getKey()).setValue(entry.getValue()).build()).toList();
    }
}
