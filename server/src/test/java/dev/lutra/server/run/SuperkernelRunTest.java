package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
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
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    private final SaidLines said = new SaidLines();
    /** What the table's entries are multiplied by. */
    private long change = 1;

    private ExperimentRun open(String superkernel, String targets) throws IOException {
        dev.lutra.proto.LookupTable.Builder table = EstimatedTable.of(
            SpaceFile.load(Files.writeString(folder.resolve("nested.yaml"), SPACE).toString()), Device.newBuilder().setName("phone").build(),
            Runtime.newBuilder().setName("unknown").build(), "float32", 1).content().toBuilder();
        table.getEntriesBuilderList().forEach(entry -> entry.getLatencyBuilder().setP50Nanos(change * entry.getLatency().getP50Nanos()));
        LookupTable.of(table.build()).save(folder.resolve("table.json"));
        return open(OwnServer.onThisMachine(), "learned", superkernel, targets);
    }

    private ExperimentRun open(FleetAccess devices, String name, String superkernel, String targets) throws IOException {
        return ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve("learned.yaml"), """
            name: %s
            space: nested.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 3, batch: 8, sampling: {superkernel: %s}}
            evaluation: {recalibration-images: 16}
            %s
            """.formatted(name, superkernel, targets))), new RunFolder(folder.resolve("run")), devices, said, "test");
    }

    private ExperimentRun open() throws IOException {
        return open("{lambda: 10000, warm-up: 0.1}", OF_THE_TABLE);
    }

    @Test
    void theReportHasTheCourseOfTheDecisions() throws IOException {
        try (ExperimentRun run = open("{lambda: 0}", "")) {
            run.all();
            assertThat(run.winners()).singleElement().satisfies(winner -> assertThat(winner.architecture()).isEqualTo("k5e4,k5e4"));
            assertThat(ReportFile.run(run.folder().report())).contains("layer1 k5e4 from step").doesNotContain("random subnets");
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

    private static final String OF_THE_TABLE = "targets: [{device: phone, table: table.json}]";

    @Test
    void aTargetThatTakesMoreStepsThanThereAreIsSaidToBeMissed() throws IOException {
        try (ExperimentRun run = open("{target: {phone: 70 us}, warm-up: 0.9, keep: 1}", OF_THE_TABLE)) {
            run.train();
            run.search();
        }
        assertThat(warnings()).anyMatch(line -> line.startsWith("superkernels aimed at 0.070 ms on phone and came to k5e4,k5e4, "));
    }

    private List<String> warnings() {
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            return RunHistory.of(new ResultStore(database, "learned")).all(RunEvent.Warning.class).stream().map(RunEvent.Warning::text).toList();
        }
    }

    /** Before anything is trained, and by whoever asks how long it takes. */
    @ParameterizedTest
    @CsvSource({"1 us", "1 s"})
    void aTargetThatNoNetworkReachesIsRefused(String target) throws IOException {
        try (ExperimentRun run = open("{target: {phone: " + target + "}}", OF_THE_TABLE)) {
            for (ThrowingCallable command : List.<ThrowingCallable>of(run::train, () -> run.plan(folder.resolve("runs")))) {
                assertThatThrownBy(command).isInstanceOf(InputException.class)
                    .hasMessageMatching(
                        "supernet.sampling.superkernel.target.phone: (0.001|1000) ms, which no network takes \\(expected: 0.[0-9]+ ms "
                            + "to 0.[0-9]+ ms, by .*table.json\\)");
            }
            assertThat(run.folder().checkpoint()).doesNotExist();
        }
    }

    /** Others use the table, too: they put networks into it, by which it is fitted anew. */
    @Test
    void whatIsTrainedStaysWhatItIsWhateverBecomesOfTheTable() throws IOException {
        try (ExperimentRun run = open()) {
            run.train();
        }
        byte[] trained = Files.readAllBytes(folder.resolve("run/supernet.safetensors"));
        change = 3;
        try (ExperimentRun again = open()) {
            assertThat(again.search().architectures()).hasToString("[skip,skip]");
            assertThat(again.export()).hasSize(1);
        }
        assertThat(folder.resolve("run/supernet.safetensors")).hasBinaryContent(trained);
        assertThat(warnings())
            .anyMatch(line -> line.matches("the table of phone has changed since superkernels began to learn from it, and they keep "
                + "to what it was: the slowest network took 0.[0-9]+ ms then, and takes 0.[0-9]+ ms now"));
    }

    /** A network as a device confirms it, then trained by itself: of a space whose options have weights of their own. */
    @Test
    void whatIsDecodedIsHeldAgainstItsTargetByTheDeviceAndTrainedByItself() throws IOException {
        String own = SPACE.replaceAll(", shares: s, largest-kernel: 5, largest-expand: 4", "");
        SearchSpace space = SpaceFile.load(Files.writeString(folder.resolve("nested.yaml"), own).toString());
        SimulatedDevice device = new SimulatedDevice().and("phone", SimulatedDevice.law(300, 3));
        String profile = "targets: [{device: phone}]\nprofile: {table: lut.json, calibrate: 4, held-out: 2}\nretrain: {epochs: 1, batch: 8}\n";
        try (ExperimentRun run = open(device, "learned", "{lambda: 0}", profile)) {
            run.profile();
        }
        LatencyModel model = new LatencyModel(LookupTable.load(folder.resolve("lut.json")));
        long target = Math.round(0.97 * model.predict(space.build(space.parse("k5e4,k5e4"))).nanos());
        try (ExperimentRun run = open(device, "aimed", "{target: {phone: " + target + " ns}, warm-up: 0.9, keep: 1}", profile)) {
            run.all();
            assertThat(run.winners()).singleElement().satisfies(winner -> {
                assertThat(winner.architecture()).isEqualTo("k5e4,k5e4");
                assertThat(winner.isVerified()).isTrue();
                assertThat(winner.missed()).isEmpty();
                assertThat(winner.checks()).singleElement().satisfies(check -> {
                    assertThat(check.aim()).contains(target);
                    assertThat(check.isLimited()).isFalse();
                });
            });
            assertThat(run.retrain(RetrainRequest.WINNERS)).singleElement()
                .satisfies(network -> assertThat(network.architecture()).isEqualTo("k5e4,k5e4"));
        }
        assertThat(said.lines())
            .anyMatch(line -> line.matches("verify: aimed at 0.[0-9]+ ms on phone: predicted .* ms, measured .* ms.*, [0-9.]+ % above"));
        assertThat(folder.resolve("run/verification.json")).content().contains("\"targetNanos\":" + target);
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).contains(" ms as target", "(target 0.").as("a line in the plot of latencies")
            .contains("target of phone");
    }
}
