package dev.lutra.proto.border;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.lutra.proto.Load;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.RangeOption;
import dev.lutra.proto.Task;
import java.util.Collections;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TaskLimitsTest {

    private static Task.Builder task() {
        return Task.newBuilder().setThreads(1);
    }

    private static String problem(Task.Builder task) {
        return TaskLimits.problem(task.build()).orElse("");
    }

    private static Stream<FieldDescriptor> numbers(Descriptor type) {
        return type.getFields().stream().flatMap(field -> FieldRanges.isNumber(field)
            ? Stream.of(field)
            : field.getJavaType() == FieldDescriptor.JavaType.MESSAGE ? numbers(field.getMessageType()) : Stream.empty());
    }

    /** Whoever adds a number says what it may be. */
    @Test
    void everyNumberOfATaskHasARange() {
        assertThat(numbers(Task.getDescriptor())).hasSizeGreaterThan(12)
            .allSatisfy(field -> assertThat(field.getOptions().hasExtension(RangeOption.range)).as(field.getFullName()).isTrue());
    }

    @Test
    void aLoadIsBoundedByRateTimeAndRequests() {
        Load.Builder load = Load.newBuilder().setRequestsPerSecond(500).setDurationNanos(100_000_000);
        assertThat(problem(task().setLoad(load))).isEmpty();
        assertThat(problem(task().setLoad(load.clone().setRequestsPerSecond(0))))
            .isEqualTo("load.requests_per_second: 0.0 (expected: more than 0, at most 1000000)");
        assertThat(problem(task().setLoad(load.clone().setRequestsPerSecond(Double.NaN)))).startsWith("load.requests_per_second: NaN");
        assertThat(problem(task().setLoad(load.clone().setDurationNanos(0)))).isEqualTo("load.duration_nanos: 0 (expected: 1 to 300000000000)");
        assertThat(problem(task().setLoad(load.clone().setRequestsPerSecond(0.5).setDurationNanos(1_000_000_000))))
            .isEqualTo("load: 0.5/s for 1.0 s (expected: 1 to 1048576 requests)");
        assertThat(problem(task().setLoad(load.clone().setRequestsPerSecond(1e6).setDurationNanos(300_000_000_000L))))
            .isEqualTo("load: 1000000.0/s for 300.0 s (expected: 1 to 1048576 requests)");
        assertThat(problem(task().setLoad(load.clone().setRequestsPerSecond(1.0 / 3).setDurationNanos(3_000_000_000L)))).isEmpty();
    }

    /** An option that names a library or a folder would load, read or write files of the device. */
    @Test
    void optionsNameNoFilesOfTheDevice() {
        assertThat(problem(task().putProviderOptions("backend_path", "libQnnHtp.so").putProviderOptions("forceCpuNodeNames", "/a/Conv")))
            .isEmpty();
        for (String name : new String[]{"backend_path", "trt_extra_plugin_lib_paths", "op_packages", "ModelCacheDirectory",
            "json_qnn_graph_dir", "trt_engine_cache_prefix", "trt_int8_calibration_table_name", "trt_onnx_model_folder_path"}) {
            assertThat(problem(task().putProviderOptions(name, "../lib.so")))
                .isEqualTo("provider_options." + name + ": ../lib.so (expected: a name without / and \\: a task names no file of the device)");
        }
        assertThat(problem(task().putProviderOptions("trt_engine_cache_path", "C:\\x"))).startsWith("provider_options.trt_engine_cache_path");
    }

    @Test
    void numbersOfThingsAreBoundedToo() {
        assertThat(problem(task().addAllInputs(Collections.nCopies(65, ModelInput.getDefaultInstance()))))
            .isEqualTo("inputs: 65 of them (expected: at most 64)");
        Task.Builder options = task();
        for (int i = 0; i < 65; i++) {
            options.putProviderOptions("option" + i, "1");
        }
        assertThat(problem(options)).isEqualTo("provider_options: 65 of them (expected: at most 64)");
    }
}
