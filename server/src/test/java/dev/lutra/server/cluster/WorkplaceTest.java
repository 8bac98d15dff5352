package dev.lutra.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.data.DataProgress;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.run.NineNetworks;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.training.Rounds;
import dev.lutra.supernet.training.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkplaceTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    private Experiment experiment(String images, String training) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("parallel.yaml"), """
            name: parallel
            space: nine.yaml
            data: {train: "synthetic:%s"}
            supernet: {epochs: 1, batch: 8, data-parallel: {workers: 2}%s}
            """.formatted(images, training)));
    }

    private NamedValues origin(Experiment experiment) {
        try (ImageData data = ImageData.open(experiment.dataSpec(experiment.baseSpace()), folder.resolve("cache"), DataProgress.NONE)) {
            return Trainer.origin(experiment.trainedSpace(), data, experiment.training(), experiment.evaluation());
        }
    }

    /**
     * What the first learner makes of the first step on a machine with 80 images.
     *
     * @param there what the training follows from where the run is
     */
    private Rounds.Learned learned(NamedValues there) throws IOException {
        Assignment assignment = Assignment.of(experiment("4x20", ""), folder.resolve("cache"), there);
        try (Workplace workplace = Workplace.open(assignment, Optional.empty(), folder)) {
            return workplace.learn(new Rounds.Round(0, 0, 1, List.of()), 0, new LearnedState(new TreeMap<>()));
        }
    }

    @Test
    void aLearnerWithOtherImagesThanTheRunIsRefused() throws IOException {
        assertThat(learned(origin(experiment("4x20", ""))).learners()).isEqualTo(1);
        NamedValues more = origin(experiment("4x24", ""));
        assertThatThrownBy(() -> learned(more)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(folder.resolve("parallel.yaml") + ": where the run is, trained by data.");
        NamedValues smoother = origin(experiment("4x20", ", label-smoothing: 0.2"));
        assertThatThrownBy(() -> learned(smoother)).isInstanceOf(InputException.class).hasMessageContaining("label-smoothing 0.2 (expected: ");
    }
}
