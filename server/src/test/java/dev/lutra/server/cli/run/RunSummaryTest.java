package dev.lutra.server.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.SaidLines;
import dev.lutra.server.winner.Comparison;
import dev.lutra.server.winner.Winner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run's end says of its files. */
class RunSummaryTest {

    @TempDir
    private Path folder;

    private String said(Winner winner, boolean json) throws IOException {
        PrintStream console = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try (ExperimentRun run = ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve("e.yaml"), """
            name: e
            space: single-path-cifar
            data: {train: "synthetic:4x20"}
            supernet: {sampling: {superkernel: {target: {phone: 2 ms}}}}
            targets: [{device: phone}]
            """)), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), new SaidLines(), "test")) {
            RunSummary.print(run, winner, json);
        } finally {
            System.setOut(console);
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    private static Winner measured(long nanos) {
        Comparison bare = new Comparison(Optional.empty(), Optional.empty(), Optional.empty(), 0, Optional.empty());
        return new Winner("k3e3", "winner-1.onnx", Map.of("accuracy", 0.5, "macs", 1e6, "params", 1e6), List.of(
            new Winner.Check("phone", 1, Optional.of(2_000_000L), new Comparison(Optional.empty(), Optional.of(1_900_000L), Optional.empty(), nanos,
                Optional.empty()), bare, bare, bare, Optional.empty(), Optional.empty(), 0, 0, 0, true, Optional.empty())));
    }

    @Test
    void aTargetStandsWhereLimitsDo() throws IOException {
        assertThat(said(measured(2_100_000), false).lines().skip(1).findFirst().orElseThrow())
            .containsSubsequence("phone", "2.0000 ms", "1.9000 ms", "2.1000 ms")
            .contains("verified").doesNotContain("off its target");
        assertThat(said(measured(3_000_000), false)).containsPattern("2\\.0000 ms.*verified, off its target");
        assertThat(said(measured(2_100_000), true)).contains("\"target_ms\":2.0").doesNotContain("limit_ms");
    }
}
