package dev.lutra.agent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Kernels;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Real models in the real ONNX Runtime. */
class OrtModelTest {

    private static Task.Builder task(ModelInput... inputs) {
        return Task.newBuilder().setId("t").setProvider("cpu").setThreads(1).addAllInputs(List.of(inputs));
    }

    private static ModelInput input(String name, List<Long> shape, float... values) {
        return ModelInput.newBuilder().setName(name).addAllShape(shape).setLittleEndianFloats(bytes(values)).build();
    }

    private static ByteString bytes(float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return ByteString.copyFrom(buffer.flip());
    }

    private static List<ModelOutput> outputs(byte[] onnx, Task.Builder task) {
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(onnx), task.build())) {
            return model.outputs();
        }
    }

    private static String failure(byte[] onnx, Task.Builder task) {
        return catchThrowableOfType(TaskFailure.class, () -> outputs(onnx, task)).getMessage();
    }

    @Test
    void givesTheOutputsOfARunAndSaysWhatRan() {
        Task.Builder task = task(input("x", List.of(2L, 3L), -1, 2, -3, 4, -5, 6));
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(TinyOnnx.relu(3)), task.build())) {
            assertThat(model.outputs()).containsExactly(ModelOutput.newBuilder()
                .setName("y").addShape(2).addShape(3).setLittleEndianFloats(bytes(0, 2, 0, 4, 0, 6)).build());
            assertThat(model.runtime().getName()).isEqualTo("onnxruntime");
            assertThat(model.runtime().getVersion()).startsWith("1.");
            assertThat(model.runtime().getProvider()).isEqualTo("cpu");
            assertThat(model.runtime().getThreads()).isEqualTo(1);
            assertThat(model.nodesByProvider()).containsExactly(Map.entry("cpu", 1));
        }
    }

    /** Between two pairs of quantizing nodes ONNX Runtime multiplies integers; without the second one there is nothing to give them to. */
    @Test
    void saysWhereIntegersAreMultiplied() {
        Task task = task(ModelInput.newBuilder().setName("x").addAllShape(List.of(1L, 4L, 6L, 6L)).setRandomSeed(1).build()).build();
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(convolution(true)), task)) {
            assertThat(model.kernels()).contains(Kernels.newBuilder().setInteger(1).build());
        }
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(convolution(false)), task)) {
            assertThat(model.kernels()).contains(Kernels.newBuilder().addReal("layer").build());
        }
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(TinyOnnx.relu(3)), task(input("x", List.of(1L, 3L), 1, 2, 3)).build())) {
            assertThat(model.kernels()).as("nothing is to be").isEmpty();
        }
    }

    /** Every slice asks for it. */
    @Test
    void readsTheModelOnceToSayThat() {
        Task task = task(ModelInput.newBuilder().setName("x").addAllShape(List.of(1L, 4L, 6L, 6L)).setRandomSeed(1).build()).build();
        ByteBuffer onnx = TinyOnnx.direct(convolution(true));
        try (OrtModel model = OrtModel.open(onnx, task)) {
            Optional<Kernels> kernels = model.kernels();
            for (int i = 0; i < onnx.limit(); i++) {
                onnx.put(i, (byte) -1);
            }
            assertThat(model.kernels()).isPresent().isEqualTo(kernels);
        }
    }

    private static byte[] convolution(boolean quantizesWhatItGives) {
        GraphProto.Builder graph = GraphProto.newBuilder().setName("g")
            .addInitializer(TensorProto.newBuilder().setName("step").setDataType(DataType.FLOAT_VALUE).setRawData(bytes(0.05f)))
            .addInitializer(TensorProto.newBuilder().setName("zero").setDataType(DataType.UINT8_VALUE)
                .setRawData(ByteString.copyFrom(new byte[]{(byte) 128})))
            .addInitializer(TensorProto.newBuilder().setName("zero8").setDataType(DataType.INT8_VALUE).setRawData(ByteString.copyFrom(new byte[1])))
            .addInitializer(TensorProto.newBuilder().setName("w").setDataType(DataType.INT8_VALUE).addAllDims(List.of(4L, 4L, 1L, 1L))
                .setRawData(ByteString.copyFrom(new byte[]{1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, -5, -6, -7, -8})))
            .addNode(node("QuantizeLinear", "q", "x", "step", "zero")).addNode(node("DequantizeLinear", "dq", "q", "step", "zero"))
            .addNode(node("DequantizeLinear", "values", "w", "step", "zero8"))
            .addInput(image("x"));
        if (quantizesWhatItGives) {
            graph.addNode(node("Conv", "layer", "dq", "values")).addNode(node("QuantizeLinear", "q2", "layer", "step", "zero"))
                .addNode(node("DequantizeLinear", "y", "q2", "step", "zero")).addOutput(image("y"));
        } else {
            graph.addNode(node("Conv", "layer", "dq", "values")).addOutput(image("layer"));
        }
        return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).setGraph(graph).build()
            .toByteArray();
    }

    private static NodeProto.Builder node(String type, String name, String... inputs) {
        return NodeProto.newBuilder().setOpType(type).setName(name).addAllInput(List.of(inputs)).addOutput(name);
    }

    private static ValueInfoProto image(String name) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        List.of(1L, 4L, 6L, 6L).forEach(extent -> shape.addDim(Dimension.newBuilder().setDimValue(extent)));
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder()
            .setTensorType(TypeProto.Tensor.newBuilder().setElemType(DataType.FLOAT_VALUE).setShape(shape))).build();
    }

    @Test
    void aSeedStandsForGaussianInputs() {
        ModelInput seeded = ModelInput.newBuilder().setName("x").addShape(1).addShape(3).setRandomSeed(11).build();
        Random random = new Random(11);
        float[] values = {(float) random.nextGaussian(), (float) random.nextGaussian(), (float) random.nextGaussian()};

        assertThat(outputs(TinyOnnx.add(3), task(seeded, input("z", List.of(1L, 3L), 0, 0, 0))).get(0).getLittleEndianFloats())
            .isEqualTo(bytes(values));
    }

    @Test
    void aSeedsNumbersAreTheSameHoweverManyWereAskedForBefore() {
        for (int count : new int[]{2, 5, 3}) {
            Random random = new Random(12);
            FloatBuffer values = FloatBuffer.allocate(count);
            SeededValues.fill(values, 12);

            values.flip();
            assertThat(values.remaining()).isEqualTo(count);
            while (values.hasRemaining()) {
                assertThat(values.get()).isEqualTo((float) random.nextGaussian());
            }
        }
    }

    @Test
    void halfPrecisionModelsTakeAndGiveFloats() {
        assertThat(outputs(TinyOnnx.halfRelu(3), task(input("x", List.of(1L, 3L), -1, 0.1f, 3))).get(0).getLittleEndianFloats())
            .as("0.1 is not exact in float16").isEqualTo(bytes(0, 0.099975586f, 3));
        assertThat(failure(TinyOnnx.halfRelu(3), task())).isEqualTo("input x: missing (expected: float16 of shape [-1, 3])");
    }

    @Test
    void aBrokenModelFailsInOneLine() {
        assertThat(failure("not a model".getBytes(), task())).startsWith("model: ").doesNotContain("\n");
        assertThat(failure(new byte[0], task())).doesNotContain("\n");
    }

    @Test
    void inputsThatDoNotFitTheModelFailWithNameAndExpectation() {
        byte[] relu = TinyOnnx.relu(3);
        ModelInput x = input("x", List.of(1L, 3L), 1, 2, 3);

        assertThat(failure(relu, task())).isEqualTo("input x: missing (expected: float32 of shape [-1, 3])");
        assertThat(failure(relu, task(input("image", List.of(1L, 3L), 1, 2, 3))))
            .isEqualTo("input image: not an input of the model (expected: x)");
        assertThat(failure(relu, task(x, x))).isEqualTo("input x: given twice");
        assertThat(failure(relu, task(input("x", List.of(3L), 1, 2, 3))))
            .isEqualTo("input x: shape [3] (expected: [-1, 3], -1 is any size)");
        assertThat(failure(relu, task(input("x", List.of(1L, 4L), 1, 2, 3, 4))))
            .isEqualTo("input x: shape [1, 4] (expected: [-1, 3], -1 is any size)");
        assertThat(failure(relu, task(input("x", List.of(-1L, 3L)))))
            .isEqualTo("input x: shape [-1, 3] (expected: [-1, 3], -1 is any size)");
        assertThat(failure(relu, task(input("x", List.of(1L, 3L), 1, 2))))
            .isEqualTo("input x: 8 bytes (expected: 12 for shape [1, 3])");
        assertThat(failure(relu, task(ModelInput.newBuilder().setName("x").addShape(1).addShape(3).build())))
            .isEqualTo("input x: no content (expected: values or a seed)");
        ModelInput huge = ModelInput.newBuilder().setName("x").addShape(1L << 40).addShape(3).setRandomSeed(1).build();
        assertThat(failure(relu, task(huge)))
            .isEqualTo("input x: shape [1099511627776, 3] (expected: less than 2 GiB)");
    }

    @Test
    void outputsThatAreNotFloatsFailOnlyWhenAskedFor() {
        byte[] cast = TinyOnnx.toInt64(3);
        Task.Builder task = task(input("x", List.of(1L, 3L), 1, 2, 3));

        try (OrtModel model = OrtModel.open(TinyOnnx.direct(cast), task.build())) {
            model.run();
        }
        assertThat(failure(cast, task)).startsWith("output y: ").endsWith("(expected: a float32 or float16 tensor)");
    }

    /** Little goes in, and no number of the task says how much comes out. */
    @Test
    void outputsThatDoNotFitInAMessageFail() {
        ModelInput x = input("x", List.of(1L, 3L), 1, 2, 3);

        assertThat(outputs(TinyOnnx.expand(4, 3), task(x)).get(0).getShapeList()).containsExactly(4L, 3L);
        assertThat(failure(TinyOnnx.expand(6_000_000, 3), task(x)))
            .isEqualTo("output y: 72000000 bytes so far (expected: at most 62914560 for all outputs)");
    }

    @Test
    void theProviderIsChecked() {
        assertThat(failure(TinyOnnx.relu(3), task().setProvider("frobnicator")))
            .matches("provider frobnicator: not offered by onnxruntime 1\\.\\S+ here \\(offered: .*cpu.*\\)");
    }

    @Test
    void unknownProviderOptionsFail() {
        Task.Builder task = task(input("x", List.of(1L, 3L), 1, 2, 3));

        assertThat(failure(TinyOnnx.relu(3), task.clone().putProviderOptions("frob", "1")))
            .isEqualTo("provider cpu: option frob (expected: allow_cpu_nodes)");
        assertThat(failure(TinyOnnx.relu(3), task.clone().putProviderOptions("allow_cpu_nodes", "yes")))
            .isEqualTo("provider cpu: allow_cpu_nodes: yes (expected: true or false)");
        task.putProviderOptions("allow_cpu_nodes", "true");
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(TinyOnnx.relu(3)), task.build())) {
            assertThat(model.runtime().getProviderOptionsMap()).containsExactly(Map.entry("allow_cpu_nodes", "true"));
        }
    }
}
