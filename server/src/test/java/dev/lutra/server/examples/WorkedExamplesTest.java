package dev.lutra.server.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.measure.MeasureKinds;
import dev.lutra.search.algorithm.Algorithms;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.Progress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.experiment.Vocabulary;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.run.NineNetworks;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.space.Options;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transitions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The worked examples of {@code docs/architecture.md}: each is one class and one line, and works from file to front. */
class WorkedExamplesTest {

    /** Each {@code with} is the line that a registry gets. */
    private static final Vocabulary VOCABULARY = new Vocabulary(
        Samplings.ALL.with("several", SeveralPaths::of),
        Transitions.ALL,
        Algorithms.ALL.with("every", EveryNetwork::of),
        MeasureKinds.ALL.with("bit-operations", BitOperations::of));

    /** Nobody watches. */
    private static final Progress UNWATCHED = new Progress() {
        @Override
        public Work begin(String what, long total, String unit) {
            return new Work() {
                @Override
                public void at(double done, String note) {
                    // nothing to show
                }

                @Override
                public void close() {
                    // nothing is open
                }
            };
        }

        @Override
        public void say(String line) {
            // nobody hears
        }
    };

    @TempDir
    private Path folder;

    @Test
    void aSamplingAnAlgorithmAndAMeasureFromFileToFront() throws IOException {
        NineNetworks.write(folder);
        Experiment experiment = ExperimentFile.read(Files.writeString(folder.resolve("examples.yaml"), """
            name: examples
            space: nine.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 1, batch: 8, sampling: {several: {paths: 3}}}
            evaluation: {recalibration-images: 16}
            objectives: [accuracy, {bit-operations: {bits: 8}}]
            constraints: {bit-operations: {at-least: 1k}}
            search: {algorithm: {every: {most: 9}}}
            """), VOCABULARY);
        List<Phase> phases = experiment.training().curriculum().phases();
        Sampling last = phases.get(phases.size() - 1).sampling();
        assertThat(last).isEqualTo(new SeveralPaths(3));
        assertThat(last.paths(Options.all(experiment.baseSpace()), Moment.of(1, 2))).hasSize(3);
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), UNWATCHED,
            "test")) {
            run.train();
            run.search();
            Front front = Front.readJson(run.folder().front(), experiment.baseSpace());
            assertThat(front.candidates()).isNotEmpty().allSatisfy(candidate -> assertThat(candidate.measures().get("bit-operations"))
                .isEqualTo(64 * candidate.measures().get(Measure.MACS)));
            assertThat(Files.readAllLines(run.folder().metrics())).filteredOn(line -> line.contains("candidate-evaluated")).hasSize(9);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SeveralPaths", "EveryNetwork", "BitOperations"})
    void theDocumentsShowWhatIsRunHere(String example) throws IOException {
        String source = Files.readString(Path.of("src", "test", "java", "dev", "lutra", "server", "examples", example + ".java"));
        assertThat(Files.readString(Path.of("..", "docs", "architecture.md")))
            .contains(source.substring(source.indexOf("/**")).strip());
    }
}
