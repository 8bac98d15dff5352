package dev.lutra.server.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.search.Measure;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.Gene;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipe after BS-NAS to its end: widths that spring, a space that shrinks, evolution, a file, and the winner trained alone. */
@Tag("slow")
class SpringsTest {

    @TempDir
    private Path folder;

    /** As it stands, but for few images, and fewer epochs, paths and candidates. */
    private Experiment experiment() throws IOException {
        String text = Recipe.of("bs-nas-cifar").text()
            .replaceAll("\"cifar10:[^\"]*\"", "\"synthetic:4x16\"").replaceAll("\\bbatch: \\d+", "batch: 8")
            .replace("epochs: 15", "epochs: 5").replace("epochs: 24", "epochs: 1").replace("then: shrink", "then: {shrink: {paths: 13}}")
            .replace("recalibration-images: 512", "recalibration-images: 8").replace("population: 20, generations: 10, top: 5",
                "population: 4, generations: 2, top: 2");
        assertThat(text).contains("synthetic", "epochs: 5", "paths: 13", "images: 8", "generations: 2");
        return ExperimentFile.read(Files.writeString(folder.resolve("springs.yaml"), text));
    }

    private ExperimentRun open() throws IOException {
        return ExperimentRun.open(experiment(), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), List.<RunListener>of(), "test");
    }

    @Test
    void runsToTheEnd() throws IOException {
        Winner winner;
        try (ExperimentRun run = open()) {
            run.all();
            assertThat(run.winners()).hasSize(1);
            winner = run.winners().get(0);
            assertThat(winner.measures().get(Measure.MACS)).isLessThanOrEqualTo(40e6);
            assertThat(folder.resolve("run/export").resolve(winner.file())).isNotEmptyFile();
            List<RetrainedNetwork> retrained = run.retrain(RetrainRequest.WINNERS);
            assertThat(retrained).singleElement().satisfies(network -> assertThat(network.architecture()).isEqualTo(winner.architecture()));
        }
        SearchSpace shrunk = SpaceFile.load(folder.resolve("run/shrunk-space.yaml").toString());
        GeneSpace whole = SpaceFile.load("bs-nas");
        assertThat(shrunk.size()).as("something is left to evolution").isGreaterThan(BigInteger.valueOf(1000)).isLessThan(whole.size());
        assertThat(shrunk.genes()).filteredOn(Gene::isScale).as("of four widths the worst was dropped twice").isNotEmpty()
            .allMatch(gene -> gene.size() == 2);
        assertThat(shrunk.parse(winner.architecture())).hasToString(winner.architecture());
        try (ExperimentRun again = open()) {
            again.all();
            assertThat(again.winners()).extracting(Winner::architecture).containsExactly(winner.architecture());
        }
    }
}
