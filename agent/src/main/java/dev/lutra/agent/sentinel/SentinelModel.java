package dev.lutra.agent.sentinel;

import com.google.protobuf.ByteString;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import dev.lutra.proto.content.Sha256;
import dev.lutra.proto.onnx.AttributeProto.AttributeType;
import dev.lutra.proto.onnx.AttributeProto;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The networks whose latencies tell how fast the machine is at the moment: always the same ones, so whatever changes is the
 * machine. Two at a time, because there are two ways of being slow that hit networks differently: what shares a core (a sibling
 * thread, the clock) slows everything, what shares the memory slows what does not fit a core's own caches, and the more the larger
 * it is. Mobile networks (stem, inverted residuals with depthwise convolutions, pooling, classifier). Generated, weights too,
 * from a fixed seed. A reference level belongs to the bytes of its model and to how it is run ({@link #scale}).
 */
public enum SentinelModel {

    /** 1.5 million multiply-accumulates on 0.3 MB: whatever slows it down is the core. Short enough to be run beside every slice. */
    CORE(32, List.of(new Stage(24, 2), new Stage(48, 2)), 64, 10, 2),
    /** 88 million, on far more than a core's own caches hold; 2.3 MB of that are weights. */
    MEMORY(224, List.of(new Stage(24, 2), new Stage(48, 2)), 512, 1000, 40),
    /** 190 million, with the 10 MB of weights that a whole mobile network has. */
    WEIGHTS(224, List.of(new Stage(24, 2), new Stage(48, 2), new Stage(96, 4), new Stage(160, 4)), 1280, 1000, 100);

    private static final String INPUT = "x";
    private static final int STEM = 16;
    /** In bytes, halfway between both in ratio. */
    private static final int LARGE = 5_000_000;

    private final int resolution;
    private final MeasureRules rules;
    private final Form usual;
    private final Supplier<Form> writeCommon;
    private Form common;

    /**
     * The model in one form.
     *
     * @param onnx not to be changed
     * @param hash of these bytes
     * @param scale other bytes and other rules have another one: levels read by them are not to be compared
     */
    public record Form(byte[] onnx, String hash, String scale) {

        private static Form of(byte[] onnx, MeasureRules rules) {
            return new Form(onnx, Sha256.of(onnx),
                Sha256.of(ByteString.copyFrom(onnx).concat(rules.toByteString()).toByteArray()).substring(0, 16));
        }
    }

    /** @param sliceMillis long enough for dozens of runs and a quantile that repeats, short beside what is measured meanwhile */
    SentinelModel(int resolution, List<Stage> stages, int features, int classes, int sliceMillis) {
        this.resolution = resolution;
        // Always the same: whether it has settled cannot be told in so short a time.
        long warmUpNanos = millis(Math.max(2, sliceMillis / 5));
        this.rules = MeasureRules.newBuilder()
            .setMinWarmupRuns(3).setMinWarmupNanos(warmUpNanos).setMaxWarmupNanos(warmUpNanos)
            .setMinSamples(15).setSliceNanos(millis(sliceMillis)).setMaxMeasureNanos(millis(400))
            .setTargetRelativeHalfWidth(1).setMinRounds(1).build();
        this.usual = Form.of(new Writer(false).write(resolution, stages, features, classes), rules);
        this.writeCommon = () -> Form.of(new Writer(true).write(resolution, stages, features, classes), rules);
    }

    /**
     * The one that shows what the memory is up to for a model of a size: networks of {@code spos-shufflenetv2} (10 MB) follow each
     * other's changes closely and {@link #WEIGHTS}' nearly as much, those of {@link #MEMORY} less.
     */
    public static SentinelModel ofMemory(int modelBytes) {
        return modelBytes > LARGE ? WEIGHTS : MEMORY;
    }

    /**
     * In the form for a way of running models.
     *
     * @param everyForm whether that takes every form that operators have; others know but the usual ones, OpenCV's importer for one
     *     fully connected layers with their weights output by output
     */
    public Form form(boolean everyForm) {
        return everyForm ? usual : common();
    }

    private synchronized Form common() {
        if (common == null) {
            common = writeCommon.get();
        }
        return common;
    }

    /** Not to be changed. */
    public byte[] onnx() {
        return usual.onnx();
    }

    /** Whether its session is worth keeping: opening the small one would take longer than running it. */
    boolean staysOpen() {
        return this == CORE;
    }

    public String scale() {
        return usual.scale();
    }

    /** One slice of it under the conditions of a task. */
    public Task task(Task conditions) {
        return task(conditions, usual);
    }

    /** The same of one of its forms. */
    Task task(Task conditions, Form form) {
        return Task.newBuilder().setId("sentinel").setLabel("sentinel").setModelSha256(form.hash()).setRules(rules)
            .setProvider(conditions.getProvider()).setThreads(conditions.getThreads())
            .putAllProviderOptions(conditions.getProviderOptionsMap())
            .addInputs(ModelInput.newBuilder().setName(INPUT).setRandomSeed(1)
                .addShape(1).addShape(3).addShape(resolution).addShape(resolution))
            .build();
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Inverted residuals, of which the first halves the resolution. */
    private record Stage(int channels, int blocks) {}

    private static final class Writer {

        private final GraphProto.Builder graph = GraphProto.newBuilder().setName("sentinel");
        private final Random random = new Random(20_240_607);
        private final boolean outputByOutput;
        private int values;

        /** @param outputByOutput how the fully connected layer has its weights */
        Writer(boolean outputByOutput) {
            this.outputByOutput = outputByOutput;
        }

        byte[] write(int resolution, List<Stage> stages, int features, int classes) {
            graph.addInput(value(INPUT, 1, 3, resolution, resolution));
            String x = relu(convolution(INPUT, 3, STEM, 3, 2, 1));
            int channels = STEM;
            for (Stage stage : stages) {
                x = invertedResidual(x, channels, stage.channels(), 2);
                for (int block = 1; block < stage.blocks(); block++) {
                    x = invertedResidual(x, stage.channels(), stage.channels(), 1);
                }
                channels = stage.channels();
            }
            x = relu(convolution(x, channels, features, 1, 1, 1));
            x = node("GlobalAveragePool", x);
            x = node("Flatten", x);
            x = outputByOutput
                ? node("Gemm", x, weights(classes, features), weights(classes))
                : node("Gemm", x, weights(features, classes), weights(classes));
            if (outputByOutput) {
                graph.getNodeBuilder(graph.getNodeCount() - 1).addAttribute(
                    AttributeProto.newBuilder().setName("transB").setType(AttributeType.INT).setI(1));
            }
            graph.addOutput(value(x, 1, classes));
            return ModelProto.newBuilder().setIrVersion(8).setProducerName("lutra").setGraph(graph)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).build().toByteArray();
        }

        private String invertedResidual(String x, int in, int out, int stride) {
            int inner = 4 * in;
            String y = relu(convolution(x, in, inner, 1, 1, 1));
            y = relu(convolution(y, inner, inner, 3, stride, inner));
            y = convolution(y, inner, out, 1, 1, 1);
            return stride == 1 && in == out ? node("Add", x, y) : y;
        }

        private String convolution(String x, int in, int out, int kernel, int stride, int groups) {
            String y = "v" + values++;
            int padding = kernel / 2;
            graph.addNode(NodeProto.newBuilder().setOpType("Conv").addInput(x)
                .addInput(weights(out, in / groups, kernel, kernel)).addInput(weights(out)).addOutput(y)
                .addAttribute(integers("kernel_shape", kernel, kernel)).addAttribute(integers("strides", stride, stride))
                .addAttribute(integers("pads", padding, padding, padding, padding))
                .addAttribute(AttributeProto.newBuilder().setName("group").setType(AttributeType.INT).setI(groups)));
            return y;
        }

        private String relu(String x) {
            return node("Relu", x);
        }

        private String node(String type, String... inputs) {
            String y = "v" + values++;
            graph.addNode(NodeProto.newBuilder().setOpType(type).addAllInput(Arrays.asList(inputs)).addOutput(y));
            return y;
        }

        /** Normal numbers of the size that keeps activations of a like size from layer to layer. */
        private String weights(int... shape) {
            int count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            double scale = Math.sqrt(2.0 * shape[0] / count);
            ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < count; i++) {
                bytes.putFloat((float) (scale * random.nextGaussian()));
            }
            String name = "w" + values++;
            TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(DataType.FLOAT_VALUE)
                .setRawData(ByteString.copyFrom(bytes.flip()));
            Arrays.stream(shape).forEach(tensor::addDims);
            graph.addInitializer(tensor);
            return name;
        }

        private static AttributeProto integers(String name, long... values) {
            AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
            Arrays.stream(values).forEach(attribute::addInts);
            return attribute.build();
        }

        private static ValueInfoProto value(String name, long... shape) {
            TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
            Arrays.stream(shape).forEach(extent -> dimensions.addDim(Dimension.newBuilder().setDimValue(extent)));
            return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(DataType.FLOAT_VALUE).setShape(dimensions))).build();
        }
    }
}
