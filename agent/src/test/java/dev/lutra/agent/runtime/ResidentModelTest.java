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
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rewritten models, run for real on the CPU. */
class ResidentModelTest {

    private static final Task BOTH = task().addInputs(input("x", 1)).addInputs(input("z", 2)).build();
    private static final Task NONE = task().build();

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
    void givesTheFirstNumberOfWhatTheModelGivesAndComputesAllOfIt() throws Exception {
        Run given = run(chain(), BOTH);
        Run resident = run(rewrite(chain(), BOTH), NONE);

        assertThat(values(given.outputs().get(0))).hasSize(12);
        assertThat(resident.outputs()).singleElement().satisfies(output -> {
            assertThat(output.getShapeList()).isEmpty();
            assertThat(values(output)).containsExactly(values(given.outputs().get(0))[0]);
        });
        assertThat(given.nodes()).isEqualTo(5);
        assertThat(resident.nodes()).as("the chain, and what reads a number").isEqualTo(5 + 2);
    }

    /** Whatever runs over all of an input or output would be in the figure of large tensors more than in that of small ones. */
    @Test
    void nothingRunsOverWholeInputsOrOutputsButTheModel() throws Exception {
        GraphProto given = ModelProto.parseFrom(chain()).getGraph();
        GraphProto resident = ModelProto.parseFrom(rewrite(chain(), BOTH)).getGraph();
        assertThat(resident.getNodeList().subList(0, 5)).isEqualTo(given.getNodeList());
        assertThat(resident.getNodeList().subList(5, 7)).extracting(NodeProto::getOpType).as("a view, and one number of it")
            .containsExactly("Reshape", "Gather");
    }

    /** What the inputs' defaults stay overridable for: with constants in their place the runtime computes everything beforehand. */
    @Test
    void withConstantsNothingWouldBeLeftToTime() throws Exception {
        ModelProto resident = ModelProto.parseFrom(rewrite(chain(), BOTH));
        GraphProto constant = resident.getGraph().toBuilder().clearInput().build();

        assertThat(run(resident.toBuilder().setGraph(constant).build().toByteArray(), NONE).nodes()).isZero();
    }

    /** Until then weights were listed among the inputs, and constants all the same. */
    @Test
    void anOldFilesWeightsStayConstants() throws Exception {
        ModelProto.Builder old = ModelProto.parseFrom(chain()).toBuilder().setIrVersion(3);
        old.getGraphBuilder().addInitializer(TensorProto.newBuilder().setName("weight").addDims(1).setDataType(
            TensorProto.DataType.FLOAT_VALUE).setRawData(ByteString.copyFrom(new byte[4])))
            .addInput(old.getGraph().getInput(0).toBuilder().setName("weight"));
        ModelProto resident = ModelProto.parseFrom(ResidentModel.rewrite(TinyOnnx.direct(old.build().toByteArray()),
            inputsOf(chain(), BOTH).byName(), Map.of()));
        assertThat(resident.getIrVersion()).isEqualTo(4);
        assertThat(resident.getGraph().getInputList()).extracting(ValueInfoProto::getName).containsExactlyInAnyOrder("x", "z");
    }

    private static InputTensors inputsOf(byte[] onnx, Task task) throws Exception {
        try (OrtSession session = OrtModel.environment().createSession(onnx)) {
            return InputTensors.of(session.getInputInfo(), task.getInputsList());
        }
    }

    @Test
    void halfPrecisionStaysHalfPrecision() throws Exception {
        byte[] half = TinyOnnx.halfRelu(3);
        Task task = task().addInputs(input("x", 3)).build();
        ModelProto resident = ModelProto.parseFrom(rewrite(half, task));

        assertThat(resident.getGraph().getNodeList()).extracting(NodeProto::getOpType).as("float32 is only what the default is of")
            .containsExactly("Cast", "Relu", "Reshape", "Gather");
        assertThat(values(run(resident.toByteArray(), NONE).outputs().get(0)))
            .containsExactly(values(run(half, task).outputs().get(0))[0]);
    }

    @Test
    void otherNumbersAreReadAsTheyAre() throws Exception {
        Task task = task().addInputs(input("x", 3)).build();
        byte[] resident = rewrite(TinyOnnx.toInt64(3), task);

        assertThat(run(resident, NONE.toBuilder().setReturnOutputs(false).build()).nodes()).isPositive();
        assertThatThrownBy(() -> rewrite(TinyOnnx.toInt64(3), task().build())).isInstanceOf(TaskFailure.class)
            .hasMessageStartingWith("input x: missing");
    }

    @Test
    void timingSaysWhatIsTimed() {
        assertThat(OrtModel.timing(NONE)).isEqualTo("wall");
        assertThat(OrtModel.timing(NONE.toBuilder().setProvider("cuda").build()))
            .isEqualTo("wall, input kept on the device, one number of the output read");
    }
}
