package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.ranking.RankCorrelation;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.Front;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent.NetworksRanked;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RankStageTest {

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
        Files.writeString(folder.resolve("known.csv"), """
            arch,note,top1
            "k3,k3",a,70
            "k3,k5",b,75
            "k5,k7",c,80.5
            "k7,k7",d,90
            """);
    }

    private ExperimentRun open(String rank) throws IOException {
        return open(rank, "{epochs: 1, batch: 8}");
    }

    private ExperimentRun open(String rank, String retrain) throws IOException {
        return ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve("ranked.yaml"), """
            name: ranked
            space: nine.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 2, batch: 8}
            evaluation: {recalibration-images: 16}
            search: {population: 4, generations: 1}
            export: {top: 1}
            """ + "retrain: " + retrain + "\n" + rank)), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), progress, "test");
    }

    private NetworksRanked ranked() {
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            return RunHistory.of(new ResultStore(database, "ranked")).all(NetworksRanked.class).get(0);
        }
    }

    @Test
    void againstATableInAWholeRun() throws IOException {
        try (ExperimentRun run = open("rank: {table: known.csv, column: top1, unit: percent, top: 2}\n")) {
            run.all();
            assertThat(ReportFile.data(run.folder().report()).path("run").path("ranking").path("note").asText()).contains("4 networks");
            Ranking ranking = run.rank();
            List<NetworksRanked.Ranked> networks = ranked().networks();
            assertThat(networks).extracting(NetworksRanked.Ranked::alone).containsExactlyInAnyOrder(0.7, 0.75, 0.805, 0.9);
            assertThat(ranking.networks()).isEqualTo(4);
            assertThat(ranking.baselines()).extracting(Ranking.Baseline::name).containsExactlyInAnyOrder("depth", "macs", "params");
            assertThat(ranking.tau().value()).isCloseTo(RankCorrelation.kendall(
                networks.stream().mapToDouble(NetworksRanked.Ranked::supernet).toArray(),
                networks.stream().mapToDouble(NetworksRanked.Ranked::alone).toArray()), within(1e-12));
        }
        assertThat(progress.begun().stream().filter("rank"::equals)).as("what is judged is judged once").hasSize(1);
        for (String other : List.of("", "rank: {train: 3}\n")) {
            try (ExperimentRun run = open(other)) {
                run.export();
                assertThat(ReportFile.data(run.folder().report()).path("run").path("ranking").isNull())
                    .as("of an experiment that names no such networks").isTrue();
            }
        }
    }

    /** Training has looked at some of its networks by then. */
    @Test
    void aTableIsReadOnce() throws IOException {
        try (ExperimentRun run = open("rank: {table: known.csv, column: top1, unit: percent}\n")) {
            run.train();
            Files.delete(folder.resolve("known.csv"));
            assertThat(run.rank().networks()).isEqualTo(4);
        }
    }

    @Test
    void againstNetworksTrainedHere() throws IOException {
        try (ExperimentRun run = open("rank: {train: 3}\n")) {
            run.train();
            assertThat(run.rank().networks()).isEqualTo(3);
        }
        NetworksRanked first = ranked();
        try (ExperimentRun run = open("rank: {train: 3}\n")) {
            run.rank();
        }
        assertThat(ranked()).isEqualTo(first);
    }

    @Test
    void aSearchGoesByCorrectedAccuracies() throws IOException {
        Path space = folder.resolve("nine.yaml");
        Files.writeString(space, Files.readString(space).replace("repeat: 2", "repeat: 3"));
        Files.writeString(folder.resolve("known.csv"), IntStream.range(0, 20)
            .mapToObj(i -> "\"k%d,k%d,k%d\",%d\n".formatted(3 + 2 * (i / 9), 3 + 2 * (i / 3 % 3), 3 + 2 * (i % 3), 50 + 2 * i))
            .collect(Collectors.joining("", "arch,top1\n", "")));
        String rank = "rank: {table: known.csv, column: top1, unit: percent, correct: 10}\n";
        try (ExperimentRun run = open("")) {
            run.train();
        }
        try (ExperimentRun run = open(rank)) {
            assertThatThrownBy(run::search).isInstanceOf(InputException.class)
                .hasMessage("rank.correct: no networks were ranked by the present weights (expected: after lutra rank)");
            Ranking ranking = run.rank();
            assertThat(ranking.corrected()).hasValueSatisfying(corrected -> assertThat(corrected.judged()).isEqualTo(10));
            Front front = run.search();
            Map<String, Double> alone = ranked().networks().stream()
                .collect(Collectors.toMap(NetworksRanked.Ranked::architecture, NetworksRanked.Ranked::alone));
            assertThat(front.candidates()).as("a supernet of two epochs is right by chance").allSatisfy(candidate -> assertThat(candidate.accuracy())
                .isCloseTo(alone.getOrDefault(candidate.architecture().toString(), 0.85), within(0.16)));
            assertThat(front.provenance()).containsEntry("rank.correct", "10").containsKey("rank.networks");
            assertThat(run.searched().images()).as("a corrected accuracy is no share of images").isEmpty();
        }
        Files.writeString(folder.resolve("known.csv"), Files.readString(folder.resolve("known.csv")).replace(",50\n", ",51\n"));
        try (ExperimentRun run = open(rank)) {
            assertThatThrownBy(run::search).isInstanceOf(InputException.class)
                .hasMessageMatching("rank\\.correct: networks were ranked with rank\\.table [0-9a-f]{12}… "
                    + "\\(expected: [0-9a-f]{12}…\\): lutra rank again");
            run.rank();
            assertThat(run.search().provenance()).containsEntry("rank.correct", "10");
        }
        try (ExperimentRun run = open("")) {
            assertThat(run.search().provenance()).as("nothing of it is left without it").doesNotContainKey("rank.correct");
            assertThat(run.searched().images()).isPresent();
        }
    }

    /** What is learned from networks is learned from those that the experiment would train now. */
    @Test
    void networksTrainedOtherwiseAreNotLearnedFrom() throws IOException {
        Path space = folder.resolve("nine.yaml");
        Files.writeString(space, Files.readString(space).replace("repeat: 2", "repeat: 3"));
        String rank = "rank: {train: 10, correct: 10}\n";
        try (ExperimentRun run = open(rank)) {
            run.train();
            run.rank();
            assertThat(run.search().provenance()).containsEntry("rank.correct", "10");
        }
        try (ExperimentRun run = open(rank, "{epochs: 2, batch: 8}")) {
            assertThatThrownBy(run::search).isInstanceOf(InputException.class)
                .hasMessage("rank.correct: networks were ranked with retrain.epochs 1 (expected: 2): lutra rank again");
        }
        try (ExperimentRun run = open(rank.replace("10, c", "11, c"))) {
            assertThatThrownBy(run::search).isInstanceOf(InputException.class)
                .hasMessage("rank.correct: networks were ranked with rank.train 10 (expected: 11): lutra rank again");
        }
        try (ExperimentRun run = open(rank)) {
            assertThat(run.search().provenance()).as("nothing was lost").containsEntry("rank.correct", "10");
        }
    }

    @Test
    void trainedNetworksAreSpreadOverTheCosts() {
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        List<Architecture> networks = RankStage.stratified(Options.all(space), 8, 3);
        assertThat(networks).doesNotHaveDuplicates().hasSize(8).isEqualTo(RankStage.stratified(Options.all(space), 8, 3));
        assertThat(networks).extracting(network -> Cost.of(space.build(network)).macs()).isSorted();
    }

    @Test
    void whatIsAskedForIsRefusedBeforeTraining() throws IOException {
        assertThatThrownBy(() -> open("rank: {}\n")).isInstanceOf(InputException.class)
            .hasMessageEndingWith("expected: either 'table', a file of accuracies, or 'train', how many networks to train");
        try (ExperimentRun run = open("rank: {table: nowhere.csv}\n")) {
            assertThatThrownBy(run::all).isInstanceOf(InputException.class).hasMessage(folder.resolve("nowhere.csv") + ": no such file");
        }
        try (ExperimentRun run = open("rank: {train: 10}\n")) {
            assertThatThrownBy(run::all).isInstanceOf(InputException.class)
                .hasMessage("rank.train: 10 (expected: at most 9, as many networks as there are)");
        }
        assertThat(folder.resolve("run/supernet.safetensors")).doesNotExist();
        Files.writeString(folder.resolve("known.csv"), "arch,accuracy\n\"k3,k3\",0.7\n");
        try (ExperimentRun run = open("rank: {table: known.csv}\n")) {
            assertThatThrownBy(run::all).isInstanceOf(InputException.class).hasMessage(folder.resolve("known.csv")
                + ": 1 networks that the supernet can be asked for (expected: at least 3)");
        }
        try (ExperimentRun run = open("")) {
            assertThatThrownBy(run::rank).isInstanceOf(InputException.class).hasMessageStartingWith("rank: missing");
        }
        assertThatThrownBy(() -> open("rank: {train: 8, correct: 10}\n")).isInstanceOf(InputException.class)
            .hasMessageEndingWith("given with 8 networks to rank (expected: at least 10)");
        try (ExperimentRun run = open("rank: {table: known.csv, correct: 10}\n")) {
            assertThatThrownBy(run::all).isInstanceOf(InputException.class).hasMessage(folder.resolve("known.csv")
                + ": 1 networks that the supernet can be asked for (expected: at least 10, as rank.correct says)");
        }
    }
}
