package dev.lutra.agent.sentinel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.runtime.OrtModel;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Task;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SentinelModelTest {

    private static final Task CONDITIONS = Task.newBuilder().setProvider("cpu").setThreads(1).build();

    /** Another model, or one run otherwise, is another scale: every device's level, and with it all figures, would shift. */
    @Test
    void scalesNeverChangeUnnoticed() {
        assertThat(SentinelModel.CORE.scale()).isEqualTo("bb331defbba9bade");
        assertThat(SentinelModel.MEMORY.scale()).isEqualTo("2d97ca87869b27d8");
        assertThat(SentinelModel.WEIGHTS.scale()).isEqualTo("f2603876acd4b640");
    }

    @ParameterizedTest
    @EnumSource
    void runsInOnnxRuntimeWithSaneNumbers(SentinelModel sentinel) {
        try (OrtModel model = OrtModel.open(TinyOnnx.direct(sentinel.onnx()), sentinel.task(CONDITIONS))) {
            ModelOutput output = model.outputs().get(0);
            FloatBuffer values = output.getLittleEndianFloats().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
            float largest = 0;
            while (values.hasRemaining()) {
                float value = Math.abs(values.get());
                assertThat(value).isFinite();
                largest = Math.max(largest, value);
            }
            assertThat(output.getShapeList()).containsExactly(1L, sentinel == SentinelModel.CORE ? 10L : 1000L);
            // Denormal or overflowing activations would take another time than those of real networks.
            assertThat(largest).isBetween(0.01f, sentinel == SentinelModel.WEIGHTS ? 10_000f : 100f);
        }
    }

    @Test
    void runsUnderTheConditionsOfTheTaskBesideIt() {
        Task task = SentinelModel.CORE.task(
            CONDITIONS.toBuilder().setThreads(4).setProvider("cuda").putProviderOptions("a", "b").build());

        assertThat(task.getThreads()).isEqualTo(4);
        assertThat(task.getProvider()).isEqualTo("cuda");
        assertThat(task.getProviderOptionsMap()).containsEntry("a", "b");
    }
}
