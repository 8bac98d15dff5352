package dev.lutra.agent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Kernels;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodePlacementTest {

    @TempDir
    private Path folder;

    /** What ONNX Runtime 1.29 wrote for WebGPU, a Concat changed to the CPU and the shapes shortened. */
    private static final String MIXED = """
        [
        {"cat" : "Session","pid" :1,"tid" :2,"dur" :8870,"ts" :2,"ph" : "X","name" :"model_loading_uri","args" : {}},
        {"cat" : "Node","pid" :1,"tid" :2,"dur" :243,"ts" :9,"ph" : "X","name" :"stem.\\"odd\\" {name}_kernel_time",\
        "args" : {"provider" : "WebGpuExecutionProvider","node_index" : "150","op_name" : "Conv"}},
        {"cat" : "Node","pid" :1,"tid" :2,"dur" :100,"ts" :10,"ph" : "X","name" :"layer1_fence_before",\
        "args" : {"op_name" : "Conv"}},
        {"cat" : "Node","pid" :1,"tid" :2,"dur" :100,"ts" :11,"ph" : "X","name" :"layer1_kernel_time",\
        "args" : {"input_type_shape" : [{"float":[1,3,32,32]}],"op_name" : "Concat","provider" : "CPUExecutionProvider"}},
        {"cat" : "Node","pid" :1,"tid" :2,"dur" :100,"ts" :12,"ph" : "X","name" :"layer2_kernel_time",\
        "args" : {"op_name" : "Conv","provider" : "WebGpuExecutionProvider"}},
        {"cat" : "Api","pid" :-1,"tid" :-1,"dur" :39968,"ts" :13,"ph" : "X","name" :"stem&Conv&Conv2dMM","args" : {}},
        {"cat" : "Session","pid" :1,"tid" :2,"dur" :2022,"ts" :14,"ph" : "X","name" :"model_run","args" : {}}
        ]
        """;

    private NodePlacement read(String profile) throws IOException {
        return NodePlacement.read(Files.writeString(folder.resolve("profile.json"), profile));
    }

    @Test
    void countsNodesByProviderAndOperator() throws IOException {
        NodePlacement placement = read(MIXED);

        assertThat(placement.nodes()).isEqualTo(Map.of("cpu", Map.of("Concat", 1), "webgpu", Map.of("Conv", 2)));
        assertThat(placement.byProvider()).isEqualTo(Map.of("cpu", 1, "webgpu", 2));
        assertThat(placement.kernels(Set.of("layer1", "layer2", "layer3"))).as("a concatenation tells of no layer, a layer that is gone neither")
            .isEqualTo(Kernels.newBuilder().addReal("layer2").setUntold(2).build());
    }

    @Test
    void aNodeOnTheCpuFailsEveryOtherProvider() throws IOException {
        assertThatThrownBy(() -> read(MIXED).requireAllOn("webgpu")).isInstanceOf(TaskFailure.class)
            .hasMessage("provider webgpu: 1 of 3 nodes were left to the CPU (1 Concat); "
                + "the option allow_cpu_nodes=true measures it all the same");
        assertThatCode(() -> read(MIXED).requireAllOn("cpu")).doesNotThrowAnyException();
        NodePlacement whole = read(MIXED.replace("CPUExecutionProvider", "WebGpuExecutionProvider"));
        assertThatCode(() -> whole.requireAllOn("webgpu")).doesNotThrowAnyException();
    }

    @Test
    void whatIsNotKnownFails() {
        assertThatThrownBy(() -> read("[\n]\n").requireAllOn("cuda")).isInstanceOf(TaskFailure.class)
            .hasMessageStartingWith("provider cuda: the runtime's profile names no node");
        assertThatThrownBy(() -> read(MIXED.replace("\"provider\"", "\"where\""))).isInstanceOf(TaskFailure.class)
            .hasMessageStartingWith("the runtime's profile does not say where every node ran");
    }

    @Test
    void readsWhatThisRuntimeWritesAndLeavesNoFile() throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        Task task = Task.newBuilder().setProvider("cpu").setThreads(1).setReturnOutputs(true)
            .addInputs(ModelInput.newBuilder().setName("x").addShape(1).addShape(3).setRandomSeed(1))
            .addInputs(ModelInput.newBuilder().setName("z").addShape(1).addShape(3).setRandomSeed(2)).build();
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(TinyOnnx.add(3)), task)) {
            assertThat(model.nodesByProvider()).isEqualTo(Map.of("cpu", 1));
        }
        assertThatThrownBy(() -> OrtModel.open(TinyOnnx.direct(TinyOnnx.add(3)), task.toBuilder().removeInputs(1).build()))
            .isInstanceOf(TaskFailure.class);
        try (var left = Files.list(temporary)) {
            assertThat(left.filter(file -> file.getFileName().toString().startsWith(OrtModel.PROFILE_FOLDER + ProcessHandle.current().pid() + "-")))
                .isEmpty();
        }
    }
}
