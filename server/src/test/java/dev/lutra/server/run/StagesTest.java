package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.retrain.RetrainRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stages fit together by what they declare, without any of them being run. */
class StagesTest {

    @TempDir
    private Path folder;

    private Experiment experiment(String judged) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("experiment.yaml"), """
            name: fits
            space: shufflenetv2-cifar
            targets: [{device: box}]
            %s
            """.formatted(judged)));
    }

    private static void assertEveryNeedIsLeftEarlier(Experiment experiment, List<Stage<?>> stages) {
        Set<Artifact> there = EnumSet.noneOf(Artifact.class);
        for (Stage<?> stage : stages) {
            assertThat(there).as(stage.getClass().getSimpleName()).containsAll(stage.needs(experiment));
            there.addAll(stage.leaves(experiment));
        }
    }

    @Test
    void whatAStageNeedsAnEarlierOneLeaves() throws IOException {
        List<Stage<?>> all = List.of(new TrainStage(), new RankStage(), new ProfileStage(false), new SearchStage(), new ExportStage(),
            new VerifyStage(),
            new RetrainStage(RetrainRequest.WINNERS), new TestStage(false));
        assertEveryNeedIsLeftEarlier(experiment("data: {train: \"synthetic:4x80\"}"), all);
        assertEveryNeedIsLeftEarlier(experiment("accuracy: {table: known.csv}"),
            List.of(new TrainStage(), new ProfileStage(false), new SearchStage(), new RetrainStage(RetrainRequest.WINNERS)));
    }
}
