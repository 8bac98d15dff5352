package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.latency.LookupTable;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Sharing;
import dev.lutra.proto.Task;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments that ask the same server for tables of the same device. */
class MeasuredOnceTest {

    @TempDir
    private Path folder;

    private final SimulatedDevice devices = new SimulatedDevice().and("board", SimulatedDevice.law(3000, 1));

    private LookupTable profile(String name, int kernel) throws IOException {
        DeepOrWide.write(folder.resolve(name + "-space.yaml"), name, kernel);
        Experiment experiment = ExperimentFile.read(Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: %s-space.yaml
            data: {train: "synthetic:4x20"}
            objectives: [accuracy, latency]
            profile: {calibrate: 4, held-out: 2}
            targets: [{device: board}]
            """.formatted(name, name)));
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve(name)), devices, new SaidLines(), "test")) {
            return run.profile().get("board");
        }
    }

    private static List<Distribution> latencies(LookupTable table) {
        return table.entries().stream().map(Entry::getLatency).toList();
    }

    @Test
    void whatADeviceHasToldOneExperimentIsNotMeasuredForAnother() throws IOException {
        devices.at(Files.createDirectories(folder.resolve("server")));
        LookupTable first = profile("first", 5);
        assertThat(devices.measured()).extracting(Task::getSharing).contains(Sharing.SHARED, Sharing.ANEW);
        int before = devices.measured().size();

        LookupTable second = profile("second", 5);
        List<Task> anew = devices.measured().subList(before, devices.measured().size());
        assertThat(anew).as("whole networks say what the device does today").hasSize(6)
            .allMatch(task -> task.getSharing() == Sharing.ANEW && task.getLabel().startsWith("network "));
        assertThat(latencies(second)).isEqualTo(latencies(first));

        int beforeThird = devices.measured().size();
        LookupTable third = profile("third", 7);
        List<Task> ofThird = devices.measured().subList(beforeThird, devices.measured().size());
        assertThat(ofThird.stream().filter(task -> task.getSharing() == Sharing.SHARED)).as("the segment that is new").hasSize(1);
        assertThat(latencies(third)).hasSameSizeAs(latencies(first)).isNotEqualTo(latencies(first));
    }
}
