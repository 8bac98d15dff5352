package dev.lutra.server.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.search.Measure;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.run.NineNetworks;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.SaidLines;
import dev.lutra.server.run.SimulatedDevice;
import dev.lutra.server.folder.StoredExperiment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PickCommandTest {

    @TempDir
    private Path folder;

    /** The device has become slower since its table was measured. */
    @Test
    void aNetworkThatMissesItsBoundAsMeasuredIsExitCodeOne() throws IOException {
        NineNetworks.write(folder);
        Path file = Files.writeString(folder.resolve("boxed.yaml"), """
            name: boxed
            space: nine.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 1, batch: 8, probes: 0}
            evaluation: {recalibration-images: 16, evaluators: 1}
            search: {budget: 9, candidates: 1000}
            profile: {calibrate: 0}
            targets: [{device: box}]
            """);
        RunFolder run = new RunFolder(folder.resolve("run"));
        double nanos;
        try (ExperimentRun first = ExperimentRun.open(ExperimentFile.read(file), run, device(300), new SaidLines(), "test")) {
            first.train();
            first.profile();
            nanos = first.search().candidates().stream().mapToDouble(one -> one.measures().get(Measure.latency("box"))).max().orElseThrow();
        }
        assertThat(pick(run, device(450), Math.round(1.1 * nanos))).contains("over the limit").endsWith("exit code 1");
        assertThat(pick(run, device(450), Math.round(2 * nanos))).contains("verified").endsWith("exit code 0");
    }

    private static SimulatedDevice device(double nanosAnOp) {
        return new SimulatedDevice().and("box", SimulatedDevice.law(nanosAnOp, nanosAnOp / 15));
    }

    private static String pick(RunFolder folder, SimulatedDevice device, long nanos) {
        PickCommand command = new PickCommand();
        new CommandLine(command).parseArgs(folder.root().toString(), "--latency", "box=" + nanos + "ns");
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (ExperimentRun run = ExperimentRun.open(StoredExperiment.read(folder), folder, device, new SaidLines(), "test");
            PrintStream captured = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            System.setOut(captured);
            int code = command.answer(run, false);
            captured.print("exit code " + code);
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
