package dev.lutra.server.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.cost.NormalisedScore;
import dev.lutra.measure.Facts;
import dev.lutra.search.Constraint;
import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.search.algorithm.RandomSearch;
import dev.lutra.search.lutra.LutraSearch;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.evaluation.EarlyStopping;
import dev.lutra.supernet.proxy.Proxy;
import dev.lutra.supernet.split.Split;
import dev.lutra.supernet.training.Guidance;
import dev.lutra.supernet.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an experiment file may say of measures, algorithms and sampling, and how each mistake is named. */
class ExperimentFileTest {

    private static final String TARGETS = "targets: [{device: phone, latency: {p50: 3 ms}}, {device: tv}]\n";

    @TempDir
    private Path folder;

    private Experiment read(String more) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("experiment.yaml"), """
            name: measures
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x80"}
            """ + more));
    }

    private static List<String> constraints(Experiment experiment) {
        return experiment.constraints().stream().map(Constraint::toString).toList();
    }

    @Test
    void objectivesAreMeasuresWithTheirUsualDirectionOrAGivenOne() throws IOException {
        assertThat(read(TARGETS).objectives()).hasToString("[max accuracy, min latency:phone, min latency:tv]");
        assertThat(read("").objectives()).hasToString("[max accuracy, min macs]");
        assertThat(read(TARGETS + "objectives: [accuracy, macs, max params]\n").objectives())
            .hasToString("[max accuracy, min macs, max params]");
        assertThat(read(TARGETS + "objectives: [accuracy, {params: {direction: max}}, 'latency:tv', 'p99:phone']\n").objectives())
            .hasToString("[max accuracy, max params, min latency:tv, min p99:phone]");
        assertThat(read("objectives: [accuracy, balanced]\n").objectives()).hasToString("[max accuracy, max balanced]");
    }

    @Test
    void memoryIsOfDevicesInBytesAndOfWholeNetworks() throws IOException {
        assertThat(constraints(read(TARGETS + "constraints: {memory: 20 MB, 'memory:tv': 1.5 MiB}\n")))
            .contains("memory:phone ≤ 20 MB", "memory:tv ≤ 20 MB", "memory:tv ≤ 1.572864 MB");
        assertThat(read(TARGETS + "objectives: [accuracy, 'memory:tv']\n").objectives()).hasToString("[max accuracy, min memory:tv]");
        String at = folder.resolve("experiment.yaml").toString();
        for (String wrong : List.of("20", "20M", "0 MB", "-1 MB")) {
            assertThatThrownBy(() -> read(TARGETS + "constraints: {memory: " + wrong + "}\n")).isInstanceOf(InputException.class)
                .hasMessage(at + ":5: constraints.memory: " + wrong
                    + " (expected: more than 0 with its unit, such as 20 MB; units: B, kB, MB, GB, KiB, MiB, GiB)");
        }
        assertThatThrownBy(() -> read(TARGETS + "constraints: {memory: 20 MB}\nprofile: {calibrate: 0}\n")).isInstanceOf(InputException.class)
            .hasMessageEndingWith("profile.calibrate: 0, with memory among what is asked (expected: at least 2, memory being predicted from "
                + "whole networks)");
        assertThatThrownBy(() -> read("targets: [{device: phone, provider: cuda}]\nconstraints: {memory: 20 MB}\n"))
            .isInstanceOf(InputException.class).hasMessageContaining("phone: provider cuda, with memory:phone (expected: provider cpu; ");
    }

    @Test
    void energyIsOfDevicesInJoulesAndTakesItsTime() throws IOException {
        assertThat(constraints(read(TARGETS + "constraints: {energy: 5 mJ, 'energy:tv': 750 uJ}\n")))
            .contains("energy:phone ≤ 5 mJ", "energy:tv ≤ 5 mJ", "energy:tv ≤ 0.75 mJ");
        String at = folder.resolve("experiment.yaml").toString();
        for (String wrong : List.of("5", "0 mJ", "5 mW")) {
            assertThatThrownBy(() -> read(TARGETS + "constraints: {energy: " + wrong + "}\n")).isInstanceOf(InputException.class)
                .hasMessage(at + ":5: constraints.energy: " + wrong
                    + " (expected: more than 0 with its unit, such as 5 mJ; units: nJ, uJ, mJ, J)");
        }
        assertThatThrownBy(() -> read(TARGETS + "objectives: [accuracy, energy]\nprofile: {budget: 60 s}\n")).isInstanceOf(InputException.class)
            .hasMessageContaining("profile.budget: 60 s, with energy:phone (expected: no budget: ");
    }

    @Test
    void formsOfFilesHaveNamesOfTheirOwn() throws IOException {
        assertThat(read("export: {deploy: {camera: {batch: 1}, phone: {}}}\n").export().deployments()).containsOnlyKeys("camera", "phone");
        String at = folder.resolve("experiment.yaml").toString();
        for (String wrong : List.of("float16", "My-phone", "../x")) {
            assertThatThrownBy(() -> read("export: {deploy: {" + wrong + ": {}}}\n")).isInstanceOf(InputException.class)
                .hasMessageStartingWith(at + ":4: export.deploy." + wrong + ": '" + wrong + "' (expected: a name ");
        }
        assertThatThrownBy(() -> read("export: {deploy: {camera: {opset: 12}}}\n")).isInstanceOf(InputException.class)
            .hasMessageStartingWith(at + ":4: export.deploy.camera.opset: 12 (expected: ");
    }

    @Test
    void whereItTrains() throws IOException {
        assertThat(read("").device()).isEqualTo(Devices.Wanted.ANY);
        assertThat(read("device: cuda\ngpus: 4\n").device()).isEqualTo(new Devices.Wanted(Devices.Kind.CUDA, 4));
        assertThatThrownBy(() -> read("device: cpu\ngpus: 2\n")).isInstanceOf(InputException.class)
            .hasMessage(folder.resolve("experiment.yaml") + ":5: gpus: 2, with device: cpu (expected: device: cuda, or no such key)");
        assertThatThrownBy(() -> read("device: tpu\n")).hasMessage(folder.resolve("experiment.yaml")
            + ":4: device: tpu (expected: one of auto, cpu, cuda)");
    }

    @Test
    void aCluster() throws IOException {
        assertThat(read("").spark()).isEmpty();
        assertThat(read("compute: {spark: \"local[2]\"}\n").spark()).contains(Experiment.Spark.of("local[2]"));
        Experiment experiment = read("compute: {spark: {master: yarn, settings: {spark.executor.memory: 4g, spark.authenticate: true}}}\n");
        assertThat(experiment.spark()).contains(
            new Experiment.Spark("yarn", new TreeMap<>(Map.of("spark.executor.memory", "4g", "spark.authenticate", "true"))));
        assertThat(experiment.on("spark://host:7077").spark().orElseThrow()).as("another cluster by the same settings")
            .isEqualTo(new Experiment.Spark("spark://host:7077", experiment.spark().get().settings()));
        assertThatThrownBy(() -> read("compute: {spark: {master: yarn, settings: {memory: 4g}}}\n")).isInstanceOf(InputException.class)
            .hasMessage(folder.resolve("experiment.yaml")
                + ":4: compute.spark.settings.memory: memory (expected: a setting of Spark's, such as spark.executor.memory)");
        assertThatThrownBy(() -> read("compute: {ray: auto}\n")).isInstanceOf(InputException.class).hasMessageContaining("spark");
    }

    @Test
    void pathsOfAStepTeachEachOther() throws IOException {
        TrainingSettings settings = read("""
            supernet: {sampling: fair, distillation: {share: 0.5, temperature: 4}, rank-loss: 2}
            """).training();
        assertThat(settings.guidance())
            .isEqualTo(new Guidance(Optional.of(new Guidance.Distillation(0.5, 4)), Optional.of(Guidance.Ranks.byMacs(2))));
        assertThat(settings.values(SpaceFile.load("shufflenetv2-cifar")).shown()).containsEntry("supernet.distillation", "0.5")
            .containsEntry("supernet.distillation.temperature", "4").containsEntry("supernet.rank-loss", "2");
        assertThat(read("").training().guidance()).isEqualTo(Guidance.NONE);
        assertThat(read("").training().values(SpaceFile.load("shufflenetv2-cifar")).stored())
            .doesNotContainKeys("supernet.distillation", "supernet.rank-loss", "supernet.rank-distillation");
        TrainingSettings distilled = read("""
            supernet: {sampling: {apart: {proxy: params, draws: 4}}, rank-distillation: {proxy: synflow, margin: 0.1}}
            """).training();
        assertThat(distilled.guidance()).isEqualTo(new Guidance(Optional.empty(), Optional.of(new Guidance.Ranks(Proxy.SYNFLOW, 2, 0.1))));
        assertThat(distilled.values(SpaceFile.load("shufflenetv2-cifar")).stored()).containsEntry("supernet.rank-distillation", "synflow")
            .containsEntry("supernet.rank-distillation.weight", "2").containsEntry("supernet.rank-distillation.margin", "0.1")
            .containsEntry("supernet.sampling", "apart").containsEntry("supernet.sampling.proxy", "params")
            .containsEntry("supernet.sampling.draws", "4").doesNotContainKey("supernet.rank-loss");
        assertThatThrownBy(() -> read("supernet: {sampling: fair, rank-loss: 2, rank-distillation: {proxy: macs}}\n"))
            .hasMessageEndingWith(":4: supernet.rank-distillation: given with supernet.rank-loss (expected: one of them)");
        Map.of("{distillation: {share: 1}}", "supernet.distillation: with first-path, uniform",
            "{rank-distillation: {proxy: macs}}", "supernet.rank-distillation: with first-path, uniform",
            "{sampling: macs-uniform, rank-loss: 2}", "supernet.rank-loss: with first-path, macs-uniform")
            .forEach((supernet, found) -> assertThatThrownBy(() -> read("supernet: " + supernet + "\n"))
                .isInstanceOf(InputException.class).hasMessage(folder.resolve("experiment.yaml") + ":4: " + found
                    + " (expected: with a sampling that trains several paths a step, such as fair or sandwich)"));
        assertThatThrownBy(() -> read("retrain: {rank-loss: 2}\n")).hasMessageContaining(":4: retrain.rank-loss: unknown key");
    }

    @Test
    void aSplitIsShortForPhases() throws IOException {
        assertThat(read("supernet: {first-path: 0.2, sampling: fair, split: {by: layer2, after: 0.6}}\n").training().curriculum())
            .isEqualTo(read("""
                supernet:
                  phases:
                    - {share: 0.2, sampling: first-path, then: inherit}
                    - {share: 0.4, sampling: fair, then: {split: {by: [layer2]}}}
                    - {share: 0.4, sampling: fair}
                """).training().curriculum());
        assertThat(read("supernet: {first-path: 0, split: {by: [layer2, layer3.choice]}}\n").training().curriculum().phases()).hasSize(2)
            .first().satisfies(phase -> assertThat(phase.then()).containsExactly(new Split(List.of("layer2", "layer3.choice"))));
        Map.of("{split: {by: layer2, after: 0.2}}", ": after 0.2 of the epochs (expected: after the first path, which takes 0.25)",
            "{split: {after: 0.5}}", ": no 'by' (expected: a key of that name)",
            "{split: {by: layer2, of: 3}}", ".of: unknown key",
            "{phases: [{sampling: uniform}], split: {by: layer2}}", ": given with supernet.phases (expected: one of them)")
            .forEach((supernet, problem) -> assertThatThrownBy(() -> read("supernet: " + supernet + "\n")).isInstanceOf(InputException.class)
                .hasMessageContaining(":4: supernet.split" + problem));
    }

    @Test
    void aBoundIsAtMostUnlessItSaysOtherwise() throws IOException {
        assertThat(constraints(read("constraints: {params: 2M}\n"))).containsExactly("params ≤ 2M");
        assertThat(constraints(read(TARGETS + """
            constraints:
              params: {at-most: 2M, at-least: 500k}
              macs: 1.2G
              latency:tv: 5 ms
              p99: 9 ms
              normalised-score: 0.5
            """))).containsExactly("latency:tv ≤ 5 ms", "macs ≤ 1.2G", "normalised-score ≤ 0.5", "p99:phone ≤ 9 ms", "p99:tv ≤ 9 ms",
            "params ≤ 2M", "params ≥ 500k", "latency:phone ≤ 3 ms");
    }

    @Test
    void theLowestBoundIsTheLimit() throws IOException {
        Experiment experiment = read(TARGETS + "constraints: {latency:phone: 2 ms, params: {at-least: 1M}}\n");
        assertThat(experiment.limit("latency:phone")).hasValue(2e6);
        assertThat(experiment.limit("params")).isEmpty();
    }

    @Test
    void aMeasuresSettingsHoldWhereverItIsNamed() throws IOException {
        Experiment experiment = read("""
            measures: {balanced: {ratio: 0.5, reference: mobilenet-v3-large}}
            objectives: [accuracy, balanced, normalised-score]
            """);
        var network = experiment.baseSpace().build(experiment.baseSpace().random(new Random(1)));
        Facts facts = Facts.of(network).judged(0.7);
        assertThat(experiment.measures().get("balanced").of(facts))
            .isEqualTo(NormalisedScore.MOBILENET_V3_LARGE.balanced(0.7, 0.5, Cost.of(network)));
        assertThat(experiment.measures().get("normalised-score").of(facts)).isEqualTo(NormalisedScore.SPOS.mean(Cost.of(network)));
        assertThat(experiment.measures().get("score").of(facts)).isEqualTo(2 * NormalisedScore.SPOS.mean(Cost.of(network)));
    }

    @Test
    void aMeasuresSettingsStandWhereverItIsNamed() throws IOException {
        Experiment expected = read("""
            measures: {balanced: {ratio: 0.5}, score: {reference: mobilenet-v3-large}}
            objectives: [accuracy, min balanced, score]
            constraints: {score: 1.8}
            """);
        for (String same : List.of("""
            objectives: [accuracy, {balanced: {ratio: 0.5, direction: min}}, score]
            constraints: {score: {at-most: 1.8, reference: mobilenet-v3-large}}
            """, """
            measures: {score: {reference: mobilenet-v3-large}}
            objectives: [accuracy, {balanced: {direction: min, ratio: 0.5}}, {score: {reference: mobilenet-v3-large}}]
            constraints: {score: {at-most: 1.8}}
            """)) {
            Experiment experiment = read(same);
            assertThat(experiment.objectives()).isEqualTo(expected.objectives());
            assertThat(experiment.constraints()).extracting(Object::toString).containsExactly("score ≤ 1.8");
            assertThat(experiment.measures().get("balanced")).isEqualTo(expected.measures().get("balanced"));
            assertThat(experiment.measures().get("score")).isEqualTo(expected.measures().get("score"));
        }
    }

    @Test
    void anAlgorithmsSettingsStandWithItsNameOrBesideIt() throws IOException {
        assertThat(read("").search().algorithm()).isEqualTo(LutraSearch.Settings.DEFAULT);
        assertThat(read("search: {population: 8, generations: 6}\n").search().algorithm())
            .as("any algorithm has the budget of a genetic one").isEqualTo(LutraSearch.Settings.DEFAULT.withBudget(48));
        assertThat(read("search: {generations: 6, batch: 4}\n").search().algorithm())
            .isEqualTo(new LutraSearch.Settings(300, 4, 100_000));
        assertThat(read("search: {algorithm: nsga2, population: 8, generations: 6}\n").search().algorithm())
            .isEqualTo(Nsga2Search.Settings.DEFAULT.withSize(8, 6));
        assertThat(read("search: {algorithm: {nsga2: {population: 8}}, generations: 6}\n").search().algorithm())
            .isEqualTo(Nsga2Search.Settings.DEFAULT.withSize(8, 6));
        assertThat(read("search: {algorithm: {random: {budget: 30}}, seed: 7}\n").search())
            .isEqualTo(new Experiment.Search(new RandomSearch.Settings(30), 7, Optional.empty()));
        assertThat(read("search: {budget: 80, seed: 7}\n").search())
            .isEqualTo(new Experiment.Search(LutraSearch.Settings.DEFAULT.withBudget(80), 7, Optional.empty()));
        assertThat(read("supernet: {sampling: {uniform: {}}}\n").training()).isEqualTo(read("supernet: {sampling: uniform}\n").training());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "objectives: [accuracy, speed] | objectives[1]: speed (expected: one of accuracy, balanced, bitops, energy, latency, ",
        "objectives: [accuracy, latency] | objectives[1]: latency, without targets (expected: targets, or other measures than latency)",
        "objectives: [accuracy, 'macs:phone'] | objectives[1]: macs:phone (expected: macs)",
        "objectives: [accuracy, macs, max macs] | objectives[2]: macs: given twice",
        "objectives: [min accuracy, macs] | objectives: min accuracy (expected by lutra: one that grows with accuracy; nsga2 takes any)",
        "objectives: [macs, params] | objectives: [macs, params] (expected: accuracy and at least one more)",
        "objectives: [accuracy, {macs: {way: max}}] | objectives[1].macs.way: unknown key (expected: one of direction)",
        "objectives: [accuracy, {score: {reference: spos}}, {balanced: {ratio: 2}}, {normalised-score: {ratio: 1}}] | "
            + "objectives[3].normalised-score.ratio: unknown key (expected: one of direction, reference)",
        "constraints: {params: {}} | constraints.params: no bound (expected: a value, or {at-most: …, at-least: …})",
        "constraints: {params: {below: 2M}} | constraints.params.below: unknown key (expected: one of at-least, at-most)",
        "constraints: {params: 2 ms} | constraints.params: 2 ms (expected: a count such as 40M",
        "constraints: {accuracy: 0.9} | constraints.accuracy: a bound on accuracy (expected: on what is known before the accuracy)",
        "constraints: {speed: 3} | constraints.speed: speed (expected: one of accuracy, ",
        "measures: {balanced: {weight: 1}} | measures.balanced.weight: unknown key (expected: one of ratio, reference)",
        "evaluation: {recalibration: exact} | evaluation.recalibration: exact (expected: one of mean, weighted, moving, batch)",
        "evaluation: {early-stopping: 1} | evaluation.early-stopping: 1 (expected: a number from 0.8 to 0.999999)",
        "search: {algorithm: sgd} | search.algorithm: sgd (expected: one of ",
        "search: {algorithm: {random: {population: 3}}} | search.algorithm.random.population: unknown key (expected: one of budget)",
        "search: {genes: scale} | search.genes: given alone (expected: search.fixed and search.genes, or neither)",
        "search: {algorithm: random, population: 3} | search.population: unknown key (expected: one of algorithm, budget, fixed, genes, seed)",
        "search: {algorithm: nsga2, population: 3} | search.population: 3 (expected: a whole number of at least 4)",
        "search: {budget: 9, population: 3} | search.population: unknown key (expected: one of algorithm, batch, budget, candidates, fixed, genes, seed)",
        "search: {population: 100000, generations: 100000} | search: more architectures than can be counted (expected: population × ",
        "search: {algorithm: moga, population: 100000, generations: 100000} | search: more architectures than can be counted (expected: ",
        "supernet: {sampling: fare} | supernet.sampling: fare (expected: one of apart, block-wise, channel-warm-up, fair, first-path, ",
        "image-size: 2000000000 | image-size: 2000000000 (expected: a number of pixels, or height x width as 96x160, each from 8 to 16384)",
        "targets: [] | targets: no targets (expected: at least one device)"})
    void mistakesHaveFileLineAndKey(String line, String message) {
        assertThatThrownBy(() -> read(line + "\n")).isInstanceOf(InputException.class)
            .hasMessageStartingWith(folder.resolve("experiment.yaml") + ":4: " + message);
    }

    @Test
    void aMeasureHasOneSetOfSettings() {
        assertThatThrownBy(() -> read("""
            objectives: [accuracy, {score: {reference: spos}}]
            constraints: {score: {at-most: 1, reference: mobilenet-v3-large}}
            """)).isInstanceOf(InputException.class).hasMessageEndingWith(":5: constraints.score: other settings of score than elsewhere "
            + "in this file (expected: the same, or in one place)");
    }

    @Test
    void judgingStopsEarlyWhereItIsKnownWhatTheFrontIs() throws IOException {
        assertThat(read("evaluation: {early-stopping: 0.99}\n").evaluation().stopping()).hasValue(new EarlyStopping(0.99));
        assertThat(read("").evaluation().stopping()).isEmpty();
        Map.of("objectives: [accuracy, macs, balanced]\n", "given with objectives [max accuracy, min macs, max balanced] (expected: max "
            + "accuracy, and besides it what is known without it)",
            "rank: {train: 20, correct: 20}\n", "given with rank.correct, which foretells from whole accuracies (expected: one of them)",
            "accuracy: {table: f.csv}\n", "given without a search by a supernet's accuracies (expected: no such key)")
            .forEach((more, problem) -> assertThatThrownBy(() -> read("evaluation: {early-stopping: 0.99}\n" + more))
                .isInstanceOf(InputException.class)
                .hasMessage(folder.resolve("experiment.yaml") + ":4: evaluation.early-stopping: " + problem));
    }

    @Test
    void aMeasureOfADeviceNeedsThatDevice() {
        assertThatThrownBy(() -> read(TARGETS + "objectives: [accuracy, 'latency:watch']\n")).isInstanceOf(InputException.class)
            .hasMessageEndingWith(":5: objectives[1]: latency:watch (expected: a device of targets: [phone, tv])");
    }

    @Test
    void recipesAreReadForBothTrainings() throws IOException {
        Experiment experiment = read("""
            supernet: {optimizer: {rmsprop: {lr: 0.064, schedule: {exponential: {every: 2.4}}}}, ema: 0.9999, mixup: 0.2}
            retrain: {optimizer: adamw, augmentation: [lighting, {cutout: {size: 8}}], auxiliary: 0.4, batch-norm-epoch: true,
              distillation: {from: teacher.onnx}, space: large.yaml, weights: supernet}
            """);
        assertThat(experiment.training().descent().rate()).isEqualTo(0.064);
        assertThat(experiment.training().recipe().averaging()).isEqualTo(0.9999);
        assertThat(experiment.retraining().training().recipe().augmentations()).hasSize(2);
        assertThat(experiment.retraining().training().descent().rate()).isEqualTo(0.001);
        assertThat(experiment.retraining().distillation().orElseThrow().onnx()).hasValue(folder.resolve("teacher.onnx"));
        assertThat(experiment.retraining().space()).hasValue(folder.resolve("large.yaml").toString());
        assertThat(experiment.retraining().weights()).isEqualTo(new Experiment.FirstWeights.Supernet());
        assertThatThrownBy(() -> read("supernet: {auxiliary: 0.4}\n")).hasMessageContaining(":4: supernet.auxiliary: unknown key");
        assertThatThrownBy(() -> read("retrain: {distillation: {from: supernet, heat: 2}}\n")).hasMessageContaining("heat: unknown key");
    }
}
