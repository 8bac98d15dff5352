package dev.lutra.server.predictor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.search.AccuracyFile.Unit;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandAccuraciesTest {

    @TempDir
    private Path folder;

    private final SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
    private final List<Architecture> architectures = Stream.generate(new Random(1)::nextLong)
        .map(seed -> space.random(new Random(seed))).distinct().limit(4).toList();

    private Map<Architecture, Double> find(String script, int atOnce, Duration limit, Unit unit) throws IOException {
        Files.writeString(folder.resolve("evaluate.sh"), script);
        Map<Architecture, Double> found = new HashMap<>();
        Experiment.Command command = new Experiment.Command(List.of("sh", "evaluate.sh", "an argument"), atOnce, limit, unit, Optional.empty());
        new CommandAccuracies(command, folder, folder.resolve("scratch"), (architecture, file) -> {
            try {
                Files.writeString(file, "0." + (architectures.indexOf(architecture) + 1));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }).find(architectures, found::put);
        return found;
    }

    private void assertAllFound(Map<Architecture, Double> found, double unit) {
        assertThat(found).hasSize(4);
        architectures.forEach(architecture -> assertThat(found).containsEntry(architecture, (architectures.indexOf(architecture) + 1) / 10.0 * unit));
        assertThat(folder.resolve("scratch")).isEmptyDirectory();
    }

    @Test
    void theLastLineIsTheAccuracyOfTheFile() throws IOException {
        String script = "[ \"$1\" = 'an argument' ] || exit 9\necho reading >&2\necho \"opening $2\"\ncat \"$2\"\necho\n";
        assertAllFound(find(script, 1, Duration.ofMinutes(1), Unit.SHARE), 1);
        assertAllFound(find(script, 3, Duration.ofMinutes(1), Unit.PERCENT), 0.01);
    }

    /** Each of two waits for the other. */
    @Test
    void severalRunAtATime() throws IOException {
        String script = "mkdir -p here; touch here/$$; n=0\n"
            + "while [ $(ls here | wc -l) -lt 2 ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 7; sleep 0.1; done\ncat \"$2\"\n";
        assertAllFound(find(script, 2, Duration.ofMinutes(2), Unit.SHARE), 1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "echo broken >&2; echo 0.5; exit 3 | exit code 3 at | : broken",
        "echo nonsense | its last line is 'nonsense' at | (expected: a number from 0 to 1; 'unit' says",
        "echo 55.1 | its last line is '55.1' at | (expected: a number from 0 to 1",
        "echo NaN | its last line is 'NaN' at | (expected: a number",
        "true | its last line is '' at | (expected: a number"
    })
    void whatFailsEndsTheRun(String script, String what, String told) {
        assertThatThrownBy(() -> find(script, 2, Duration.ofMinutes(1), Unit.SHARE)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("accuracy.command: " + what).hasMessageContaining(told);
        assertThat(folder.resolve("scratch")).isEmptyDirectory();
    }

    @Test
    void whatTakesTooLongIsEndedWithItsChildren() {
        assertThatThrownBy(() -> find("sleep 300 & echo $! >child; wait\n", 1, Duration.ofSeconds(1), Unit.SHARE)).isInstanceOf(InputException.class)
            .hasMessageContaining("still runs after 1 s (accuracy.time-limit)");
        assertThat(folder.resolve("child")).content().satisfies(child -> {
            ProcessHandle.of(Long.parseLong(child.strip())).ifPresent(handle -> handle.onExit().join());
            assertThat(ProcessHandle.of(Long.parseLong(child.strip()))).isEmpty();
        });
    }

    @Test
    void aProgramThatIsNotThereIsNamed() {
        Experiment.Command command = new Experiment.Command(List.of("no-such-program"), 1, Duration.ofMinutes(1), Unit.SHARE, Optional.empty());
        assertThatThrownBy(() -> new CommandAccuracies(command, folder, folder.resolve("scratch"), (architecture, file) -> {})
            .find(architectures, (architecture, accuracy) -> {})).isInstanceOf(InputException.class)
            .hasMessageStartingWith("accuracy.command: no-such-program cannot be started: ");
    }
}
