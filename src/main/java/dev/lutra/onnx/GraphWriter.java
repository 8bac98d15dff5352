package dev.lutra.onnx;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.OpVisitor;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.proto.onnx.AttributeProto;
import dev.lutra.proto.onnx.AttributeProto.AttributeType;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Writes one network as an ONNX graph; interpreting an op gives the nodes that compute it. */
final class GraphWriter implements OpVisitor<List<NodeProto>> {

    private static final String BATCH = "batch";
    /** What zero is among the bytes 0 to 255 where values have a sign. */
    private static final int SIGNED_ZERO = 128;
    /** Nodes that no op gave: in small files their names would weigh as much as their weights. */
    private static final String UNNAMED = "";

    private final Network network;
    private final WeightSource weights;
    private final OptionalInt batch;
    private final Precision precision;
    /** What values are called that are neither input nor output. */
    private final Map<Value, String> wanted;
    /** Values that are another value under a second name, since dropout does nothing here. */
    private final Map<Value, Value> aliases = new HashMap<>();
    private final Map<Value, String> names = new HashMap<>();
    private final Set<String> taken = new HashSet<>();
    /** Of values on grids, what these' points are apart. */
    private final Map<Value, Double> steps = new HashMap<>();
    private final Map<Weight, String> initializers = new HashMap<>();
    private final Map<TensorProto, String> constants = new HashMap<>();
    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private final List<ValueInfoProto> headOutputs = new ArrayList<>();

    GraphWriter(LoweredNetwork lowered, OptionalInt batch) {
        this.network = lowered.network();
        this.weights = lowered.weights();
        this.wanted = lowered.names();
        this.precision = lowered.precision();
        this.batch = batch;
    }

    GraphProto write() {
        graph.setName(network.name());
        for (Op op : network.ops()) {
            if (op instanceof Op.Dropout dropout) {
                aliases.put(dropout.output(), source(dropout.input()));
            }
        }
        for (int i = 0; i < network.inputs().size(); i++) {
            Value input = network.inputs().get(i);
            String name = unique(numbered("input", i, network.inputs().size()));
            names.put(input, name);
            graph.addInput(describe(name, input));
        }
        List<NodeProto> identities = nameOutputs();
        for (Op op : network.ops()) {
            graph.addAllNode(op.accept(this));
        }
        graph.addAllOutput(headOutputs);
        return graph.addAllNode(identities).build();
    }

    /** Gives every output's source the output's name; one that has a name already is copied by an Identity at the end. */
    private List<NodeProto> nameOutputs() {
        List<NodeProto> identities = new ArrayList<>();
        for (int i = 0; i < network.outputs().size(); i++) {
            Value output = network.outputs().get(i);
            if (isOfHead(output)) {
                continue;
            }
            String name = unique(numbered("output", i, network.outputs().size()));
            graph.addOutput(describe(name, output));
            String before = names.putIfAbsent(source(output), name);
            if (before != null) {
                identities.add(node("Identity", name, List.of(before), name).build());
            }
        }
        return identities;
    }

    private boolean isOfHead(Value output) {
        return network.ops().stream().anyMatch(op -> op instanceof Op.Head && op.output().equals(output));
    }

    /** The head's own nodes, whose outputs are the graph's. */
    @Override
    public List<NodeProto> head(Op.Head op) {
        ModelProto model = op.graph().model();
        model.getGraph().getOutputList().forEach(output -> {
            if (!taken.add(output.getName())) {
                throw new InputException(op.name() + ": its output " + output.getName() + " is called as something in the network is (expected: "
                    + "another name)");
            }
        });
        headOutputs.addAll(model.getGraph().getOutputList());
        Map<String, String> inputs = new HashMap<>();
        for (int i = 0; i < op.inputs().size(); i++) {
            inputs.put(op.graph().inputs().get(i), name(op.inputs().get(i)));
        }
        return ForeignNodes.of(model, inputs, this::unique, graph::addInitializer);
    }

    @Override
    public List<NodeProto> conv(Op.Conv op) {
        return weighted("Conv", op, new Weighted(op.input(), op.weight(), op.bias(), op.bits(), op.steps()), node -> node
            .addAttribute(ints("kernel_shape", op.kernel(), op.kernel()))
            .addAttribute(ints("strides", op.stride(), op.stride()))
            .addAttribute(padding(op.padding()))
            .addAttribute(ints("dilations", op.dilation(), op.dilation()))
            .addAttribute(integer("group", op.groups())));
    }

    @Override
    public List<NodeProto> linear(Op.Linear op) {
        return weighted("Gemm", op, new Weighted(op.input(), op.weight(), op.bias(), op.bits(), op.steps()),
            node -> node.addAttribute(integer("transB", 1)));
    }

    @Override
    public List<NodeProto> batchNorm(Op.BatchNorm op) {
        List<String> inputs = new ArrayList<>(List.of(name(op.input())));
        op.weights().forEach(weight -> inputs.add(initializer(weight)));
        return List.of(node("BatchNormalization", op.name(), inputs, define(op))
            .addAttribute(real("epsilon", op.epsilon()))
            .build());
    }

    @Override
    public List<NodeProto> activation(Op.Activation op) {
        String x = name(op.input());
        return switch (op.function()) {
            case RELU -> single("Relu", op);
            case RELU6 -> List.of(node("Clip", op.name(), List.of(x, constant(0)), define(op)).addInput(constant(6)).build());
            case HARD_SWISH -> single("HardSwish", op);
            case HARD_SIGMOID -> List.of(node("HardSigmoid", op.name(), List.of(x), define(op))
                .addAttribute(real("alpha", 1 / 6.0))
                .addAttribute(real("beta", 0.5))
                .build());
            case SIGMOID -> single("Sigmoid", op);
            case SWISH -> {
                String gate = unique(op.name() + ".sigmoid");
                yield List.of(node("Sigmoid", gate, List.of(x), gate).build(),
                    node("Mul", op.name(), List.of(x, gate), define(op)).build());
            }
        };
    }

    @Override
    public List<NodeProto> pool(Op.Pool op) {
        NodeProto.Builder node = switch (op.kind()) {
            case MAX -> node("MaxPool", op.name(), List.of(name(op.input())), define(op));
            case AVERAGE -> node("AveragePool", op.name(), List.of(name(op.input())), define(op))
                .addAttribute(integer("count_include_pad", 0));
        };
        return List.of(node.addAttribute(ints("kernel_shape", op.kernel(), op.kernel()))
            .addAttribute(ints("strides", op.stride(), op.stride()))
            .addAttribute(padding(op.padding()))
            .build());
    }

    @Override
    public List<NodeProto> globalPool(Op.GlobalPool op) {
        return single("GlobalAveragePool", op);
    }

    @Override
    public List<NodeProto> channelSlice(Op.ChannelSlice op) {
        int last = op.start() + (op.output().shape().channels() - 1) * op.step();
        List<String> inputs = List.of(name(op.input()), constants(op.start()), constants(last + 1), constants(1),
            constants(op.step()));
        return List.of(node("Slice", op.name(), inputs, define(op)).build());
    }

    /** The three nodes that PyTorch writes too, which several runtimes recognise; extent 0 keeps the batch. */
    @Override
    public List<NodeProto> channelShuffle(Op.ChannelShuffle op) {
        long[] dims = op.output().shape().withBatch(0);
        long[] spatial = LongStream.of(dims).skip(2).toArray();
        long[] split = concat(new long[]{0, op.groups(), dims[1] / op.groups()}, spatial);
        long[] order = LongStream.range(0, split.length).map(axis -> axis == 1 ? 2 : axis == 2 ? 1 : axis).toArray();
        String grouped = unique(op.name() + ".split");
        String swapped = unique(op.name() + ".swap");
        return List.of(node("Reshape", grouped, List.of(name(op.input()), constants(split)), grouped).build(),
            node("Transpose", swapped, List.of(grouped), swapped).addAttribute(ints("perm", order)).build(),
            node("Reshape", op.name(), List.of(swapped, constants(dims)), define(op)).build());
    }

    @Override
    public List<NodeProto> concat(Op.Concat op) {
        List<String> inputs = op.inputs().stream().map(this::name).toList();
        return List.of(node("Concat", op.name(), inputs, define(op)).addAttribute(integer("axis", 1)).build());
    }

    @Override
    public List<NodeProto> add(Op.Add op) {
        return List.of(node("Add", op.name(), List.of(name(op.left()), name(op.right())), define(op)).build());
    }

    /** The factor first: OpenCV 4.6 takes anything times a hard-sigmoid, in that order, for a hard-swish, and computes that. */
    @Override
    public List<NodeProto> channelScale(Op.ChannelScale op) {
        return List.of(node("Mul", op.name(), List.of(name(op.factor()), name(op.input())), define(op)).build());
    }

    @Override
    public List<NodeProto> flatten(Op.Flatten op) {
        return List.of(node("Flatten", op.name(), List.of(name(op.input())), define(op))
            .addAttribute(integer("axis", 1))
            .build());
    }

    @Override
    public List<NodeProto> dropout(Op.Dropout op) {
        return List.of();
    }

    /** Rounds, then leaves the grid again: runtimes make one integer op of what stands between two such pairs. Zero is kept exactly. */
    @Override
    public List<NodeProto> quantize(Op.Quantize op) {
        int zero = op.signed() ? SIGNED_ZERO : 0;
        double step = step(op);
        String scale = constant((float) step);
        String zeroPoint = bytes(DataType.UINT8_VALUE, List.of(), new byte[]{(byte) zero});
        steps.put(op.output(), step);
        List<NodeProto> nodes = new ArrayList<>();
        String rounded = unique(op.name() + ".quantized");
        nodes.add(node("QuantizeLinear", UNNAMED, List.of(name(op.input()), scale, zeroPoint), rounded).build());
        if (op.bits() < Bits.MOST) { // no smaller type has kernels, so the grid's ends are cut in bytes
            String cut = unique(op.name() + ".cut");
            nodes.add(node("Clip", UNNAMED, List.of(rounded, bytes(DataType.UINT8_VALUE, List.of(), new byte[]{(byte) (zero + op.least())}),
                bytes(DataType.UINT8_VALUE, List.of(), new byte[]{(byte) (zero + op.most())})), cut).build());
            rounded = cut;
        }
        nodes.add(node("DequantizeLinear", op.name(), List.of(rounded, scale, zeroPoint), define(op)).build());
        return nodes;
    }

    private double step(Op.Quantize op) {
        return (float) (read(op.step())[0] * op.unitStep());
    }

    /** What a convolution or linear op multiplies and adds. */
    private record Weighted(Value input, Weight weight, Optional<Weight> bias, Bits bits, Optional<Weight> steps) {}

    /** A convolution or linear op; weights on grids come in bytes, with the nodes that give their values. */
    private List<NodeProto> weighted(String type, Op op, Weighted layer, UnaryOperator<NodeProto.Builder> settings) {
        List<NodeProto> nodes = new ArrayList<>();
        List<String> inputs = new ArrayList<>(List.of(name(layer.input())));
        inputs.add(layer.steps().isPresent() ? weightBytes(layer, nodes) : initializer(layer.weight()));
        layer.bias().ifPresent(bias -> inputs.add(layer.steps().isPresent() && steps.containsKey(layer.input())
            ? biasProducts(layer, bias, nodes)
            : initializer(bias)));
        nodes.add(settings.apply(node(type, op.name(), inputs, define(op))).build());
        return nodes;
    }

    /** Weights that lie on their grids, as whole numbers. */
    private String weightBytes(Weighted layer, List<NodeProto> nodes) {
        float[] values = read(layer.weight());
        float[] scales = scales(layer);
        byte[] stored = new byte[values.length];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = (byte) Math.round(values[i] / scales[i / (stored.length / scales.length)]);
        }
        String name = stored(layer.weight(), DataType.INT8_VALUE, ByteString.copyFrom(stored));
        String scale = initializer(layer.steps().orElseThrow().tensor().name(), List.of(scales.length), scales);
        String zeros = bytes(DataType.INT8_VALUE, List.of(scales.length), new byte[scales.length]);
        return dequantized(name, List.of(scale, zeros), nodes);
    }

    /** What a stored 1 is, by output channel. */
    private float[] scales(Weighted layer) {
        float[] scales = read(layer.steps().orElseThrow()).clone();
        for (int c = 0; c < scales.length; c++) {
            scales[c] /= layer.bits().bytesPerStep();
        }
        return scales;
    }

    /** A bias in products of the input's step and the weights', which is what the products of integers are counted in. */
    private String biasProducts(Weighted layer, Weight bias, List<NodeProto> nodes) {
        float[] values = read(bias);
        float[] products = scales(layer);
        ByteBuffer counted = ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int c = 0; c < values.length; c++) {
            products[c] = (float) (products[c] * steps.get(layer.input()));
            counted.putInt(Math.toIntExact(Math.round((double) values[c] / products[c])));
        }
        String name = stored(bias, DataType.INT32_VALUE, ByteString.copyFrom(counted.flip()));
        String scale = initializer(bias.tensor().name() + ".step", bias.dims(), products);
        return dequantized(name, List.of(scale), nodes);
    }

    private String stored(Weight weight, int type, ByteString values) {
        String name = unique(weight.tensor().name());
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(type).setRawData(values);
        weight.dims().forEach(tensor::addDims);
        graph.addInitializer(tensor);
        return name;
    }

    /**
     * The values of what is stored by output channel.
     *
     * @param grid its steps, and what zero is stored as, where that is told
     */
    private String dequantized(String stored, List<String> grid, List<NodeProto> nodes) {
        String name = unique(stored + ".values");
        List<String> inputs = Stream.concat(Stream.of(stored), grid.stream()).toList();
        nodes.add(node("DequantizeLinear", UNNAMED, inputs, name).addAttribute(integer("axis", 0)).build());
        return name;
    }

    private String bytes(int type, List<Integer> dims, byte[] values) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(type).setRawData(ByteString.copyFrom(values));
        dims.forEach(tensor::addDims);
        return constant(tensor.build());
    }

    private List<NodeProto> single(String type, Op op) {
        return List.of(node(type, op.name(), List.of(name(op.inputs().get(0))), define(op)).build());
    }

    private Value source(Value value) {
        return aliases.getOrDefault(value, value);
    }

    /** Name of a value that was defined before. */
    private String name(Value value) {
        return names.get(source(value));
    }

    /** Name of what an op gives: that of the op that first gave it, or of the graph's output. */
    private String define(Op op) {
        return names.computeIfAbsent(op.output(), value -> unique(wanted.get(value)));
    }

    /** Values, initializers and constants share one set of names. */
    private String unique(String wanted) {
        String name = wanted;
        for (int i = 2; !taken.add(name); i++) {
            name = wanted + "_" + i;
        }
        return name;
    }

    private static String numbered(String name, int index, int count) {
        return count == 1 ? name : name + index;
    }

    private ValueInfoProto describe(String name, Value value) {
        long[] dims = value.shape().withBatch(batch.orElse(0));
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (int axis = 0; axis < dims.length; axis++) {
            Dimension.Builder dim = shape.addDimBuilder().setDimValue(dims[axis]);
            if (axis == 0 && batch.isEmpty()) {
                dim.setDimParam(BATCH);
            }
        }
        TypeProto.Tensor.Builder type = TypeProto.Tensor.newBuilder()
            .setElemType(NumberFormat.dataType(precision)).setShape(shape);
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(type)).build();
    }

    private float[] read(Weight weight) {
        float[] values = weights.read(weight);
        if (values.length != weight.elements()) {
            throw new IllegalArgumentException(
                weight.tensor().name() + ": " + values.length + " values (expected: " + weight.elements() + ")");
        }
        return values;
    }

    /** Two views of one tensor are two initializers of different names. */
    private String initializer(Weight weight) {
        return initializers.computeIfAbsent(weight, w -> initializer(w.tensor().name(), w.dims(), read(w)));
    }

    private String initializer(String tensorName, List<Integer> dims, float[] values) {
        String name = unique(tensorName);
        TensorProto.Builder tensor = TensorProto.newBuilder()
            .setName(name)
            .setDataType(NumberFormat.dataType(precision))
            .setRawData(NumberFormat.encode(precision, tensorName, values));
        dims.forEach(tensor::addDims);
        graph.addInitializer(tensor);
        return name;
    }

    private String constant(float value) {
        return constant(TensorProto.newBuilder().setDataType(NumberFormat.dataType(precision))
            .setRawData(NumberFormat.encode(precision, "constant", value)).build());
    }

    private String constants(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return constant(TensorProto.newBuilder()
            .addDims(values.length)
            .setDataType(DataType.INT64_VALUE)
            .setRawData(ByteString.copyFrom(bytes))
            .build());
    }

    /** Constants are nodes, not initializers, so that whoever sums up initializers counts weights. Equal ones are shared. */
    private String constant(TensorProto tensor) {
        return constants.computeIfAbsent(tensor, t -> {
            String name = unique("constant" + constants.size());
            graph.addNode(node("Constant", name, List.of(), name).addAttribute(
                AttributeProto.newBuilder().setName("value").setType(AttributeType.TENSOR).setT(t)));
            return name;
        });
    }

    private static NodeProto.Builder node(String type, String name, List<String> inputs, String output) {
        return NodeProto.newBuilder().setOpType(type).setName(name).addAllInput(inputs).addOutput(output);
    }

    private static AttributeProto padding(int padding) {
        return ints("pads", padding, padding, padding, padding);
    }

    private static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value).build();
    }

    private static AttributeProto real(String name, double value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.FLOAT).setF((float) value).build();
    }

    private static AttributeProto ints(String name, long... values) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
        LongStream.of(values).forEach(attribute::addInts);
        return attribute.build();
    }

    private static long[] concat(long[] first, long[] second) {
        return LongStream.concat(LongStream.of(first), LongStream.of(second)).toArray();
    }
}
