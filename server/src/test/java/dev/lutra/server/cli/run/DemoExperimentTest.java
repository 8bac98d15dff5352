package dev.lutra.server.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.latency.SegmentCatalog;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the demo writes into its folder is an experiment as users have them, small enough for minutes. */
class DemoExperimentTest {

    @TempDir
    private Path folder;

    @Test
    void theDemosFilesAreAnExperimentAndASpace() throws Exception {
        Experiment experiment = ExperimentFile.read(DemoCommand.writeExperiment(folder));
        assertThat(folder).isDirectoryContaining(file -> file.endsWith("space.yaml"));
        assertThat(experiment.export().top()).isEqualTo(3);
        assertThat(experiment.targets()).extracting(Experiment.Target::device).containsExactly("local");
        assertThat(experiment.profile().budget()).as("time for measuring").hasValueSatisfying(
            budget -> assertThat(budget).isLessThanOrEqualTo(Duration.ofMinutes(1)));
        SearchSpace space = experiment.searchSpace(10);
        assertThat(space.size()).isEqualTo(3 * 4 * 4 * 3 * 4 * 4 * 4);
        assertThat(SegmentCatalog.of(space).items()).as("segments to measure").hasSizeLessThanOrEqualTo(20);
    }
}
