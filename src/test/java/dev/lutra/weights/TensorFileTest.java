package dev.lutra.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorFileTest {

    @TempDir
    private Path folder;

    private Path write(String name, float second) {
        Path file = folder.resolve(name);
        SafetensorsFile.write(file, Map.of(), List.of(new SafetensorsFile.Entry("w", List.of(2), () -> new float[]{1, second})));
        return file;
    }

    @ParameterizedTest
    @CsvSource({"CONV_WEIGHT, NaN, finite numbers", "BIAS, -Infinity, finite numbers",
        "RUNNING_VARIANCE, -0.5, 'variances, finite and not negative'"})
    void valuesThatNoNetworkComputesWithAreRefused(Role role, float wrong, String expected) {
        Path file = write("wrong.safetensors", wrong);
        Weight weight = Weight.whole(new SharedTensor("w", List.of(2), role));
        assertThatThrownBy(() -> TensorFile.open(file).read(weight)).isInstanceOf(InputException.class)
            .hasMessage(file + ": w: " + wrong + " (expected: " + expected + ")");
        assertThat(TensorFile.open(write("right.safetensors", 0.5f)).read(weight)).containsExactly(1, 0.5f);
    }
}
