package dev.lutra.supernet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import dev.lutra.InputException;
import dev.lutra.supernet.Devices.Kind;
import dev.lutra.supernet.Devices.Wanted;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DevicesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "CUDA | 1 | 0 | false | device: cuda: PyTorch 2.7.1 here is built for the CPU, and no NVIDIA GPU with its driver is found (expected: Lutra "
            + "built with LUTRA_MVN_OPTS=-Pcuda and run with LUTRA_OFFLINE=false, an NVIDIA GPU and its driver; or device: cpu)",
        "CUDA | 1 | 2 | false | device: cuda: PyTorch 2.7.1 here is built for the CPU (expected: Lutra built with LUTRA_MVN_OPTS=-Pcuda and run "
            + "with LUTRA_OFFLINE=false, an NVIDIA GPU and its driver; or device: cpu)",
        "CUDA | 4 | 2 | true | device: cuda: 2 NVIDIA GPUs with their driver are found (expected: 4)",
        "AUTO | 4 | 2 | true | gpus: 4: 2 NVIDIA GPUs with their driver are found (expected: 4)",
        "CUDA | 1 | 0 | true | device: cuda: 0 NVIDIA GPUs with their driver are found (expected: 1)",
        "CUDA | 2 | 2 | true | "})
    void whatIsMissingIsSaidInOneLine(Kind kind, int gpus, int there, boolean built, String problem) {
        assertThat(Devices.missing(new Wanted(kind, gpus), there, built, "2.7.1")).isEqualTo(Optional.ofNullable(problem));
    }

    @Test
    void thisMachineHasWhatItHas() {
        assertThat(Devices.of(new Wanted(Kind.CPU, 1)).first().isGpu()).isFalse();
        assertThat(Devices.of(Wanted.ANY).all()).hasSize(1);
        int more = Engine.getInstance().getGpuCount() + 1;
        assertThatThrownBy(() -> Devices.of(new Wanted(Kind.CUDA, more))).isInstanceOf(InputException.class)
            .hasMessageStartingWith("device: cuda: ").hasMessageContaining("(expected: ");
    }
}
