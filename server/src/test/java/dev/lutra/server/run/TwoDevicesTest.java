package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.decision.OwnChoice;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.winner.Winner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One search for two devices: one on which ops are dear, one on which weights are, and which takes four images a call. */
class TwoDevicesTest {

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();
    private final SimulatedDevice devices = new SimulatedDevice().and("ops", SimulatedDevice.law(3000, 1))
        .and("weights", SimulatedDevice.law(10, 20));

    private Experiment experiment(String targets, String objectives) throws IOException {
        // deep: cheap in weights; wide: cheap in ops
        Files.writeString(folder.resolve("space.yaml"), """
            name: shapes
            title: Layers that are deep or wide
            source: this test
            input: {channels: 3, size: 8}
            classes: 4
            defaults: {activation: relu}
            choices:
              deep: {block: mb, kernel: 3, expand: 1.5}
              wide: {block: conv, kernel: 5}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [deep, wide], channels: 8, repeat: 4}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        return ExperimentFile.read(Files.writeString(folder.resolve("two.yaml"), """
            name: two
            space: space.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 1, batch: 8, probes: 0}
            evaluation: {recalibration-images: 16, evaluators: 1}
            objectives: %s
            search: {budget: 30, candidates: 1000}
            export: {top: 2}
            profile: {calibrate: 4, held-out: 2}
            targets:
              - {device: ops%s}
              - {device: weights, batch: 4%s}
            """.formatted(objectives, targets, targets)));
    }

    private List<Winner> run(Experiment experiment, String name) {
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve(name)), devices, progress, "test")) {
            run.all();
            return run.winners();
        }
    }

    @Test
    void winnersKeepTheLimitsOfBothAsMeasuredAndTheReportSaysWhatOneForAllCosts() throws IOException {
        Experiment experiment = experiment(", latency: {p50: 150 us}", "[accuracy, latency, max params]");
        List<Winner> winners = run(experiment, "run");
        assertThat(winners.stream().filter(Winner::isVerified)).isNotEmpty().allSatisfy(winner -> {
            assertThat(winner.checks()).extracting(Winner.Check::device).containsExactly("ops", "weights");
            assertThat(winner.checks()).extracting(Winner.Check::batch).containsExactly(1, 4);
            assertThat(winner.checks()).allSatisfy(check -> {
                assertThat(check.latency().asked()).contains(150_000L);
                assertThat(check.latency().measured()).isLessThanOrEqualTo(150_000);
            });
        });
        assertThat(folder.resolve("run/lut/weights-onnxruntime-1-cpu-t1-b4.json")).content().contains("\"batch\": 4");
        assertThat(folder.resolve("run/report.html")).content().contains("One network for all devices", "for 4 images, ");
        assertThat(folder.resolve("run/verification.json")).content().contains("\"p50NanosPerImage\"");
    }

    @Test
    void bothRankNetworksDifferentlyAndTheWorstOfThemCanBeTheObjective() throws IOException {
        Experiment experiment = experiment("", "[accuracy, latency, worst-latency, max params]");
        run(experiment, "run");
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), devices, progress, "test")) {
            List<Candidate> front = run.searched().front().candidates();
            Candidate fastOps = Collections.min(front, Objective.min(Measure.latency("ops")).byLoss());
            assertThat(front).allSatisfy(candidate -> assertThat(candidate.measures().get(Measure.WORST_LATENCY)).isEqualTo(
                Math.max(candidate.measures().get(Measure.latency("ops")), candidate.measures().get(Measure.latency("weights")))));
            assertThat(front.stream().sorted(Objective.min(Measure.latency("ops")).byLoss()).map(Candidate::architecture).toList())
                .isNotEqualTo(front.stream().sorted(Objective.min(Measure.latency("weights")).byLoss()).map(Candidate::architecture).toList());
            assertThat(OwnChoice.of(run.searched().front(), front.get(0), List.of("ops", "weights"), experiment.baseSpace())).hasSize(2)
                .allSatisfy(choice -> assertThat(choice.paidNanos()).isNotNegative())
                .allSatisfy(choice -> assertThat(choice.own().accuracy()).isGreaterThanOrEqualTo(front.get(0).accuracy()))
                .allSatisfy(choice -> assertThat(choice.differing().isEmpty()).isEqualTo(choice.own().equals(choice.shared())));
            assertThat(fastOps.measures().get(Measure.latency("ops"))).isPositive();
        }
    }
}
