package dev.lutra.server.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an experiment says of superkernels, and what it may not say beside them. */
class SuperkernelSectionTest {

    @TempDir
    private Path folder;

    private Experiment read(String supernet, String more) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("e.yaml"), """
            name: e
            space: single-path-cifar
            data: {train: synthetic}
            supernet: {%s}
            %s
            """.formatted(supernet, more)));
    }

    @Test
    void aTargetIsADurationADevice() throws IOException {
        Experiment experiment = read("sampling: {superkernel: {target: {watch: 12 ms, phone: 3 ms}, combine: maximum}}",
            "targets: [{device: phone}, {device: watch}]");
        SuperkernelSampling superkernel = experiment.superkernel().orElseThrow();
        assertThat(superkernel.lambda()).isEmpty();
        assertThat(superkernel.targets()).containsEntry("watch", Duration.ofMillis(12)).containsEntry("phone", Duration.ofMillis(3));
        assertThat(experiment.training().curriculum().phases()).hasSize(1);
        assertThat(read("epochs: 2", "").superkernel()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{} | targets: [{device: phone}] | supernet.sampling.superkernel: no 'lambda'",
        "{lambda: 1, target: {phone: 1 ms}} | targets: [{device: phone}] | superkernel.target: given with lambda (expected: one of them",
        "{target: {phone: 12}} | targets: [{device: phone}] | 12 (expected: a positive duration with its unit",
        "{target: {watch: 1 ms}} | targets: [{device: phone}] | superkernel.target: watch (expected: one of phone)",
        "{lambda: 1, devices: {watch: 1}} | targets: [{device: phone}] | superkernel.devices: watch (expected: one of phone)",
        "{target: {phone: 1 ms}, devices: {watch: 1}} | targets: [{device: phone}, {device: watch}] | superkernel.devices: without phone, whose latency",
        "{target: {phone: 1 ms}, loss: published} | targets: [{device: phone}] | superkernel.target: given with loss: published (expected: lambda",
        "{lambda: 1} | seed: 1 | lambda: 1.0 without targets, whose latency it weighs (expected: 0, or targets)",
        "{lambda: 1} | 'targets: [{device: phone, latency: {p50: 1 ms}}]' | (expected: no limits, but its target)",
        "{lambda: 0} | search: {population: 4} | search: given with supernet.sampling.superkernel",
        "{lambda: 0, gate: input} | seed: 1 | input (expected: one of output, kernel)",
        "{lambda: 0, lamda: 1} | seed: 1 | unknown key"})
    void mistakesNameWhatIsWrong(String settings, String more, String message) {
        assertThatThrownBy(() -> read("sampling: {superkernel: " + settings + "}", more)).isInstanceOf(InputException.class)
            .hasMessageContaining(folder.resolve("e.yaml") + ":").hasMessageContaining(message);
    }

    @Test
    void itStandsAlone() {
        for (String supernet : List.of("sampling: {superkernel: {lambda: 0}}, first-path: 0.5",
            "phases: [{share: 0.5, sampling: uniform}, {sampling: {superkernel: {lambda: 0}}}]")) {
            assertThatThrownBy(() -> read(supernet, "")).isInstanceOf(InputException.class)
                .hasMessageContaining("superkernel beside other phases (expected: alone, without first-path)");
        }
        assertThatThrownBy(() -> read("phases: [{sampling: {superkernel: {lambda: 0}}, then: re-initialise}]", ""))
            .isInstanceOf(InputException.class).hasMessageContaining("superkernel with then (expected: nothing after it");
    }
}
