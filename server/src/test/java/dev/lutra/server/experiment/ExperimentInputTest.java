package dev.lutra.server.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.yaml.Durations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people write into an experiment, and what else arrives in its place. */
class ExperimentInputTest {

    @TempDir
    private Path folder;

    /** Both characters look alike; keyboards give one, normalisation makes the other of it. */
    @ParameterizedTest
    @ValueSource(strings = {"800 us", "800 \u00B5s", "800 \u03BCs", "0.8 ms", "800000ns"})
    void everyMicro(String text) {
        assertThat(Durations.of(text)).contains(Duration.ofNanos(800_000));
    }

    @Test
    void aSpaceOfGrayImagesIsRefusedBeforeAnyImageIsRead() throws IOException {
        Files.writeString(folder.resolve("gray.yaml"), """
            name: gray
            title: one channel
            source: this test
            input: {channels: 1, size: 16}
            classes: 4
            choices:
              k3: {block: mb, kernel: 3, expand: 2}
              k5: {block: mb, kernel: 5, expand: 2}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [k3, k5], channels: 8}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        Path file = Files.writeString(folder.resolve("experiment.yaml"), """
            name: gray
            space: gray.yaml
            data: {train: 'synthetic:4x4'}
            targets: [{device: local}]
            """);
        Experiment experiment = ExperimentFile.read(file);
        assertThatThrownBy(() -> experiment.dataSpec(experiment.baseSpace())).isInstanceOf(InputException.class).hasMessage(
            "space: gray takes images of 1 channels (expected: 3; images are read as red, green and blue, gray ones too)");
    }

    @Test
    void aNameFitsIntoAFolders() throws IOException {
        for (String name : List.of("x".repeat(101), "../escape", "'a\u2028b'")) {
            Path file = Files.writeString(folder.resolve("experiment.yaml"), "name: " + name + "\nspace: fairnas\ndata: {train: synthetic:4x20}\n");
            assertThatThrownBy(() -> ExperimentFile.read(file)).isInstanceOf(InputException.class).hasMessageStartingWith(file + ":1: name: '")
                .hasMessageEndingWith("(expected: at most 100 letters, digits, '.', '_', '-'; it names the run's folder)");
        }
    }

    @Test
    void dataThatContainsItselfIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("experiment.yaml"), "name: x\nspace: fairnas\ndata: &x {train: *x}\n");
        assertThatThrownBy(() -> ExperimentFile.read(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ":3: data.train.train")
            .hasMessageEndingWith("(expected: less; does it contain itself?)");
    }
}
