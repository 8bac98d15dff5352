package dev.lutra.server.cli.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The time for measuring, on the command line and in the experiment's file. */
class BudgetOptionTest {

    @TempDir
    private Path folder;

    private Experiment experiment(String profile) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("experiment.yaml"), """
            name: within
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x80"}
            targets: [{device: box}]
            profile: %s
            """.formatted(profile)));
    }

    private static Experiment given(Experiment experiment, String... arguments) {
        return CommandLine.populateCommand(new BudgetOption(), arguments).applyTo(experiment);
    }

    @ParameterizedTest
    @CsvSource({"60 s, 60000", "60s, 60000", "1.5 s, 1500", "900 ms, 900"})
    void takesADurationWithItsUnit(String text, long millis) throws IOException {
        assertThat(given(experiment("{}"), "--budget", text).profile().budget()).contains(Duration.ofMillis(millis));
    }

    @Test
    void goesBeforeTheFilesOwnAndLeavesTheRestAsItIs() throws IOException {
        Experiment experiment = experiment("{budget: 45 s, rounds: 7, calibrate: 3}");
        assertThat(experiment.profile().budget()).contains(Duration.ofSeconds(45));
        assertThat(given(experiment)).isEqualTo(experiment);
        Experiment changed = given(experiment, "--budget", "2 s");
        assertThat(changed.profile().budget()).contains(Duration.ofSeconds(2));
        assertThat(changed.withBudget(Duration.ofSeconds(45))).isEqualTo(experiment);
    }

    @ParameterizedTest
    @ValueSource(strings = {"60", "0 s", "-5 s", "a minute", "1 minute", "1e3 s", ""})
    void refusesWhatIsNone(String text) throws IOException {
        Experiment experiment = experiment("{}");
        assertThatThrownBy(() -> given(experiment, "--budget", text)).isInstanceOf(InputException.class)
            .hasMessage("--budget: " + text + " (expected: a positive duration with its unit, such as 60 s; units: ns, us, ms, s, min, h)");
    }

    @Test
    void refusesItInTheFileByItsPlace() {
        assertThatThrownBy(() -> experiment("{budget: 60}")).isInstanceOf(InputException.class)
            .hasMessageContaining("experiment.yaml").hasMessageContaining("budget").hasMessageContaining("60 (expected: a positive duration");
    }
}
