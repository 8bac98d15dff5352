package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.weights.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings that begin with weights of an earlier one for other classes. */
class PretrainedRunTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    private ExperimentRun open(String name, int classes, SaidLines progress, String more) throws IOException {
        return ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: nine.yaml
            data: {train: "synthetic:%dx20"}
            evaluation: {recalibration-images: 16}
            search: {population: 4, generations: 2}
            export: {top: 1}
            """.formatted(name, classes) + more)), new RunFolder(folder.resolve(name)), OwnServer.onThisMachine(), progress, "test");
    }

    private SafetensorsFile weights(String run) {
        return SafetensorsFile.open(folder.resolve(run).resolve("supernet.safetensors"));
    }

    @Test
    void aSupernetGoesOnForOtherClasses() throws IOException {
        try (ExperimentRun run = open("first", 4, new SaidLines(), "supernet: {epochs: 2, batch: 8}\n")) {
            run.train();
        }
        String further = "supernet: {from: first, replace-head: true, epochs: 3, batch: 8, frozen: [stem], layer-rates: {layer1: 0.1}}\n";
        SaidLines progress = new SaidLines();
        try (ExperimentRun run = open("second", 6, progress, further)) {
            run.train();
        }
        assertThat(progress.lines()).anyMatch(line -> line.matches("train: \\d+ tensors from .*first/supernet.safetensors, 2 from scratch: "
            + "classifier.linear.weight \\(of the head\\), classifier.linear.bias \\(of the head\\)"));
        assertThat(weights("second").read("stem.conv.weight")).as("frozen").isEqualTo(weights("first").read("stem.conv.weight"));
        assertThat(weights("second").read("layer1.k3.expand.weight")).isNotEqualTo(weights("first").read("layer1.k3.expand.weight"));
        assertThat(weights("second").dims("classifier.linear.bias")).containsExactly(6);

        try (ExperimentRun run = open("cut", 6, new SaidLines(what -> what.equals("train"), 30), further)) {
            assertThatThrownBy(run::train).hasMessage("cut off");
        }
        try (ExperimentRun run = open("cut", 6, new SaidLines(), further)) {
            run.train();
        }
        assertThat(folder.resolve("cut/supernet.safetensors")).as("the same after a kill")
            .hasBinaryContent(Files.readAllBytes(folder.resolve("second/supernet.safetensors")));

        try (ExperimentRun run = open("kept", 6, new SaidLines(), further.replace("true", "false"))) {
            assertThatThrownBy(run::train).isInstanceOf(InputException.class).hasMessageStartingWith("supernet.replace-head: false, with ")
                .hasMessageContaining("classifier.linear.weight").hasMessageEndingWith("(expected: true, for 6 classes)");
        }
        try (ExperimentRun run = open("wrong", 6, new SaidLines(), further.replace("[stem]", "[stam]"))) {
            assertThatThrownBy(run::train).isInstanceOf(InputException.class)
                .hasMessage("supernet.frozen: stam is no layer (expected: one of stem, layer1, layer2, classifier)");
        }
        try (ExperimentRun run = open("nowhere", 6, new SaidLines(), further.replace("first", "nobody"))) {
            assertThatThrownBy(run::train).isInstanceOf(InputException.class).hasMessageContaining("nobody");
        }
    }

    @Test
    void aNetworkGoesOnFromAFileOfOursOrARun() throws IOException {
        RetrainRequest network = new RetrainRequest(List.of("k3,k7"), List.of(), false);
        RetrainedNetwork first;
        try (ExperimentRun run = open("first", 4, new SaidLines(), "supernet: {epochs: 1, batch: 8}\nretrain: {epochs: 1, batch: 8}\n")) {
            run.train();
            first = run.retrain(network).get(0);
        }
        for (Path from : List.of(first.file(), first.file().getParent(), folder.resolve("first"))) {
            SaidLines progress = new SaidLines();
            String further = "retrain: {epochs: 1, batch: 8, weights: " + from + ", replace-head: true, frozen: [stem]}\n";
            try (ExperimentRun run = open("second", 6, progress, further)) {
                RetrainedNetwork second = run.retrain(network).get(0);
                assertThat(OnnxFile.metadata(second.file()).get("lutra.retrain.weights")).startsWith("file ").endsWith(" without head");
                assertThat(OnnxFile.metadata(second.file())).containsEntry("lutra.retrain.layer-rates.stem", "0");
            }
            assertThat(progress.lines()).as(from.toString()).anyMatch(line -> line.contains(" tensors from " + from)
                && line.endsWith(", 2 from scratch: classifier.linear.weight (of the head), classifier.linear.bias (of the head)"));
        }
    }
}
