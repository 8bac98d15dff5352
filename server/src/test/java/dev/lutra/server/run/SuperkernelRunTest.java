package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An experiment whose network is learned: from a table, through training and decoding, to exported files and the report. */
class SuperkernelRunTest {

    private static final String SPACE = """
        name: nested
        title: Nested rows
        source: Ours
        input: {channels: 3, size: 16}
        classes: 4
        choices:
          k3e2: {block: mb, kernel: 3, expand: 2, shares: s, largest-kernel: 5, largest-expand: 4}
          k3e4: {block: mb, kernel: 3, expand: 4, shares: s, largest-kernel: 5, largest-expand: 4}
          k5e2: {block: mb, kernel: 5, expand: 2, shares: s, largest-kernel: 5, largest-expand: 4}
          k5e4: {block: mb, kernel: 5, expand: 4, shares: s, largest-kernel: 5, largest-expand: 4}
          skip: {block: skip}
        layers:
          - {name: stem, block: conv, kernel: 3, channels: 8, stride: 2}
          - {choices: [k3e2, k3e4, k5e2, k5e4, skip], channels: 8, repeat: 2}
          - {block: global-pool}
          - {name: classifier, block: linear}
        """;

    @TempDir
    private Path folder;

    private ExperimentRun open(String superkernel, String targets) throws IOException {
        EstimatedTable.of(SpaceFile.load(Files.writeString(folder.resolve("nested.yaml"), SPACE).toString()),
            Device.newBuilder().setName("phone").build(), Runtime.newBuilder().setName("unknown").build(), "float32", 1)
            .save(folder.resolve("table.json"));
        return ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve("learned.yaml"), """
            name: learned
            space: nested.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 3, batch: 8, sampling: {superkernel: %s}}
            evaluation: {recalibration-images: 16}
            %s
            """.formatted(superkernel, targets))), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), new SaidLines(), "test");
    }

    private ExperimentRun open() throws IOException {
        return open("{lambda: 10000, warm-up: 0.1}", "targets: [{device: phone, table: table.json}]");
    }

    @Test
    void theReportHasTheCourseOfTheDecisions() throws IOException {
        try (ExperimentRun run = open("{lambda: 0}", "")) {
            run.all();
            assertThat(run.winners()).singleElement().satisfies(winner -> assertThat(winner.architecture()).isEqualTo("k5e4,k5e4"));
            assertThat(run.folder().report()).content().contains("The course of the decisions", "layer1 k5e4 from step")
                .doesNotContain("random subnets", "<figure></figure>");
        }
    }

    @Test
    void whatIsLearnedIsDecodedAndExported() throws IOException {
        try (ExperimentRun run = open()) {
            assertThat(run.profile()).containsOnlyKeys("phone");
            run.train();
            Front front = run.search();
            assertThat(front.candidates()).extracting(Candidate::architecture).hasToString("[skip,skip]");
            assertThat(front.provenance()).containsEntry("search.algorithm", "decoded")
                .containsEntry("supernet.sampling", "superkernel").containsEntry("supernet.sampling.lambda", "10000")
                .containsKey("supernet.sampling.table.phone");
            assertThat(run.export()).singleElement().satisfies(file -> assertThat(file).exists());
        }
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            List<RunEvent.DecisionsTaken> course = RunHistory.of(new ResultStore(database, "learned")).all(RunEvent.DecisionsTaken.class);
            assertThat(course.get(0)).satisfies(first -> {
                assertThat(first.architecture()).isEqualTo("k5e4,k5e4");
                assertThat(first.lambda()).isZero();
            });
            assertThat(course.get(course.size() - 1)).satisfies(last -> {
                assertThat(last.architecture()).isEqualTo("skip,skip");
                assertThat(last.lambda()).isEqualTo(10000);
                assertThat(last.latencies().get("phone")).isLessThan(course.get(0).latencies().get("phone"));
            });
        }
        try (ExperimentRun again = open()) {
            assertThat(again.search().architectures()).hasToString("[skip,skip]");
        }
    }

    @Test
    void aTargetThatNoNetworkReachesIsSaidToBeMissed() throws IOException {
        try (ExperimentRun run = open("{target: {phone: 1 us}, warm-up: 0.1}", "targets: [{device: phone, table: table.json}]")) {
            run.train();
            run.search();
        }
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            assertThat(RunHistory.of(new ResultStore(database, "learned")).all(RunEvent.Warning.class)).extracting(RunEvent.Warning::text)
                .anyMatch(line -> line.startsWith("superkernels aimed at 0.001 ms on phone and came to "));
        }
    }
}
