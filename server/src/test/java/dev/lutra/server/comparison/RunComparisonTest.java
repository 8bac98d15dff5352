package dev.lutra.server.comparison;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.lutra.InputException;
import dev.lutra.search.Hypervolume;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.SaidLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searches of one table of accuracies that are told different things. */
class RunComparisonTest {

    @TempDir
    private Path folder;

    private Path run(String name, String search) throws IOException {
        return run(name, search, 0.3);
    }

    /** @param least accuracy of the table */
    private Path run(String name, String search, double least) throws IOException {
        StringBuilder table = new StringBuilder("arch,accuracy,flops\n");
        for (int i = 0; i < 64; i++) {
            table.append(i / 16).append(i / 4 % 4).append(i % 4).append(',').append(least + 0.007 * (i * 37 % 64)).append(',').append(100 + 3 * i)
                .append('\n');
        }
        Files.writeString(folder.resolve("table.csv"), table);
        Path file = Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: {table: table.csv}
            objectives: [accuracy, min flops]
            search: %s
            """.formatted(name, search));
        Path runs = folder.resolve("runs").resolve(name);
        try (ExperimentRun run = ExperimentRun.open(ExperimentFile.read(file), new RunFolder(runs), OwnServer.onThisMachine(), new SaidLines(),
            "test")) {
            run.all();
        }
        return runs;
    }

    @Test
    void settingsFrontsAndVolumesOfOneBox() throws IOException {
        Path most = run("most", "{budget: 64}");
        Path few = run("few", "{algorithm: random, budget: 8, seed: 3}");
        RunComparison comparison = RunComparison.of(List.of(most, few));
        assertThat(comparison.names()).containsExactly("most", "few");
        assertThat(comparison.settings()).containsOnly(entry("search.algorithm", List.of("", "random")),
            entry("search.budget", List.of("64", "8")), entry("search.seed", List.of("", "3")));
        assertThat(comparison.evaluations()).containsExactly(64, 8);
        assertThat(comparison.hypervolumes().get(0)).as("all there is").isGreaterThan(comparison.hypervolumes().get(1));
        FinishedRun all = FinishedRun.read(most);
        assertThat(comparison.hypervolumes().get(0)).as("the box is that of all that was evaluated")
            .isEqualTo(Hypervolume.around(comparison.objectives(), all.evaluated()).of(all.front().candidates()));
        assertThat(comparison.curves().get(1).get(8)).isEqualTo(comparison.hypervolumes().get(1));
        assertThat(comparison.durations()).containsKey("search");
        assertThat(comparison.winners()).isEmpty();
        String page = ComparisonPage.of(comparison).html();
        assertThat(page).contains("search.budget", "(left out)", "Fronts: accuracy against flops", "Hypervolume over evaluations", "<svg")
            .doesNotContainPattern("(src|href|action)\\s*=\\s*[\"']?(https?:)?//");
    }

    /** Seed, budget and limits of an experiment that was opened since, and not searched, led to none of the figures. */
    @Test
    void settingsAreThoseThatFrontsWereFoundWith() throws IOException {
        Path one = run("one", "{budget: 4}\nconstraints: {flops: {at-most: 250}}");
        Path two = run("two", "{budget: 4}\nconstraints: {flops: {at-most: 250}}");
        Path file = folder.resolve("two.yaml");
        Files.writeString(file, Files.readString(file).replace("{budget: 4}", "{budget: 64, seed: 9}").replace("250", "120"));
        ExperimentRun.open(ExperimentFile.read(file), new RunFolder(two), OwnServer.onThisMachine(), new SaidLines(), "test").close();
        RunComparison comparison = RunComparison.of(List.of(one, two));
        assertThat(comparison.settings()).isEmpty();
        assertThat(comparison.changes()).containsExactly(new RunComparison.Change("two", "constraints.flops.at-most", "250", "120"),
            new RunComparison.Change("two", "search.budget", "4", "64"), new RunComparison.Change("two", "search.seed", "", "9"));
        assertThat(ComparisonPage.of(comparison).html()).contains("Changed since the fronts were found", "search.seed");
        assertThat(ComparisonPage.of(RunComparison.of(List.of(one, one))).html()).doesNotContain("Changed since");
        try (ExperimentRun run = ExperimentRun.open(ExperimentFile.read(file), new RunFolder(two), OwnServer.onThisMachine(), new SaidLines(),
            "test")) {
            run.search();
        }
        assertThat(RunComparison.of(List.of(one, two)).settings()).containsOnly(entry("constraints.flops.at-most", List.of("250", "120")),
            entry("search.budget", List.of("4", "64")), entry("search.seed", List.of("", "9")));
        assertThat(RunComparison.of(List.of(one, two)).changes()).isEmpty();
    }

    /** One file's name says nothing of what it held each time. */
    @Test
    void filesOfOneNameAreTheirContent() throws IOException {
        Path one = run("one", "{budget: 4}");
        Path two = run("two", "{budget: 4}", 0.31);
        assertThat(RunComparison.of(List.of(one, two)).settings()).containsOnlyKeys("accuracy.table")
            .allSatisfy((name, hashes) -> assertThat(hashes).doesNotHaveDuplicates().allSatisfy(hash -> assertThat(hash).hasSize(12)));
    }

    /** Of an experiment that was changed since, settings would stand beside figures that they did not lead to. */
    @Test
    void aFrontOfOtherObjectivesIsNotTheExperiments() throws IOException {
        Path one = run("one", "{budget: 4}");
        Path two = run("two", "{budget: 4}");
        Path file = folder.resolve("two.yaml");
        Files.writeString(file, Files.readString(file).replace("[accuracy, min flops]", "[accuracy, max flops]"));
        ExperimentRun.open(ExperimentFile.read(file), new RunFolder(two), OwnServer.onThisMachine(), new SaidLines(), "test").close();
        assertThatThrownBy(() -> RunComparison.of(List.of(one, two))).isInstanceOf(InputException.class)
            .hasMessageStartingWith(two.resolve("front.json") + ": searched with objectives [").hasMessageContaining("lutra search again");
    }

    @Test
    void listsOfMappingsAreComparedItemByItem() {
        assertThat(SettingDifferences.of(List.of("{name: a, targets: [{device: x, threads: 1}], objectives: [accuracy, macs]}",
            "{name: b, targets: [{device: x, threads: 2}], objectives: [accuracy, params]}")))
            .containsOnly(entry("targets[0].threads", List.of("1", "2")), entry("objectives", List.of("[accuracy, macs]", "[accuracy, params]")));
    }

    @Test
    void whatIsNoRunIsSaid() throws IOException {
        Path one = run("one", "{budget: 4}");
        assertThatThrownBy(() -> RunComparison.of(List.of(one))).isInstanceOf(InputException.class)
            .hasMessage("compare: one run (expected: at least two)");
        assertThatThrownBy(() -> RunComparison.of(List.of(one, folder))).isInstanceOf(InputException.class)
            .hasMessage(folder + ": not the folder of a run (expected: one that lutra run has made)");
    }
}
