package dev.lutra.agent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rewritten models, run for real on the CPU. */
class ResidentModelTest {

    private static final Task BOTH = task().addInputs(input("x", 1)).addInputs(input("z", 2)).build();
    private static final Task NUMBER = task().addInputs(ModelInput.newBuilder().setName(ResidentModel.INPUT)
        .setLittleEndianFloats(ByteString.copyFrom(new byte[4]))).build();

    private static Task.Builder task() {
        return Task.newBuilder().setProvider("cpu").setThreads(1).setReturnOutputs(true);
    }

    private static ModelInput.Builder input(String name, long seed) {
        return ModelInput.newBuilder().setName(name).addShape(4).addShape(3).setRandomSeed(seed);
    }

    private static byte[] rewrite(byte[] onnx, Task task) throws Exception {
        try (OrtSession session = OrtModel.environment().createSession(onnx);
            InputTensors inputs = InputTensors.of(session.getInputInfo(), task.getInputsList())) {
            return ResidentModel.rewrite(TinyOnnx.direct(onnx), inputs.byName(), session.getOutputInfo());
        }
    }

    private record Run(List<ModelOutput> outputs, int nodes) {}

    private static Run run(byte[] onnx, Task task) {
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(onnx), task)) {
            return new Run(task.getReturnOutputs() ? model.outputs() : List.of(), model.nodesByProvider().getOrDefault("cpu", 0));
        }
    }

    private static float[] values(ModelOutput output) {
        FloatBuffer buffer = output.getLittleEndianFloats().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    private static float largest(ModelOutput output) {
        float largest = Float.NEGATIVE_INFINITY;
        for (float value : values(output)) {
            largest = Math.max(largest, value);
        }
        return largest;
    }

    /** {@code y = neg(sqrt(exp(sigmoid(x + z))))}: a chain of which nothing is fused. */
    private static byte[] chain() throws Exception {
        ModelProto add = ModelProto.parseFrom(TinyOnnx.add(3));
        List<NodeProto> nodes = new ArrayList<>(List.of(add.getGraph().getNode(0).toBuilder().setOutput(0, "v0").build()));
        List<String> types = List.of("Sigmoid", "Exp", "Sqrt", "Neg");
        for (int i = 0; i < types.size(); i++) {
            nodes.add(NodeProto.newBuilder().setOpType(types.get(i)).addInput("v" + i)
                .addOutput(i == types.size() - 1 ? "y" : "v" + (i + 1)).build());
        }
        return add.toBuilder().setGraph(add.getGraph().toBuilder().clearNode().addAllNode(nodes)).build().toByteArray();
    }

    @Test
    void givesTheLargestOfWhatTheModelGivesAndComputesAllOfIt() throws Exception {
        Run given = run(chain(), BOTH);
        Run resident = run(rewrite(chain(), BOTH), NUMBER);

        assertThat(values(given.outputs().get(0))).hasSize(12);
        assertThat(resident.outputs()).singleElement().satisfies(output -> {
            assertThat(output.getShapeList()).isEmpty();
            assertThat(values(output)).containsExactly(largest(given.outputs().get(0)));
        });
        assertThat(given.nodes()).isEqualTo(5);
        assertThat(resident.nodes()).as("the chain, an addition for each input and the reduction").isEqualTo(5 + 2 + 1);
    }

    /** What the number from outside is for: with a constant in its place the runtime computes everything beforehand. */
    @Test
    void withoutANumberFromOutsideNothingWouldBeLeftToTime() throws Exception {
        ModelProto resident = ModelProto.parseFrom(rewrite(chain(), BOTH));
        GraphProto constant = resident.getGraph().toBuilder().clearInput().addInitializer(TensorProto.newBuilder()
            .setName(ResidentModel.INPUT).setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setRawData(ByteString.copyFrom(new byte[4]))).build();

        assertThat(run(resident.toBuilder().setGraph(constant).build().toByteArray(), task().build()).nodes()).isZero();
    }

    @Test
    void halfPrecisionStaysHalfPrecision() throws Exception {
        byte[] half = TinyOnnx.halfRelu(3);
        Task task = task().addInputs(input("x", 3)).build();
        ModelProto resident = ModelProto.parseFrom(rewrite(half, task));

        assertThat(resident.getGraph().getInitializer(0).getDataType()).isEqualTo(TensorProto.DataType.FLOAT16_VALUE);
        assertThat(resident.getGraph().getInitializer(0).getRawData().size()).isEqualTo(2 * 12);
        assertThat(values(run(resident.toByteArray(), NUMBER).outputs().get(0)))
            .containsExactly(largest(run(half, task).outputs().get(0)));
    }

    @Test
    void otherNumbersAreReducedAsTheyAre() throws Exception {
        Task task = task().addInputs(input("x", 3)).build();
        byte[] resident = rewrite(TinyOnnx.toInt64(3), task);

        assertThat(run(resident, NUMBER.toBuilder().setReturnOutputs(false).build()).nodes()).isPositive();
        assertThatThrownBy(() -> rewrite(TinyOnnx.toInt64(3), task().build())).isInstanceOf(TaskFailure.class)
            .hasMessageStartingWith("input x: missing");
    }

    @Test
    void timingSaysWhatIsTimed() {
        assertThat(OrtModel.timing(NUMBER)).isEqualTo("wall");
        assertThat(OrtModel.timing(NUMBER.toBuilder().setProvider("cuda").build()))
            .isEqualTo("wall, input made on the device, output reduced there");
    }
}
