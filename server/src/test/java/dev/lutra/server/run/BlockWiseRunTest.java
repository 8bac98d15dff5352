package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.Front;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.supernet.evaluation.EvaluationSettings.By;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Experiments whose stages learn from a teacher. */
class BlockWiseRunTest {

    private static final String USUAL = "{epochs: 2, batch: 8, probes: 1, sampling: block-wise, first-path: 0.5}";

    @TempDir
    private Path folder;

    @BeforeEach
    void writeSpace() throws IOException {
        Files.writeString(folder.resolve("staged.yaml"), """
            name: staged
            title: Two stages
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            choices:
              k3: {block: mb, kernel: 3, expand: 1}
              k5: {block: mb, kernel: 5, expand: 2}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 4}
              - {choices: [k3, k5], channels: 8, stride: 2}
              - {choices: [k3, k5], channels: 8, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        Files.writeString(folder.resolve("known.csv"), "arch,top1\n\"k3,k3\",70\n\"k3,k5\",75\n\"k5,k3\",80.5\n\"k5,k5\",90\n");
    }

    private Experiment experiment(String supernet, String more) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("taught.yaml"), """
            name: taught
            space: staged.yaml
            data: {train: "synthetic:4x20"}
            supernet: %s
            search: {population: 4, generations: 1}
            export: {top: 1}
            %s
            """.formatted(supernet, more)));
    }

    private ExperimentRun open(String name, String supernet, String more) throws IOException {
        return ExperimentRun.open(experiment(supernet, more), new RunFolder(folder.resolve(name)), OwnServer.onThisMachine(), new SaidLines(),
            "test");
    }

    @Test
    void aWholeRunSearchesAndRanksByTheSumOfStages() throws IOException {
        String more = "evaluation: {recalibration-images: 16}\nrank: {table: known.csv, column: top1, unit: percent, top: 2}";
        try (ExperimentRun run = open("run", USUAL, more)) {
            run.all();
            Ranking ranking = run.rank();
            assertThat(ranking.networks()).isEqualTo(4);
            Front front = run.search();
            assertThat(front.provenance()).containsEntry("evaluation.by", "stages").containsEntry("supernet.phases.1.sampling", "largest")
                .containsEntry("supernet.phases.1.then.1", "teach").containsEntry("supernet.phases.2.sampling", "block-wise");
            assertThat(front.candidates()).isNotEmpty()
                .allSatisfy(candidate -> assertThat(candidate.accuracy()).isGreaterThan(0).isLessThan(1));
            assertThat(run.folder().report()).exists();
            assertThat(run.winners()).hasSize(1);
        }
        try (ExperimentRun other = open("other", "{from: run}", "evaluation: {recalibration-images: 16, by: stages}")) {
            other.train();
            assertThat(other.search().candidates()).isNotEmpty();
        }
    }

    @Test
    void theTeacherMayBeOfAnotherRun() throws IOException {
        try (ExperimentRun run = open("teacher", "{epochs: 1, batch: 8, probes: 0, phases: [{sampling: largest}]}", "")) {
            run.train();
        }
        String learning = "{epochs: 1, batch: 8, probes: 0, sampling: block-wise, teacher: %s}";
        for (String teacher : List.of("teacher", "teacher/supernet.safetensors")) {
            try (ExperimentRun run = open("run", learning.formatted(teacher), "evaluation: {recalibration-images: 16}")) {
                run.train();
                Front front = run.search();
                assertThat(front.provenance().get("supernet.teacher")).startsWith("file ");
                assertThat(front.provenance()).containsEntry("supernet.sampling", "block-wise");
            }
        }
        Path space = folder.resolve("staged.yaml");
        Files.writeString(space, Files.readString(space).replace("channels: 8", "channels: 12"));
        try (ExperimentRun run = open("wider", learning.formatted("teacher"), "")) {
            assertThatThrownBy(run::train).isInstanceOf(InputException.class).hasMessageContaining("teacher/supernet.safetensors");
        }
        assertThat(folder.resolve("wider/supernet.safetensors")).doesNotExist();
    }

    @Test
    void whatAFileLeavesOutIsAsUsual() throws IOException {
        assertThat(experiment("{epochs: 8, sampling: block-wise}", "").evaluation().by()).isEqualTo(By.STAGES);
        assertThat(experiment("{epochs: 8, sampling: block-wise}", "").training().curriculum().phases().get(0).share()).isEqualTo(0.25);
        assertThat(experiment("{epochs: 8, sampling: block-wise}", "evaluation: {by: accuracy}").evaluation().by()).isEqualTo(By.ACCURACY);
        assertThat(experiment("{epochs: 8}", "").evaluation().by()).isEqualTo(By.ACCURACY);
        assertThat(experiment("{sampling: block-wise, teacher: t.safetensors}", "").training().curriculum().phases()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{sampling: block-wise, first-path: 0} | seed: 1 | block-wise without a teacher (expected: a phase before it with sampling: largest",
        "{sampling: block-wise, first-path: 0.5, teacher: t} | seed: 1 | other first values than those beside a given teacher (expected: ",
        "{sampling: uniform, first-path: 0, teacher: t} | seed: 1 | a teacher with nobody to learn (expected: ",
        "{sampling: uniform} | 'evaluation: {by: stages}' | stages, of a training that ends otherwise (expected: sampling block-wise",
        "{sampling: block-wise} | 'evaluation: {early-stopping: 0.99}' | given with evaluation.by: stages",
        "{sampling: {block-wise: {sampling: fair}}, rank-loss: 2} | seed: 1 | (expected: with a sampling that trains several paths a step",
        "{sampling: block-wise} | 'evaluation: {accuracy: balanced}' | sampling block-wise, whose stages are judged, with other accuracies",
        "{sampling: block-wise, split: {by: layer1}} | seed: 1 | teach before other first values"})
    void mistakesNameWhatIsWrong(String supernet, String more, String message) {
        assertThatThrownBy(() -> experiment(supernet, more)).isInstanceOf(InputException.class)
            .hasMessageMatching("(?s).*taught.yaml:\\d+: .*").hasMessageContaining(message);
    }
}
