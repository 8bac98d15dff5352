package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.SearchSpace;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One search for two devices: one on which ops are dear, one on which weights are, and which takes four images a call. */
class TwoDevicesTest {

    private static final int LAYERS = 4;

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();
    private final SimulatedDevice devices = new SimulatedDevice().and("ops", SimulatedDevice.law(3000, 1))
        .and("weights", SimulatedDevice.law(10, 20));

    private Experiment experiment(String ofOps, String ofWeights, String objectives) throws IOException {
        DeepOrWide.write(folder.resolve("space.yaml"), "shapes", 5);
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
            """.formatted(objectives, ofOps, ofWeights)));
    }

    private List<Winner> run(Experiment experiment, String name) {
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve(name)), devices, progress, "test")) {
            run.all();
            return run.winners();
        }
    }

    /** By the run's tables, of every architecture of the space. */
    private Map<String, Map<String, Long>> predicted(Map<String, LookupTable> tables, SearchSpace space) {
        Map<String, Map<String, Long>> predicted = new TreeMap<>();
        for (int number = 0; number < 1 << LAYERS; number++) {
            int bits = number;
            String architecture = IntStream.range(0, LAYERS).mapToObj(layer -> (bits >> layer & 1) == 0 ? "deep" : "wide")
                .collect(Collectors.joining(","));
            Map<String, Long> latencies = new TreeMap<>();
            tables.forEach((device, table) -> latencies.put(device,
                new LatencyModel(table).predict(space.build(space.parse(architecture))).nanos()));
            predicted.put(architecture, latencies);
        }
        return predicted;
    }

    private static long deep(String architecture) {
        return Stream.of(architecture.split(",")).filter("deep"::equals).count();
    }

    /** Each device's limit alone leaves half of the space: only networks that are half deep keep both. */
    @Test
    void winnersKeepTheLimitsOfBothAsMeasuredAndTheReportSaysWhatOneForAllCosts() throws IOException {
        Experiment free = experiment("", "", "[accuracy, latency, max params]");
        Map<String, Map<String, Long>> predicted;
        try (ExperimentRun run = ExperimentRun.open(free, new RunFolder(folder.resolve("run")), devices, progress, "test")) {
            predicted = predicted(run.profile(), free.baseSpace().withClasses(4));
        }
        Map<String, Long> limits = new TreeMap<>();
        for (String device : List.of("ops", "weights")) {
            limits.put(device, predicted.entrySet().stream().filter(network -> deep(network.getKey()) == LAYERS / 2)
                .mapToLong(network -> network.getValue().get(device)).max().orElseThrow() * 51 / 50);
        }
        Set<String> keepBoth = predicted.entrySet().stream().filter(network -> limits.entrySet().stream()
            .allMatch(limit -> network.getValue().get(limit.getKey()) <= limit.getValue())).map(Map.Entry::getKey).collect(Collectors.toSet());
        assertThat(keepBoth).as("either limit binds").allMatch(network -> deep(network) == LAYERS / 2).hasSize(6);

        Experiment limited = experiment(", latency: {p50: " + limits.get("ops") + " ns}", ", latency: {p50: " + limits.get("weights") + " ns}",
            "[accuracy, latency, max params]");
        List<Winner> winners = run(limited, "run");
        assertThat(winners).hasSize(2).allSatisfy(winner -> {
            assertThat(keepBoth).contains(winner.architecture());
            assertThat(winner.checks()).extracting(Winner.Check::device).containsExactly("ops", "weights");
            assertThat(winner.checks()).extracting(Winner.Check::batch).containsExactly(1, 4);
            assertThat(winner.checks()).allSatisfy(check -> {
                assertThat(check.latency().asked()).contains(limits.get(check.device()));
                assertThat(check.latency().measured()).isBetween(1L, limits.get(check.device()));
            });
        });
        try (ExperimentRun run = ExperimentRun.open(limited, new RunFolder(folder.resolve("run")), devices, progress, "test")) {
            assertThat(run.searched().front().candidates()).extracting(candidate -> candidate.architecture().toString()).isSubsetOf(keepBoth);
        }
        assertThat(folder.resolve("run/lut/weights-onnxruntime-1-cpu-t1-b4.json")).content().contains("\"batch\": 4");
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).contains("for 4 images, ",
            "predicted latency on weights (ms), 4 images a call");
        JsonNode front = ReportFile.data(folder.resolve("run/report.html")).path("run").path("front");
        assertThat(front.path("shared")).as("what one network for all devices costs").isNotEmpty();
        assertThat(front.path("genes")).extracting(genes -> genes.path("device").asText()).containsExactly("", "ops", "weights");
        assertThat(folder.resolve("run/verification.json")).content().contains("\"p50NanosPerImage\"");
    }

    @Test
    void bothRankNetworksDifferentlyAndTheWorstOfThemCanBeTheObjective() throws IOException {
        Experiment experiment = experiment("", "", "[accuracy, latency, worst-latency, max params]");
        run(experiment, "run");
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), devices, progress, "test")) {
            List<Candidate> front = run.searched().front().candidates();
            assertThat(front).allSatisfy(candidate -> assertThat(candidate.measures().get(Measure.WORST_LATENCY)).isEqualTo(
                Math.max(candidate.measures().get(Measure.latency("ops")), candidate.measures().get(Measure.latency("weights")))));
            assertThat(fastest(front, "ops")).as("what is cheap in ops").matches(one -> deep(one) == 0);
            assertThat(fastest(front, "weights")).as("what is cheap in weights").matches(one -> deep(one) == LAYERS);
        }
    }

    private static String fastest(List<Candidate> front, String device) {
        return Collections.min(front, Objective.min(Measure.latency(device)).byLoss()).architecture().toString();
    }
}
