package dev.lutra.agent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Task;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with a provider's options is said before the provider is asked, so also where it is not installed. */
class ProviderOptionsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "CUDA      | devise_id | 0     | provider p: option devise_id (expected: allow_cpu_nodes, arena_extend_strategy, ",
        "TENSOR_RT | fp16      | 1     | provider p: option fp16 (expected: allow_cpu_nodes, device_id, trt_auxiliary_streams, ",
        "OPEN_VINO | device    | CPU   | provider p: option device (expected: allow_cpu_nodes, device_type)",
        "DIRECT_ML | device_id | first | provider p: device_id: first (expected: a whole number)",
        "CORE_ML   | Units     | ALL   | provider p: option Units (expected: allow_cpu_nodes, AllowLow",
        "NNAPI     | use_fp16  | 1     | provider p: use_fp16: 1 (expected: true or false)",
        "NNAPI     | fp16      | true  | provider p: option fp16 (expected: allow_cpu_nodes, cpu_disabled, cpu_only, use_fp",
        "XNNPACK   | threads   | 1     | provider p: option threads (expected: allow_cpu_nodes, intra_op_num_threads)",
        "QNN       | backend   | htp   | provider p: option backend (expected: allow_cpu_nodes, backend_path, ",
        "WEBGPU    | layout    | NHWC  | provider p: option layout (expected: allow_cpu_nodes, adapterIndex, ",
        "CPU       | arena     | 0     | provider p: option arena (expected: allow_cpu_nodes)"})
    void namesProviderKeyAndWhatIsKnown(OrtProvider provider, String key, String value, String line) throws Exception {
        try (SessionOptions session = new SessionOptions()) {
            assertThatThrownBy(() -> ProviderOptions.append(provider, "p", Map.of(key, value), 1, session))
                .isInstanceOf(TaskFailure.class).message().startsWith(line).doesNotContain("\n");
        }
    }

    @Test
    void aProviderOfAnotherBuildIsNotThere() throws Exception {
        try (SessionOptions session = new SessionOptions()) {
            assertThatThrownBy(() -> ExecutionProviders.select(Task.newBuilder().setProvider("frobnicator").build(), session))
                .isInstanceOf(TaskFailure.class).message()
                .matches("provider frobnicator: not offered by onnxruntime 1\\.\\S+ here \\(offered: .*cpu.*\\)");
        }
    }

    @Test
    void providersHaveOneNameInTasksAndProfiles() {
        assertThat(ExecutionProviders.nameOf("CPUExecutionProvider")).isEqualTo("cpu");
        assertThat(ExecutionProviders.nameOf("TensorrtExecutionProvider")).isEqualTo("tensorrt");
        assertThat(ExecutionProviders.nameOf("DmlExecutionProvider")).isEqualTo("directml");
        assertThat(ExecutionProviders.nameOf("WebGpuExecutionProvider")).isEqualTo("webgpu");
        assertThat(ExecutionProviders.nameOf("NvTensorRTRTXExecutionProvider")).isEqualTo("nvtensorrtrtx");
        for (OrtProvider provider : OrtProvider.values()) {
            assertThat(ExecutionProviders.nameOf(provider.getName())).isEqualTo(ExecutionProviders.nameOf(provider));
        }
    }
}
