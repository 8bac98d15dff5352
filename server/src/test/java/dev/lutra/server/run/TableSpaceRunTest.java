package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A table is a whole search problem: neither networks nor images nor devices. */
class TableSpaceRunTest {

    private record Row(String architecture, double percent, long flops) {}

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    /** Of all four-digit texts of 1 to 4, every one or some. */
    private List<Row> rows(boolean all) {
        Random random = new Random(7);
        List<Row> rows = new ArrayList<>();
        for (int number = 0; number < 256; number++) {
            int[] widths = {1 + (number & 3), 1 + (number >> 2 & 3), 1 + (number >> 4 & 3), 1 + (number >> 6)};
            long flops = 1_000_000L * (widths[0] * widths[1] + 2L * widths[1] * widths[2] + 3L * widths[2] * widths[3]);
            double percent = 90 - 40.0 / (2 + widths[0] + widths[1] + widths[2] + widths[3]) + random.nextInt(100) / 100.0;
            if (all || random.nextInt(4) == 0) {
                rows.add(new Row("" + widths[0] + widths[1] + widths[2] + widths[3], Math.round(100 * percent) / 100.0, flops));
            }
        }
        return rows;
    }

    private Experiment read(List<Row> rows, String more) throws IOException {
        return ExperimentFile.read(written(rows, more));
    }

    private Path written(List<Row> rows, String more) throws IOException {
        StringBuilder table = new StringBuilder("arch,mean,flops\n");
        rows.forEach(row -> table.append(row.architecture()).append(',').append(row.percent()).append(',').append(row.flops()).append('\n'));
        Files.writeString(folder.resolve("bench.csv"), table);
        return Files.writeString(folder.resolve("bench.yaml"), """
            name: bench
            space: {table: bench.csv, column: mean, unit: percent}
            objectives: [accuracy, min flops]
            search: {population: 20, generations: 40}
            """ + more);
    }

    private ExperimentRun open(Experiment experiment) {
        return ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), progress, "test");
    }

    /** Texts of the rows that keep a bound and that none of these beats. */
    private static Set<String> front(List<Row> rows, long mostFlops) {
        List<Row> kept = rows.stream().filter(row -> row.flops() <= mostFlops).toList();
        Set<String> front = new HashSet<>();
        for (Row row : kept) {
            if (kept.stream().noneMatch(other -> other.percent() >= row.percent() && other.flops() <= row.flops()
                && (other.percent() > row.percent() || other.flops() < row.flops()))) {
                front.add(row.architecture());
            }
        }
        return front;
    }

    private Front searched(Experiment experiment) {
        try (ExperimentRun run = open(experiment)) {
            run.all();
            return Front.readJson(run.folder().front(), experiment.genes());
        }
    }

    @Test
    void aRunEndsWithTheTrueFrontAndAReport() throws IOException {
        List<Row> rows = rows(true);
        Experiment experiment = read(rows, "");
        Front front = searched(experiment);
        assertThat(front.candidates()).extracting(candidate -> candidate.architecture().toString())
            .containsExactlyInAnyOrderElementsOf(front(rows, Long.MAX_VALUE));
        Candidate first = front.candidates().get(0);
        Row truth = rows.stream().filter(row -> row.architecture().equals(first.architecture().toString())).findFirst().orElseThrow();
        assertThat(first.accuracy()).isEqualTo(truth.percent() / 100);
        assertThat(first.measures().values().keySet()).containsExactly(Measure.ACCURACY, "flops");
        assertThat(front.provenance()).containsEntry("accuracy.unit", "percent").containsEntry("accuracy.column", "mean");
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).contains("bench: 256 architectures of a table",
            "\"" + first.architecture() + "\"",
            "\"training\":null", "\"winners\":[]");
        assertThat(folder.resolve("run/front.csv")).content().contains(first.architecture().toString());
        assertThat(progress.lines())
            .contains("space.table: its architectures have no networks, so nothing is trained, profiled, exported or verified",
                "stage 1 of 1: search");
    }

    @Test
    void anyPartOfTheProductIsSearchedUnderLimitsOnItsColumns() throws IOException {
        List<Row> rows = rows(false);
        assertThat(rows).hasSizeBetween(40, 90);
        Front front = searched(read(rows, "constraints: {flops: 60M}\n"));
        assertThat(front.candidates()).extracting(candidate -> candidate.architecture().toString())
            .containsExactlyInAnyOrderElementsOf(front(rows, 60_000_000));
    }

    @Test
    void aLimitThatNoRowKeepsIsRefusedWithWhatCanBeReached() throws IOException {
        Experiment experiment = read(rows(true), "constraints: {flops: 5.5M}\n");
        assertThatThrownBy(() -> searched(experiment)).isInstanceOf(InputException.class)
            .hasMessage("constraints.flops: 5.5M is below the smallest possible, 6M in bench");
    }

    @Test
    void genesThatAreFixedStay() throws IOException {
        List<Row> rows = rows(true);
        Experiment experiment = ExperimentFile.read(Files.writeString(folder.resolve("bench.yaml"),
            Files.readString(written(rows, "")).replace("search: {", "search: {fixed: 2314, genes: [gene1, gene3], ")));
        Front front = searched(experiment);
        assertThat(front.candidates()).extracting(candidate -> candidate.architecture().toString())
            .containsExactlyInAnyOrderElementsOf(front(rows.stream().filter(row -> row.architecture().matches(".3.4")).toList(), Long.MAX_VALUE));
        assertThat(front.provenance()).containsEntry("search.fixed", "2314").containsEntry("search.genes", "gene1 gene3");
    }

    @Test
    void stagesThatNeedNetworksAreRefused() throws IOException {
        try (ExperimentRun run = open(read(rows(true), ""))) {
            run.search();
            for (Runnable stage : List.<Runnable>of(run::profile, () -> run.retrain(RetrainRequest.WINNERS), run::verify, run::export)) {
                assertThatThrownBy(stage::run).isInstanceOf(InputException.class).hasMessageMatching("(space\\.table|accuracy): .*");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', value = {
        "data: {train: photos} | bench.yaml:5: data: given with space.table, whose architectures have no networks (expected: no such key)",
        "targets: [{device: box}] | bench.yaml:5: targets: given with space.table, whose architectures have no networks (expected: no such key)",
        "accuracy: {table: bench.csv} | bench.yaml:5: accuracy: given with space.table, whose architectures have no networks (expected: no such key)"})
    void keysThatAreAboutNetworksAreRefused(String more, String message) {
        assertThatThrownBy(() -> read(rows(false), more + "\n")).isInstanceOf(InputException.class).hasMessageEndingWith(message);
    }
}
