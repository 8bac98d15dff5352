package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.fleet.DeviceException;
import dev.lutra.server.fleet.Fleet;
import dev.lutra.server.profile.RunFleet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table that lacks nothing was measured on a machine too, which may not be the one that has its name today. */
class OtherMachinesTableTest {

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    /** A device that says what it is and measures nothing. */
    private record Box(String cpu, String version) implements Fleet {

        @Override
        public List<AgentState> agents() {
            return List.of(AgentState.newBuilder().setOnline(true).setDevice(Device.newBuilder().setName("box").setCpu(cpu))
                .addRuntimes(RuntimeOffer.newBuilder().setName("onnxruntime").setVersion(version)).build());
        }

        @Override
        public Optional<AgentState> agent(String device) {
            return agents().stream().findFirst();
        }

        @Override
        public String putModel(byte[] onnx) {
            return "a model";
        }

        @Override
        public void submit(String device, List<Task> tasks) {
            throw new DeviceException("asked to measure");
        }

        @Override
        public List<TaskOutcome> outcomes(Collection<String> ids, int knownDone, Duration wait) {
            throw new AssertionError();
        }
    }

    private ExperimentRun open(Box box) throws IOException {
        Experiment experiment = ExperimentFile.read(Files.writeString(folder.resolve("nine-on-box.yaml"), """
            name: nine-on-box
            space: nine.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 1, batch: 8}
            evaluation: {recalibration-images: 16}
            profile: {table: table.json, calibrate: 0}
            targets: [{device: box}]
            search: {population: 4, generations: 1}
            export: {top: 1}
            """));
        LookupTable estimated = EstimatedTable.of(experiment.baseSpace(), Device.newBuilder().setName("box").setCpu("Some CPU").build(),
            Runtime.newBuilder().setName("onnxruntime").setVersion("1.29.0").setProvider("cpu").setThreads(1).build(), "float32", 1);
        LookupTable.of(estimated.content().toBuilder().setSource("measured").build()).save(folder.resolve("table.json"));
        return ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), (targets, run, database, said) -> new RunFleet(box,
            said, List.of(), Map.of(), "join"), progress, "test");
    }

    @Test
    void itIsRefusedBeforeTheSearchWhereItsDeviceIsAskedAnyway() throws IOException {
        Box other = new Box("Other CPU", "1.29.0");
        String refusal = folder.resolve("table.json") + ": measured with cpu Some CPU (expected: Other CPU), as device box is now; its own "
            + "figures need another file";
        try (ExperimentRun run = open(other)) {
            assertThatThrownBy(run::all).isInstanceOf(InputException.class).hasMessage(refusal);
            assertThat(run.folder().front()).doesNotExist();
            run.search(); // which asks no device
            run.export();
            assertThatThrownBy(run::verify).isInstanceOf(InputException.class).hasMessage(refusal);
            assertThatThrownBy(() -> run.pick(List.of(), Optional.of("k3,k3"))).isInstanceOf(InputException.class).hasMessage(refusal);
            try (Stream<Path> files = Files.list(run.folder().exports())) {
                assertThat(files).as("nothing is exported that is then refused").hasSize(1);
            }
        }
    }

    @Test
    void anUpgradeIsSaid() throws IOException {
        try (ExperimentRun run = open(new Box("Some CPU", "1.30.0"))) {
            assertThatThrownBy(run::all).isInstanceOf(DeviceException.class).hasMessage("asked to measure");
            assertThat(run.folder().front()).exists();
        }
        assertThat(progress.lines()).anyMatch(line -> line.contains("table.json: measured with runtime onnxruntime 1.29.0 (expected: "
            + "onnxruntime 1.30.0), as device box is now; its predictions are of then"));
    }
}
