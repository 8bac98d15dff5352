package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.space.SearchSpace;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments whose accuracies are known: no images, no training, no device. */
class AccuracyTableRunTest {

    /** Of the nine networks; three of them are better than all others in one of the two. */
    private static final String TABLE = """
        arch,accuracy,latency
        "0,0",0.50,1.0
        "0,1",0.60,2.0
        "0,2",0.55,3.0
        "1,0",0.40,2.0
        "1,1",0.70,4.0
        "1,2",0.65,5.0
        "2,0",0.52,6.0
        "2,1",0.61,7.0
        "2,2",0.69,8.0
        """;

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    @BeforeEach
    void writeSpaceAndTable() throws IOException {
        NineNetworks.write(folder);
        Files.writeString(folder.resolve("known.csv"), TABLE);
    }

    private ExperimentRun open(String more) throws IOException {
        return open("run", more);
    }

    private ExperimentRun open(String name, String more) throws IOException {
        return ExperimentRun.open(read(more), new RunFolder(folder.resolve(name)), OwnServer.onThisMachine(), progress, "test");
    }

    private Experiment read(String more) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("tabulated.yaml"), """
            name: tabulated
            space: nine.yaml
            search: {population: 8, generations: 6}
            accuracy: {table: known.csv}
            """ + more));
    }

    private Front front(ExperimentRun run) throws IOException {
        SearchSpace space = read("").baseSpace();
        return Front.readJson(run.folder().front(), space);
    }

    @Test
    void findsTheTablesOwnFront() throws IOException {
        try (ExperimentRun run = open("")) {
            run.all();
            List<String> found = new ArrayList<>();
            for (Candidate candidate : front(run).candidates()) {
                found.add(candidate.accuracy() + " in " + candidate.measures().get(Measure.LATENCY));
            }
            assertThat(found).containsExactlyInAnyOrder("0.5 in 1000000.0", "0.6 in 2000000.0", "0.7 in 4000000.0");
            assertThat(front(run).provenance().get("accuracy.table")).matches("[0-9a-f]{64}");
            assertThat(run.winners()).isEmpty();
            assertThat(run.folder().front().resolveSibling("front.svg")).content().contains("<svg");
            assertThat(ReportFile.run(run.folder().report())).contains("Accuracies are those of a table", "\"k3,k5\"", "60.00 %", "2 ms");
        }
        assertThat(progress.lines())
            .anyMatch(line -> line.startsWith("train: no supernet; ") && line.endsWith(" 9 architectures"))
            .containsSubsequence("stage 1 of 3: train", "stage 2 of 3: profile", "stage 3 of 3: search");
    }

    /** A real disk of a few megabytes, where the machine lets us have it: the run says what it waits for, and ends as it would have. */
    @Test
    void aFullDiskIsWaitedOut() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("run"));
        assumeThat(run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.toString())).as("needs the right to mount").isZero();
        try {
            CompletableFuture<Void> ended;
            try (ExperimentRun run = open("")) {
                Path filler = disk.resolve("filler");
                assertThatThrownBy(() -> Files.write(filler, new byte[8 << 20])).hasMessageContaining("No space left");
                ended = CompletableFuture.runAsync(run::all);
                while (progress.lines().stream().noneMatch(line -> line.startsWith("storage: waiting, ") && line.contains(": the disk"))) {
                    assertThat(ended).isNotDone();
                    Thread.sleep(10);
                }
                Files.delete(filler);
                ended.get(60, TimeUnit.SECONDS);
                assertThat(front(run).candidates()).hasSize(3);
                assertThat(progress.lines()).contains("storage: works again, going on");
            }
        } finally {
            run("umount", disk.toString());
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    @Test
    void aTableThatChangedIsReadAnew() throws IOException {
        try (ExperimentRun run = open("")) {
            run.all();
        }
        Files.writeString(folder.resolve("known.csv"), TABLE.replace("0.40,2.0", "0.95,0.5"));
        try (ExperimentRun run = open("")) {
            run.all();
            assertThat(front(run).candidates()).singleElement().satisfies(best -> assertThat(best.accuracy()).isEqualTo(0.95));
        }
    }

    /** Report and plots have every candidate at the latency of today, not at that of the day it was evaluated. */
    @Test
    void aDeviceMeasuredAnewMovesEveryPoint() throws IOException {
        Files.writeString(folder.resolve("known.csv"), TABLE.replaceAll("(?m),[^,]*$", ""));
        String target = "targets: [{device: phone, table: phone.json}]\n";
        writePhone(1);
        try (ExperimentRun run = open(target)) {
            run.all();
        }
        writePhone(3);
        for (String name : List.of("run", "fresh")) {
            try (ExperimentRun run = open(name, target)) {
                run.all();
            }
        }
        assertThat(points("run")).as("as if the folder were new").hasSizeGreaterThan(9).isEqualTo(points("fresh"));
        assertThat(ReportFile.data(folder.resolve("run/report.html")).path("candidates"))
            .isEqualTo(ReportFile.data(folder.resolve("fresh/report.html")).path("candidates"));
    }

    /** A phone on which everything takes so many times as long. */
    private void writePhone(int times) throws IOException {
        dev.lutra.proto.LookupTable.Builder table = EstimatedTable.of(read("").baseSpace(), Device.newBuilder().setName("phone").build(),
            Runtime.newBuilder().setName("onnxruntime").setProvider("cpu").setThreads(1).build(), "float32", 1).content().toBuilder();
        table.getEntriesBuilderList().forEach(entry -> entry.getLatencyBuilder().setP50Nanos(times * entry.getLatency().getP50Nanos()));
        LookupTable.of(table.build()).save(folder.resolve("phone.json"));
    }

    private List<String> points(String name) throws IOException {
        return Pattern.compile("<ellipse[^>]*>").matcher(Files.readString(folder.resolve(name).resolve("front.svg"))).results()
            .map(MatchResult::group).sorted().toList();
    }

    @Test
    void limitsAreOnTheTablesColumns() throws IOException {
        Files.writeString(folder.resolve("known.csv"), """
            arch,accuracy,macs
            "0,0",0.50,100
            "0,1",0.60,200
            "1,0",0.70,300
            """);
        try (ExperimentRun run = open("objectives: [accuracy, macs]\nconstraints: {macs: 250}\n")) {
            assertThatThrownBy(run::all).isInstanceOf(InputException.class)
                .hasMessageMatching(".*known\\.csv: no row for k[357],k[357]");
        }
        Files.writeString(folder.resolve("known.csv"), TABLE.replace("latency", "macs").replaceAll("([0-9])\\.0\\n", "$100\n"));
        try (ExperimentRun run = open("objectives: [accuracy, macs]\nconstraints: {macs: 250}\n")) {
            run.all();
            assertThat(front(run).candidates()).extracting(Candidate::accuracy).containsExactlyInAnyOrder(0.5, 0.6);
        }
    }

    @Test
    void saysWhatAnExperimentWithoutASupernetCannotDo() throws IOException {
        try (ExperimentRun run = open("")) {
            run.all();
            for (Runnable stage : List.<Runnable>of(run::export, run::verify, () -> run.test(false))) {
                assertThatThrownBy(stage::run).isInstanceOf(InputException.class)
                    .hasMessage("accuracy: an experiment that has it from elsewhere has no supernet, whose weights this needs "
                        + "(expected: lutra retrain, which trains winners by themselves)");
            }
            assertThatThrownBy(() -> run.retrain(RetrainRequest.WINNERS)).isInstanceOf(InputException.class)
                .hasMessage("data: missing (expected: a source of training images)");
        }
    }

    @Test
    void mistakesAreNamedWithFileAndLine() throws IOException {
        assertThatThrownBy(() -> read("supernet: {epochs: 3}\n")).isInstanceOf(InputException.class)
            .hasMessageMatching(".*tabulated\\.yaml:5: supernet: given with accuracy\\.table \\(expected: one of them\\)");
        Files.writeString(folder.resolve("known.csv"), TABLE.replace("0.55", "good"));
        try (ExperimentRun run = open("")) {
            assertThatThrownBy(run::train).isInstanceOf(InputException.class)
                .hasMessageEndingWith("known.csv:4: accuracy: 'good' (expected: a number)");
        }
        Files.delete(folder.resolve("known.csv"));
        try (ExperimentRun run = open("")) {
            assertThatThrownBy(run::search).isInstanceOf(InputException.class).hasMessageContaining("known.csv");
        }
        Path bare = Files.writeString(folder.resolve("bare.yaml"), "name: bare\nspace: nine.yaml\n");
        assertThatThrownBy(() -> ExperimentFile.read(bare)).isInstanceOf(InputException.class).hasMessageContaining("no 'data'");
    }
}
