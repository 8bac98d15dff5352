package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.server.device.OwnServer;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.Access;
import dev.lutra.server.device.RemoteServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What would stop a later stage and can be known stops a run before its first work: no image is decoded, nothing trained. */
class RefusedAtTheStartTest {

    private static final Path TABLES = Path.of("..", "lut").toAbsolutePath().normalize();
    private static final String TOKEN = "token";

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    private ExperimentRun open(FleetAccess access, String more) throws IOException {
        Path file = Files.writeString(folder.resolve("experiment.yaml"), """
            name: refused
            """ + (more.contains("accuracy:") ? "" : "data: {train: \"synthetic:4x20\"}\n") + more);
        return ExperimentRun.open(ExperimentFile.read(file), new RunFolder(folder.resolve("run")), access, progress, "test");
    }

    private void assertRefused(FleetAccess access, String more, String message) throws IOException {
        try (ExperimentRun run = open(access, more)) {
            assertThatThrownBy(run::all).isInstanceOf(InputException.class).hasMessageContaining(message);
            assertThat(progress.begun()).isEmpty();
            assertThat(folder.resolve("run/supernet.safetensors")).doesNotExist();
            assertThat(folder.resolve("run/images")).doesNotExist();
        }
    }

    @Test
    void gpusThatAreNotThere() throws IOException {
        assertRefused(OwnServer.onThisMachine(), "space: shufflenetv2-cifar\ndevice: cuda\ngpus: 64\n", "device: cuda: ");
    }

    @Test
    void thisMachineWhereAServerIsNamed() throws IOException {
        assertRefused(new RemoteServer(ServerAddress.parse("127.0.0.1:1"), TOKEN), "space: shufflenetv2-cifar\ntargets: [{device: local}]\n",
            "targets: device local (expected: a device of the fleet, since a server is named)");
    }

    @Test
    void aServerThatIsNotThere() throws IOException {
        assertRefused(new RemoteServer(ServerAddress.parse("127.0.0.1:1"), TOKEN), "space: shufflenetv2-cifar\ntargets: [{device: box}]\n",
            "127.0.0.1:1");
    }

    /** Nine networks: a call and eight segments, and no whole network asked for. */
    @Test
    void aTimeThatCannotSufficeForASliceOfEveryModel() throws IOException {
        NineNetworks.write(folder);
        assertRefused(OwnServer.onThisMachine(), """
            space: nine.yaml
            targets: [{device: local}]
            profile: {budget: 800 ms, slice: 70 ms, calibrate: 0}
            """, "profile.budget: 0.8 s is too short for 9 models (expected: at least 0.9 s, a slice of 70 ms after 30 ms of warm-up each; "
            + "an interval takes two of each, 1.8 s, and devices add their own)");
    }

    @Test
    void thisMachineWithoutItsAgent() throws IOException {
        assertRefused(OwnServer.onThisMachine(), "space: shufflenetv2-cifar\ntargets: [{device: local}]\n",
            "device local: no agent at null (expected: the agent's jar, which ./lutra builds and names)");
    }

    @Test
    void aTableOfAnotherNumberOfClassesThanTheDataHas() throws IOException {
        assertRefused(OwnServer.onThisMachine(), """
            space: proxylessnas-24
            targets: [{device: pixel1, table: %s}]
            """.formatted(TABLES.resolve("pixel1-proxylessnas.json")),
            "without 1 segments of proxylessnas-24 for 3x224x224 and 4 classes");
    }

    /** A phone's published table beside a table with the accuracy of one network. */
    private void assertSearchRefused(String target, String more, String message) throws IOException {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12");
        Files.writeString(folder.resolve("known.csv"), "arch,accuracy\n\"" + space.random(new Random(1)) + "\",0.7\n");
        assertRefused(OwnServer.onThisMachine(), """
            space: ofa-mobilenetv3-12
            accuracy: {table: known.csv}
            targets: [{device: note10, table: %s%s}]
            %s""".formatted(TABLES.resolve("note10-ofa.json"), target, more), message);
    }

    @Test
    void aTableInAnotherPrecision() throws IOException {
        assertSearchRefused(", precision: float16", "", "float32 (expected: float16)");
    }

    @Test
    void aLimitOnWhatATableDoesNotPredict() throws IOException {
        assertSearchRefused(", latency: {p99: 30 ms}", "", "note10-ofa.json predicts no p99 (expected: a table calibrated on whole networks");
    }

    @Test
    void aLimitThatNothingKeepsByATableThatIsThere() throws IOException {
        assertSearchRefused(", latency: {p50: 1 us}", "", "targets: note10: latency.p50: 0.001 ms is below the smallest possible, ");
    }

    @Test
    void anObjectiveThatNobodyTells() throws IOException {
        assertSearchRefused("", "objectives: [accuracy, min warmth]\n", "objectives: warmth (expected: accuracy or one of ");
        assertSearchRefused("", "objectives: [accuracy, min energy]\n", "note10-ofa.json was measured without energy (expected: ");
    }

    @Test
    void integersOfNetworksThatHaveBitsOfTheirOwn() throws IOException {
        String message = "export.int8: shufflenetv2-cifar-bits: has bits of its own (expected: a space of float32)";
        String more = "space: shufflenetv2-cifar-bits\nexport: {int8: min-max}\n";
        assertRefused(OwnServer.onThisMachine(), more, message);
        try (ExperimentRun run = open(OwnServer.onThisMachine(), more)) {
            assertThatThrownBy(() -> run.retrain(new RetrainRequest(List.of("k3@8" + ",k3".repeat(11)), List.of(), false)))
                .isInstanceOf(InputException.class).hasMessage(message);
        }
        assertThat(folder.resolve("run/retrain")).doesNotExist();
    }

    @Test
    void testImagesThatAreNotThere() throws IOException {
        try (ExperimentRun run = open(OwnServer.onThisMachine(), "space: shufflenetv2-cifar\n")) {
            assertThatThrownBy(() -> run.test(false)).isInstanceOf(InputException.class)
                .hasMessage("data.test: missing (expected: a source of test images)");
        }
    }

    /** It may still join while the supernet is trained, so that is said and not refused. */
    @Test
    void aDeviceOfWhichNothingIsKnownIsNamed() throws IOException {
        Experiment experiment = ExperimentFile.read(Files.writeString(folder.resolve("box.yaml"), """
            name: box
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x20"}
            targets: [{device: box}]
            """));
        List<String> warnings = new ArrayList<>();
        try (Database database = Database.open(folder.resolve("server.db"));
            LutraServer server = LutraServer.start("127.0.0.1", 0, Optional.empty(), Access.open(database, Clock.systemUTC(), TOKEN),
                new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE), new ModelStore(folder.resolve("models")))) {
            String address = "127.0.0.1:" + server.port();
            new RemoteServer(ServerAddress.parse(address), TOKEN).check(experiment.targets(), warnings::add);
            assertThat(warnings).containsExactly("device box has never joined " + address + ": on it, run lutra agent --server " + address
                + " --device box");
        }
    }
}
