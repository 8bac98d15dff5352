package dev.lutra.server.winner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.latency.correction.Interval;
import dev.lutra.server.outcome.InIntegers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WinnerFileTest {

    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsReadAgain() {
        Comparison full = new Comparison(Optional.of(120L), Optional.of(100L), Optional.of(new Interval(90, 110)), 105,
            Optional.of(new Interval(101, 109)));
        Comparison bare = new Comparison(Optional.empty(), Optional.empty(), Optional.empty(), 0, Optional.empty());
        List<Winner> winners = List.of(
            new Winner("k3,k5", "winner-1.onnx", Map.of("accuracy", 0.5, "macs", 9e9), List.of(
                new Winner.Check("box", 1, Optional.of(99L), full, bare, full, bare, Optional.empty(), Optional.empty(), 107, 2_000_000, 1.5e-6, true,
                    Optional.of(new Winner.Learned(Optional.of(80L)))),
                new Winner.Check("phone", 4, Optional.empty(), bare, full, bare, full, Optional.of(300L),
                    Optional.of(new InIntegers(70, 0.01, false)), 0, 0,
                    0.25, true,
                    Optional.of(new Winner.Learned(Optional.empty()))))),
            new Winner("k3,k3", "winner-2.onnx", Map.of("accuracy", 0.25), List.of()));
        Path file = folder.resolve("verification.json");
        WinnerFile.write(file, winners);
        assertThat(WinnerFile.winners(file)).isEqualTo(winners);
        assertThat(WinnerFile.read(file).confirmed()).isEmpty();
        assertThat(WinnerFile.read(file).refused()).as("by a device that was asked").containsOnlyKeys("k3,k5");
    }

    @Test
    void damageIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("verification.json"), "[{\"arch\": \"a\", \"devices\": {\"box\": {\"p50LowNanos\": 5}}}]");
        assertThatThrownBy(() -> WinnerFile.winners(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": not a list of winners: ");
        Files.writeString(file, "[");
        assertThatThrownBy(() -> WinnerFile.winners(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": not a list of winners: ");
    }
}
