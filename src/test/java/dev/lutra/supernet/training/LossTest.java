package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.cost.Cost;
import dev.lutra.data.Shown;
import dev.lutra.network.Network;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.proxy.Proxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses and their gradients against Python's PyTorch, in which they are written as their papers and released codes have them. */
class LossTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PYTHON = "/usr/bin/python3";
    private static final int CLASSES = 5;
    private static final double SMOOTHING = 0.1;
    private static final float TOLERANCE = 2e-6f;

    /** The released code's pairwise loss, and soft cross entropy; of several earlier paths the mean. */
    private static final String ORACLE = """
        import json, math, sys, torch
        import torch.nn.functional as F
        results = []
        for case in json.load(open(sys.argv[1])):
            logits = torch.tensor(case['logits'], requires_grad=True)
            labels = torch.tensor(case['labels'])
            earlier = [torch.tensor(each) for each in case['earlier']]
            cross = lambda answers: F.cross_entropy(answers, labels, label_smoothing=case['smoothing'])
            loss = own = cross(logits)
            share, heat = case['share'], case['temperature']
            if share and earlier:
                soft = -(F.softmax(earlier[0] / heat, 1) * F.log_softmax(logits / heat, 1)).sum(1).mean() * heat ** 2
                loss = share * soft + (1 - share) * own
            highest, margin = case['ranks']
            weight = highest * math.sin(0.8 * math.pi * case['progress'])
            for other, macs in zip(earlier, case['macs']):
                before = cross(other).detach()
                better = 1. if macs < case['own_macs'] else -1.
                pair = F.margin_ranking_loss(before, own, torch.tensor(better), margin=margin)
                loss = loss + (weight / len(earlier) * pair if macs != case['own_macs'] else 0)
            loss.backward()
            results.append({'loss': loss.item(), 'gradient': logits.grad.tolist()})
        print(json.dumps(results))
        """;

    /** Binary cross entropy by logits, smoothed as torchvision's softmax is: a share of the target is one half. */
    private static final String SEVERAL = """
        import json, sys, torch
        import torch.nn.functional as F
        results = []
        for case in json.load(open(sys.argv[1])):
            logits = torch.tensor(case['logits'], requires_grad=True)
            target = case['share'] * torch.tensor(case['own']) + (1 - case['share']) * torch.tensor(case['other'])
            loss = F.binary_cross_entropy_with_logits(logits, target * (1 - case['smoothing']) + case['smoothing'] / 2)
            if case['teacher']:
                heat, part = case['temperature'], case['part']
                taught = torch.sigmoid(torch.tensor(case['teacher']) / heat)
                soft = F.binary_cross_entropy_with_logits(logits / heat, taught) * heat ** 2
                loss = part * soft + (1 - part) * loss
            loss.backward()
            results.append({'loss': loss.item(), 'gradient': logits.grad.tolist()})
        print(json.dumps(results))
        """;

    @TempDir
    Path folder;

    private List<Network> paths;

    /** One path of a step. */
    private record Case(float[][] logits, int[] labels, List<float[][]> earlier, int path, List<Integer> earlierPaths, double share,
        double temperature, double weight, double margin, double progress) {

        Map<String, Object> shown(List<Network> paths) {
            List<Long> before = earlierPaths.stream().map(each -> macs(paths.get(each))).toList();
            return Map.of("logits", logits, "labels", labels, "earlier", earlier, "own_macs", macs(paths.get(path)), "macs", before,
                "share", share, "temperature", temperature, "ranks", List.of(weight, margin), "progress", progress, "smoothing", SMOOTHING);
        }

        private static long macs(Network network) {
            return Cost.of(network).macs();
        }
    }

    @Test
    void lossesAndGradientsAreThoseOfPyTorch() throws Exception {
        assumeTrue(hasTorch(), "no " + PYTHON + " with torch");
        SearchSpace space = TestNetworks.space(folder);
        paths = List.of("k3:0.5,k3:0.5,k3:0.5,k3:0.5", "k3:1.0,k3:1.0,k3:1.0,k3:1.0", "k5:1.0,k5:1.0,k5:1.0,k5:1.0").stream()
            .map(path -> space.build(space.parse(path))).toList();
        Random random = new Random(4);
        List<Case> cases = new ArrayList<>();
        for (double[] setting : new double[][]{{0, 1, 0, 0}, {1, 1, 0, 0}, {0.6, 4, 0, 0}, {0, 1, 2, 0}, {0.5, 2, 2, 0},
            {0, 1, 2, 0.7}, {0.5, 2, 3, 0.2}}) {
            for (int earlier = 0; earlier <= 2; earlier++) {
                for (int path = 0; path < 3; path++) {
                    List<float[][]> before = new ArrayList<>();
                    for (int i = 0; i < earlier; i++) {
                        before.add(logits(random));
                    }
                    cases.add(new Case(logits(random), random.ints(6, 0, CLASSES).toArray(), before, path,
                        List.of(1, 2).subList(0, earlier), setting[0], setting[1], setting[2], setting[3], random.nextDouble()));
                }
            }
        }
        JsonNode expected = oracle(ORACLE, cases.stream().map(each -> each.shown(paths)).toList());
        int ranked = 0;
        for (int i = 0; i < cases.size(); i++) {
            Case each = cases.get(i);
            compare(each, expected.get(i));
            ranked += each.weight() > 0 && expected.get(i).get("loss").asDouble() > 3 ? 1 : 0;
        }
        assertThat(ranked).as("cases in which a rank is wrong enough to tell").isGreaterThan(2);
    }

    private void compare(Case each, JsonNode expected) {
        Guidance guidance = new Guidance(Optional.of(each).filter(c -> c.share() > 0)
            .map(c -> new Guidance.Distillation(c.share(), c.temperature())),
            Optional.of(each).filter(c -> c.weight() > 0)
                .map(c -> new Guidance.Ranks(Proxy.MACS, c.weight(), c.margin())));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            NDArray logits = array(manager, each.logits());
            logits.setRequiresGradient(true);
            List<Loss.Earlier> earlier = new ArrayList<>();
            for (int i = 0; i < each.earlier().size(); i++) {
                earlier.add(new Loss.Earlier(paths.get(each.earlierPaths().get(i)), array(manager, each.earlier().get(i))));
            }
            Loss lowered = guidance.loss(SMOOTHING, 1);
            lowered.begin(paths);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray loss = lowered.of(
                    new Loss.Answers(paths.get(each.path()), logits, Labels.of(new Shown.One(each.labels())), logits, earlier, each.progress()));
                assertThat(loss.getFloat()).isCloseTo((float) expected.get("loss").asDouble(), within(10 * TOLERANCE));
                collector.backward(loss);
            }
            float[] gradient = logits.getGradient().toFloatArray();
            for (int i = 0; i < gradient.length; i++) {
                assertThat(gradient[i]).isCloseTo((float) expected.get("gradient").get(i / CLASSES).get(i % CLASSES).asDouble(),
                    within(TOLERANCE));
            }
        }
    }

    private static NDArray array(NDManager manager, float[][] rows) {
        float[] flat = new float[rows.length * CLASSES];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = rows[i / CLASSES][i % CLASSES];
        }
        return manager.create(flat, new Shape(rows.length, CLASSES)).duplicate();
    }

    private static float[][] logits(Random random) {
        float[][] logits = new float[6][CLASSES];
        for (float[] row : logits) {
            for (int i = 0; i < CLASSES; i++) {
                row[i] = (float) (2 * random.nextGaussian());
            }
        }
        return logits;
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 1", "0.7, 0, 1", "1, 0.4, 3"})
    void lossesOfSeveralClassesAreThoseOfPyTorch(double share, double part, double temperature) throws Exception {
        assumeTrue(hasTorch(), "no " + PYTHON + " with torch");
        Random random = new Random(5);
        float[][] logits = logits(random);
        logits[0] = new float[]{0, 0, 100, -100, 1e-3f};
        float[][] teacher = logits(random);
        Shown.Several shown = new Shown.Several(CLASSES, new int[][]{{0, 2, 3}, {}, {1}, {0, 1, 2, 3, 4}, {4}, {1, 3}});
        int[] partners = {3, 0, 1, 5, 2, 4};
        JsonNode expected = oracle(SEVERAL, List.of(Map.of("logits", logits, "own", targets(shown), "other", targets(shown.of(partners)),
            "share", share, "smoothing", SMOOTHING, "part", part, "temperature", temperature, "teacher", part > 0 ? teacher : List.of()))).get(0);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            NDArray outputs = array(manager, logits);
            outputs.setRequiresGradient(true);
            LabelLoss labels = new LabelLoss(SMOOTHING);
            Loss lowered = part > 0 ? new DistillationLoss(labels, part, temperature) : labels;
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray loss = lowered.of(new Loss.Answers(null, outputs, Labels.mixed(shown, share, partners), outputs,
                    part > 0 ? List.of(new Loss.Earlier(null, array(manager, teacher))) : List.of(), 0));
                assertThat(loss.getFloat()).isCloseTo((float) expected.get("loss").asDouble(), within(10 * TOLERANCE));
                collector.backward(loss);
            }
            float[] gradient = outputs.getGradient().toFloatArray();
            for (int i = 0; i < gradient.length; i++) {
                assertThat(gradient[i]).isCloseTo((float) expected.get("gradient").get(i / CLASSES).get(i % CLASSES).asDouble(), within(TOLERANCE));
            }
        }
    }

    private static float[][] targets(Shown.Several shown) {
        float[][] targets = new float[shown.size()][CLASSES];
        for (int image = 0; image < targets.length; image++) {
            for (int label : shown.labels()[image]) {
                targets[image][label] = 1;
            }
        }
        return targets;
    }

    private JsonNode oracle(String program, List<?> cases) throws IOException, InterruptedException {
        Path input = folder.resolve("cases.json");
        JSON.writeValue(input.toFile(), cases);
        Path script = Files.writeString(folder.resolve("oracle.py"), program);
        Process process = new ProcessBuilder(PYTHON, script.toString(), input.toString())
            .redirectError(folder.resolve("errors").toFile()).start();
        JsonNode results = JSON.readTree(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(folder.resolve("errors"))).isZero();
        return results;
    }

    private static boolean hasTorch() throws IOException, InterruptedException {
        return Files.isExecutable(Path.of(PYTHON))
            && new ProcessBuilder(PYTHON, "-c", "import importlib.util as u; exit(u.find_spec('torch') is None)").start().waitFor() == 0;
    }

    /** In each step the path with the most MACs teaches, wherever the sampling has put it. */
    @Test
    void theLargestPathOfAStepComesFirst() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        List<Network> step = List.of("k3:0.5,k3:0.5,k3:0.5,k3:0.5", "k5:1.0,k5:1.0,k5:1.0,k5:1.0", "k3:1.0,k3:1.0,k3:1.0,k3:1.0").stream()
            .map(path -> space.build(space.parse(path))).toList();
        Guidance distils = new Guidance(Optional.of(new Guidance.Distillation(1, 1)), Optional.empty());
        assertThat(distils.ordered(step)).containsExactly(step.get(1), step.get(0), step.get(2));
        assertThat(new Guidance(Optional.empty(), Optional.of(Guidance.Ranks.byMacs(2))).ordered(step)).containsExactlyElementsOf(step);
    }
}
